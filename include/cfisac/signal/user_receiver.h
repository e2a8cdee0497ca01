// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_SIGNAL_USER_RECEIVER_H
#define INCLUDED_CFISAC_SIGNAL_USER_RECEIVER_H

#include <cfisac/signal/layout.h>
#include <complex>
#include <cstdint>
#include <vector>

namespace cfisac::signal {

/*! Scores of a user's receiver, over one frame or several. The figures of no symbols are not a
 * number.
 */
struct UserScores {
    std::uint64_t symbols = 0;     //!< payload symbols, those after the training
    double error_energy = 0.0;     //!< Σ |z - s|² of these, z equalised, s sent
    double reference_energy = 0.0; //!< Σ |s|² of these
    double signal_power = 0.0; //!< Σ of |h^H w|² over subcarriers, estimated without bias
    double disturbance_power =
        0.0;                      //!< Σ of the power of interference and noise, likewise
    std::uint64_t bits = 0;       //!< of the payload symbols
    std::uint64_t bit_errors = 0; //!< after hard decisions

    //! Count what another one has counted.
    void add(const UserScores& other);
    //! Error vector magnitude: rms error over rms symbol, linear (1 is 100 %).
    double evm() const;
    double evm_db() const; //!< 20 log10 evm()
    //! Signal to interference and noise ratio of (4): power of the wanted signal over that of
    //! the rest, both added up over all subcarriers; dB.
    double sinr_db() const;
    //! Wrong bits over all bits.
    double bit_error_rate() const;
};

//! A frame as a user's receiver sees it.
struct UserFrame {
    at::Tensor symbols; //!< equalised, [S, T], complex64; zero where there is no channel
    std::vector<std::complex<float>> channel; //!< h^H w from the training, [S], sqrt(W)
    std::vector<double> sinr; //!< of (4) on each subcarrier, [S], linear, not below zero
    UserScores scores;        //!< of this frame
};

/*! Receiver of one user: channel estimate, equaliser, decisions and scores.
 *
 * The first symbols of a frame are training: the receiver knows them, and on each subcarrier
 * the channel with the precoder in it, c = h^H w, is Σ y s* / Σ |s|² over them. It is not
 * smoothed over subcarriers, as the precoder need not be smooth. The other symbols are divided
 * by it and decided to the nearest point of the constellation. An estimate from n symbols
 * raises the squared error by the factor 1 + 1/n.
 *
 * The ratio of (4) comes from all symbols of the frame, with what was sent: the variance of y
 * about c s, free of bias, is interference and noise.
 *
 * A residual frequency offset turns all subcarriers alike. With `track_phase` its rate comes from
 * the training and is followed by decisions: a loop of second order over the symbols, on the
 * phase that all subcarriers agree on. Without it, an offset f leaves an error of the order of
 * 2π f times the time since the training.
 */
class UserReceiver
{
public:
    /*!
     * \param layout waveform and users
     * \param user k, from 0
     * \param training_symbols 1 … T - 1
     * \param track_phase whether residual frequency offsets are followed
     * \param silent subcarrier that is not sent, -1 for none: it does not count
     * \throws std::invalid_argument naming what is out of range
     */
    UserReceiver(const Layout& layout,
                 std::int64_t user,
                 std::int64_t training_symbols,
                 bool track_phase = false,
                 std::int64_t silent = -1);

    /*!
     * \param received y of (4), [S, T], complex
     * \param sent s of this user, [S, T], complex, points of the constellation
     * \throws std::invalid_argument on another shape
     */
    UserFrame operator()(const at::Tensor& received, const at::Tensor& sent) const;

private:
    using Complex = std::complex<double>;

    // Point of the constellation nearest to a symbol, as its bits.
    std::size_t decide(Complex symbol) const;
    // Phase of every symbol of the frame, [T], and the channel, [S]; `sent` counts for the
    // training only.
    std::vector<double> phases(const std::vector<Complex>& received,
                               const std::vector<Complex>& sent,
                               std::vector<Complex>& channel) const;
    void count(const std::vector<Complex>& turned,
               const std::vector<Complex>& sent,
               const std::vector<Complex>& equalised,
               UserFrame& frame) const;

    std::int64_t d_subcarriers, d_symbols;
    std::int64_t d_training;
    bool d_track_phase;
    std::int64_t d_silent;
    std::vector<Complex> d_points;
    std::uint64_t d_bits; // of a symbol
};

} // namespace cfisac::signal

#endif
