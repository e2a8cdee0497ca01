// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_SIGNAL_DIRECT_PATH_H
#define INCLUDED_CFISAC_SIGNAL_DIRECT_PATH_H

#include <cfisac/signal/layout.h>
#include <vector>

namespace cfisac::signal {

//! Clock of a transmit access point against that of a receive access point: offsets of (30)
//! that are constant over the frame.
struct ClockOffset {
    double timing_s = 0.0;     //!< τ_o
    double frequency_hz = 0.0; //!< f_o
};

//! What the direct path of one transmit access point tells.
struct DirectPath {
    bool seen = false;  //!< whether it was strong enough to measure
    ClockOffset offset; //!< measured, or what it was thought to be where not seen
    ClockOffset
        deviation; //!< standard deviations of the offsets (Cramér-Rao), where seen
    //! Amplitude and phase against what path loss and arrays give, where seen
    c10::complex<double> gain = 0.0;
    double snr_db = 0.0; //!< energy of the path in the frame over noise density
};

/*! Measures the clocks on the direct paths of a frame.
 *
 * The direct path of access point n to m is sqrt(PL(d)) g_n a_r(θ) a_t^H(θ) x_n[i, t]
 * exp(-j2π i Δf (d/c + τ_o)) exp(j2π f_o t), d being the distance of the two. All
 * offsets and gains follow at once by maximum likelihood (Gauss-Newton); everything else
 * counts as noise. The signals of the access points are alike, since they are precoded
 * together: from an unknown start, one path may be taken for that of another.
 *
 * What a clock does to time within the frame, f_o/f_c of its length, is not part of the
 * model: at 1 ppm and 5 ms, 5 ns from its first to its last symbol.
 *
 * \param echo Y_m [M_r, S, T], complex
 * \param transmit X [N, N_t, S, T], complex
 * \param receiver m
 * \param expected [N] what the offsets are thought to be
 * \param search_s timing offsets up to so far from the expected, and frequency offsets of any
 * size, are looked at first; 0 where the expected are right to within half a resolution
 * (1/(2 N_s Δf), 1/(2 T_s ΔT)). A path is seen from `detection_snr_db` on
 * \return [N]
 * \throws std::invalid_argument on wrong shapes, or another number of offsets
 */
std::vector<DirectPath> measure_direct_paths(const Layout& layout,
                                             const at::Tensor& echo,
                                             const at::Tensor& transmit,
                                             std::int64_t receiver,
                                             const std::vector<ClockOffset>& expected,
                                             double search_s);

//! A direct path is taken for noise below this energy in the frame over noise density, dB:
//! among the S T points of the transform, noise reaches it in one frame of 1e4.
double detection_snr_db(const Layout& layout);

//! What the direct paths bring to the echo, [M_r, S, T], of the type of `transmit`.
at::Tensor direct_echo(const Layout& layout,
                       const at::Tensor& transmit,
                       std::int64_t receiver,
                       const std::vector<DirectPath>& paths);

/*! Transmit frames as the receiver's clock sees them: x_n[i, t] exp(j2π (f_o t - i Δf τ_o)),
 * so that (6) with them is the echo with the offsets (30).
 * \param transmit X [N, N_t, S, T], \param offsets [N]
 */
at::Tensor with_offsets(const Layout& layout,
                        const at::Tensor& transmit,
                        const std::vector<ClockOffset>& offsets);

} // namespace cfisac::signal

#endif
