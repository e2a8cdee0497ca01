/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_OFDM_SYMBOLS_H
#define INCLUDED_ISAC_OFDM_SYMBOLS_H

#include <cfisac/scenario/frame_timing.h>
#include <gnuradio/fft/fft.h>
#include <gnuradio/gr_complex.h>
#include <vector>

namespace gr {
namespace isac {

/*! \file
 * Between the resource elements of a frame [antenna, subcarrier, symbol] and the samples of
 * its OFDM symbols, see cfisac/scenario/frame_timing.h. Several symbols that follow each
 * other in the frame are worked on at once, since they share cache lines there.
 */

//! Which elements of the full grid a frame holds, and where they lie in a transform.
struct carrier_map {
    explicit carrier_map(const cfisac::Scenario& scenario);

    int subcarriers;       //!< S
    int symbols;           //!< T
    int symbol_step;       //!< of the full grid, from one sensed symbol to the next
    std::vector<int> bins; //!< [S] bin of each subcarrier
    int centre;            //!< subcarrier of the frame that stays empty, or -1
};

//! Symbols that are worked on at once.
constexpr int symbols_at_once = 8;

//! Samples of the symbols of one frame.
class symbol_writer
{
public:
    symbol_writer(const cfisac::Scenario& scenario, int antennas);

    /*! Make the samples of a sensed symbol, unless they are there, and with them those of
     * what is sensed next.
     * \param frame [antenna, subcarrier, symbol] of which the symbols are asked for in
     * ascending order, \param sensed symbol of the frame, \param scale factor of the
     * samples
     * \return whether they were made
     */
    bool make(const gr_complex* frame, int sensed, float scale);
    //! The next frame begins.
    void restart() { d_first = -1; }

    //! Sensed symbol that the samples start with, or -1.
    int first() const { return d_first; }
    //! How many symbols there are samples of.
    int count() const { return d_count; }
    //! Samples of the symbols one after the other, prefix and all: [antenna], the first
    //! count() · symbol_samples of each.
    const std::vector<std::vector<gr_complex>>& samples() const { return d_samples; }

private:
    void transform(const gr_complex* spectrum, gr_complex* samples, float scale);

    const cfisac::FrameTiming d_timing;
    const carrier_map d_map;
    const int d_antennas;
    gr::fft::fft_complex_rev d_transform;
    std::vector<gr_complex> d_spectra; //!< [symbol at once, fft_size] of one antenna
    std::vector<std::vector<gr_complex>> d_samples;
    int d_first = -1;
    int d_count = 0;
};

//! Resource elements of the symbols of one frame.
class symbol_reader
{
public:
    /*!
     * \param window_advance samples from the start of the transform's window to the end of
     * the prefix
     */
    symbol_reader(const cfisac::Scenario& scenario, int antennas, int window_advance);

    //! What every element is multiplied with, besides the shift of the window: [antenna]
    void set_factors(const std::vector<gr_complexd>& factors);

    /*! Take symbol t of the full grid; symbols come in ascending order, from 0 for every
     * frame.
     * \param samples [antenna] symbol_samples each
     */
    void take(int t, const std::vector<const gr_complex*>& samples);
    //! The frame [antenna, subcarrier, symbol] once its last symbol was taken.
    const std::vector<gr_complex>& frame() const { return d_frame; }

private:
    void scatter(int antenna, int last);

    const cfisac::FrameTiming d_timing;
    const carrier_map d_map;
    const int d_antennas;
    const int d_window; //!< first sample of the transform in a symbol
    gr::fft::fft_complex_fwd d_transform;
    std::vector<std::vector<gr_complex>> d_factors; //!< [antenna, S]
    std::vector<gr_complex> d_spectra;              //!< [antenna, symbol at once, S]
    std::vector<gr_complex> d_frame;                //!< [antenna, S, T]
};

} // namespace isac
} // namespace gr

#endif
