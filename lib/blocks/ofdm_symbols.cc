/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "ofdm_symbols.h"

#include <algorithm>
#include <cmath>
#include <volk/volk.h>

namespace gr {
namespace isac {

carrier_map::carrier_map(const cfisac::Scenario& scenario)
    : subcarriers(scenario.waveform.sensed_subcarriers()),
      symbols(scenario.waveform.sensed_symbols()),
      symbol_step(scenario.waveform.symbol_step),
      centre(-1)
{
    const cfisac::FrameTiming timing(scenario);
    const int step = scenario.waveform.subcarrier_step;
    for (int i = 0; i < subcarriers; i++) {
        bins.push_back(timing.bin(i * step));
        if (bins.back() == 0 && scenario.radio->null_dc) {
            centre = i;
        }
    }
}

symbol_writer::symbol_writer(const cfisac::Scenario& scenario, int antennas)
    : d_timing(scenario),
      d_map(scenario),
      d_antennas(antennas),
      d_transform(d_timing.fft_size),
      d_spectra(std::size_t{symbols_at_once} * d_timing.fft_size),
      d_samples(antennas,
                std::vector<gr_complex>(std::size_t{symbols_at_once} *
                                        d_timing.symbol_samples()))
{
}

bool symbol_writer::make(const gr_complex* frame, int sensed, float scale)
{
    const int first = sensed - sensed % symbols_at_once;
    if (first == d_first) {
        return false;
    }
    d_first = first;
    d_count = std::min(symbols_at_once, d_map.symbols - first);
    const int size = d_timing.fft_size;
    for (int a = 0; a < d_antennas; a++) {
        // Bins without a subcarrier, and the empty centre, are zero from the start.
        const gr_complex* element =
            frame + std::size_t{1} * a * d_map.subcarriers * d_map.symbols + first;
        for (int i = 0; i < d_map.subcarriers; i++, element += d_map.symbols) {
            gr_complex* bin = &d_spectra[d_map.bins[i]];
            for (int t = 0; i != d_map.centre && t < d_count; t++, bin += size) {
                *bin = element[t];
            }
        }
        for (int t = 0; t < d_count; t++) {
            transform(&d_spectra[std::size_t{1} * t * size],
                      &d_samples[a][std::size_t{1} * t * d_timing.symbol_samples()],
                      scale);
        }
    }
    return true;
}

void symbol_writer::transform(const gr_complex* spectrum,
                              gr_complex* samples,
                              float scale)
{
    const int size = d_timing.fft_size;
    std::copy_n(spectrum, size, d_transform.get_inbuf());
    d_transform.execute();
    volk_32f_s32f_multiply_32f(reinterpret_cast<float*>(samples + d_timing.prefix),
                               reinterpret_cast<const float*>(d_transform.get_outbuf()),
                               scale,
                               static_cast<unsigned>(2 * size));
    std::copy_n(samples + size, d_timing.prefix, samples);
}

symbol_reader::symbol_reader(const cfisac::Scenario& scenario,
                             int antennas,
                             int window_advance)
    : d_timing(scenario),
      d_map(scenario),
      d_antennas(antennas),
      d_window(d_timing.prefix - window_advance),
      d_transform(d_timing.fft_size),
      d_factors(antennas, std::vector<gr_complex>(d_map.subcarriers)),
      d_spectra(std::size_t{1} * antennas * symbols_at_once * d_map.subcarriers),
      d_frame(std::size_t{1} * antennas * d_map.subcarriers * d_map.symbols)
{
    set_factors(std::vector<gr_complexd>(antennas, 1.0));
}

void symbol_reader::set_factors(const std::vector<gr_complexd>& factors)
{
    const int advance = d_timing.prefix - d_window;
    for (int a = 0; a < d_antennas; a++) {
        for (int i = 0; i < d_map.subcarriers; i++) {
            // Bins stand for frequencies up to a multiple of the sample rate, of which a
            // shift by whole samples makes nothing.
            const double turns = static_cast<double>(std::int64_t{d_map.bins[i]} *
                                                     advance % d_timing.fft_size) /
                                 d_timing.fft_size;
            d_factors[a][i] =
                gr_complex(factors[a] * std::polar(1.0, 2.0 * M_PI * turns) /
                           static_cast<double>(d_timing.fft_size));
        }
        if (d_map.centre >= 0) {
            d_factors[a][d_map.centre] = 0.0f;
        }
    }
}

void symbol_reader::take(int t, const std::vector<const gr_complex*>& samples)
{
    if (t % d_map.symbol_step != 0) {
        return;
    }
    const int sensed = t / d_map.symbol_step;
    const int slot = sensed % symbols_at_once;
    const int subcarriers = d_map.subcarriers;
    const bool scatter_now = slot == symbols_at_once - 1 || sensed == d_map.symbols - 1;
    for (int a = 0; a < d_antennas; a++) {
        std::copy_n(samples[a] + d_window, d_timing.fft_size, d_transform.get_inbuf());
        d_transform.execute();
        const gr_complex* const out = d_transform.get_outbuf();
        gr_complex* const spectrum =
            &d_spectra[(std::size_t{1} * a * symbols_at_once + slot) * subcarriers];
        for (int i = 0; i < subcarriers; i++) {
            spectrum[i] = out[d_map.bins[i]];
        }
        volk_32fc_x2_multiply_32fc(spectrum, spectrum, d_factors[a].data(), subcarriers);
        if (scatter_now) {
            scatter(a, sensed);
        }
    }
}

void symbol_reader::scatter(int antenna, int last)
{
    const int subcarriers = d_map.subcarriers;
    const int first = last - last % symbols_at_once;
    const gr_complex* const spectra =
        &d_spectra[std::size_t{1} * antenna * symbols_at_once * subcarriers];
    gr_complex* element =
        &d_frame[std::size_t{1} * antenna * subcarriers * d_map.symbols + first];
    for (int i = 0; i < subcarriers; i++, element += d_map.symbols) {
        for (int t = 0; t <= last - first; t++) {
            element[t] = spectra[t * subcarriers + i];
        }
    }
}

} // namespace isac
} // namespace gr
