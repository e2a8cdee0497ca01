// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_SIGNAL_CALIBRATION_H
#define INCLUDED_CFISAC_SIGNAL_CALIBRATION_H

#include <cfisac/signal/direct_path.h>
#include <cfisac/signal/layout.h>
#include <complex>
#include <cstddef>
#include <stdexcept>
#include <vector>

namespace cfisac::signal {

//! The signal is too weak for a calibration; the text names the channel and how weak it is.
class CalibrationError : public std::runtime_error
{
public:
    using std::runtime_error::runtime_error;
};

/*! Gains and phases of an array's channels and how sure they are.
 *
 * Gains have the mean 0 dB and the phase of channel 0 is 0: what all channels have in common
 * is not known. Phases are between -180 and 180 degrees.
 */
struct CalibrationEstimate {
    Calibration calibration;                 //!< to be put into the scenario
    std::vector<double> gain_deviation_db;   //!< [M_r] standard deviation
    std::vector<double> phase_deviation_deg; //!< [M_r] likewise; 0 for channel 0
    double snr_db; //!< of the weakest channel, over all that it was measured on
};

//! Response of a channel, 1 where the array was not calibrated. \param channel below M_r
std::complex<double> channel_response(const Calibration& calibration,
                                      std::size_t channel);

//! Below this `CalibrationEstimate::snr_db`, phases are known to some 6 degrees only, and
//! estimate_calibration() refuses.
constexpr double least_calibration_snr_db = 17.0;
//! Below this signal to noise ratio in a resource element, the noise of a loop-back would
//! bias the gains, and from_loop_back() refuses.
constexpr double least_loop_back_snr_db = 10.0;

/*! Calibrate an array on the direct path of a transmit access point.
 *
 * Antenna a receives c_a [a_r(θ_n)]_a s_n[i, t] with s_n = a_t^H(θ_n) x_n[i, t]
 * exp(-j2π i Δf d_n/c), d_n and θ_n being distance and directions of the two access points.
 * The factors follow by least squares of each antenna on s_1 … s_N together, since access
 * points send the same users' symbols; over several frames, each with a phase of its own,
 * c is the eigenvector of the factors' covariance with the largest eigenvalue. All that is
 * no direct path counts as white noise: reflections from within a resolution cell of it
 * pass for a part of the channels.
 *
 * Clocks: offsets that are the same for all channels make the signal weaker by what they
 * turn within a frame, and nothing else. Large ones belong into `transmit`.
 *
 * \param echo Y_m [M_r, S, T] or [B, M_r, S, T], complex, not calibrated (else what the
 * calibration has left is found). Subcarriers on which no antenna has anything, as the one
 * at the radio's centre, are left out.
 * \param transmit X [N, N_t, S, T] or [B, N, N_t, S, T], complex; an access point that is
 * silent has zeros
 * \param receiver m, \param transmitter n: whose path it is
 * \throws std::invalid_argument on wrong shapes, numbers that are not finite, access points
 * that do not exist
 * \throws CalibrationError when a channel is below `least_calibration_snr_db`, or the signals
 * of the access points cannot be told apart
 */
CalibrationEstimate estimate_calibration(const Layout& layout,
                                         const at::Tensor& echo,
                                         const at::Tensor& transmit,
                                         std::int64_t receiver,
                                         std::int64_t transmitter);

/*! The same for clocks that are not known exactly. What is left of their offsets makes the
 * signals of the access points leak into one another, and they are measured best on a
 * calibrated array: calibration and offsets follow from one another in turns, until the
 * calibration moves by less than a twentieth of its standard deviation.
 *
 * \param echo,transmit as above, the clocks not in them
 * \param offsets [B][N] of frame_sync, say, to within half a resolution (see
 * measure_direct_paths())
 * \throws std::invalid_argument also on another number of offsets
 * \throws CalibrationError also when it does not settle
 */
CalibrationEstimate estimate_calibration(const Layout& layout,
                                         const at::Tensor& echo,
                                         const at::Tensor& transmit,
                                         std::int64_t receiver,
                                         std::int64_t transmitter,
                                         std::vector<std::vector<ClockOffset>> offsets);

/*! Calibrate an array whose channels all got one and the same signal, through a splitter
 * and cables of the same length. The signal need not be known: the channels are the
 * eigenvector of their covariance with the largest eigenvalue. Noise has the same power in
 * all of them.
 *
 * \param received [M_r, S, T] or [B, M_r, S, T], complex, of at least two channels
 * \throws std::invalid_argument on a wrong shape or numbers that are not finite
 * \throws CalibrationError when a channel is below `least_loop_back_snr_db`
 */
CalibrationEstimate from_loop_back(const at::Tensor& received);

} // namespace cfisac::signal

#endif
