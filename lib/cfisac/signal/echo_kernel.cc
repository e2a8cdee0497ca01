// SPDX-License-Identifier: GPL-3.0-or-later
#include "echo_kernel.h"
#include "random_kernel.h"
#include <algorithm>
#include <volk/volk.h>

namespace cfisac::signal::host {

namespace {

using Samples = Row<float>;

// sum += factor x
CFISAC_MULTIVERSION
void add_multiple(Samples sum, Samples x, Phasor factor, std::int64_t count)
{
    float* sum_re = sum.re;
    float* sum_im = sum.im;
#pragma omp simd
    for (std::int64_t k = 0; k < count; k++) {
        sum_re[k] += factor.re * x.re[k] - factor.im * x.im[k];
        sum_im[k] += factor.re * x.im[k] + factor.im * x.re[k];
    }
}

// sum += scale x y
CFISAC_MULTIVERSION
void add_product(Samples sum,
                 Samples x,
                 const float* y_re,
                 const float* y_im,
                 Phasor scale,
                 std::int64_t count)
{
    float* sum_re = sum.re;
    float* sum_im = sum.im;
#pragma omp simd
    for (std::int64_t k = 0; k < count; k++) {
        const float re = scale.re * y_re[k] - scale.im * y_im[k];
        const float im = scale.re * y_im[k] + scale.im * y_re[k];
        sum_re[k] += re * x.re[k] - im * x.im[k];
        sum_im[k] += re * x.im[k] + im * x.re[k];
    }
}

// x y in place of x
CFISAC_MULTIVERSION
void multiply(Samples x, Samples y, std::int64_t count)
{
    float* x_re = x.re;
    float* x_im = x.im;
#pragma omp simd
    for (std::int64_t k = 0; k < count; k++) {
        const float re = x_re[k] * y.re[k] - x_im[k] * y.im[k];
        x_im[k] = x_re[k] * y.im[k] + x_im[k] * y.re[k];
        x_re[k] = re;
    }
}

// Samples in turns += a row.
CFISAC_MULTIVERSION
void add_row(float* __restrict samples, Samples x, std::int64_t count)
{
#pragma omp simd
    for (std::int64_t k = 0; k < count; k++) {
        samples[2 * k] += x.re[k];
        samples[2 * k + 1] += x.im[k];
    }
}

// Phasors of the offsets of some symbols at one subcarrier, exp(j2π(f_o t - τ_o f)).
CFISAC_MULTIVERSION
void offset_phasors(Samples out,
                    const double* timing_s,
                    const double* frequency_hz,
                    double subcarrier_hz,
                    double first_s,
                    double step_s,
                    std::int64_t count)
{
    float* out_re = out.re;
    float* out_im = out.im;
#pragma omp simd
    for (std::int64_t k = 0; k < count; k++) {
        const double time = first_s + static_cast<double>(k) * step_s;
        const auto value =
            turn_phasor(frequency_hz[k] * time - timing_s[k] * subcarrier_hz);
        out_re[k] = value.re;
        out_im[k] = value.im;
    }
}

/* A part is a range of resource elements of one frame, for all antennas. Its rows stay in
 * the second level of cache, with as many reflectors at a time as fit.
 */
constexpr std::int64_t part_elements = 1024;
constexpr std::int64_t least_elements = 64;
constexpr std::int64_t floats_of_line = 16; // of the cache
constexpr std::int64_t reflectors_at_a_time = 16;
constexpr std::int64_t cached_samples = 1 << 15;

std::int64_t elements_of_part(const FrameSizes& sizes)
{
    const auto rows =
        std::max<std::int64_t>(1, std::min(sizes.reflectors, reflectors_at_a_time)) *
        (sizes.transmitters + 1);
    const auto fitting = cached_samples / rows / least_elements * least_elements;
    return std::clamp(fitting, least_elements, part_elements);
}

class Part
{
public:
    Part(const EchoInputs& inputs, std::int64_t part, std::complex<float>* received);
    void make();

private:
    Samples row(std::int64_t index);
    void clear(Samples row) const { std::fill_n(row.re, 2 * d_stride, 0.0f); }
    Samples illumination(std::int64_t transmitter, std::int64_t reflector)
    {
        return row(scratch_rows + transmitter * reflectors_at_a_time + reflector);
    }
    Samples path_sum(std::int64_t reflector)
    {
        return illumination(d_sizes.transmitters, reflector);
    }
    void illuminate();
    void add_paths(std::int64_t receiver);
    void fill_offsets(Samples out, std::int64_t pair);
    void receive(std::int64_t receiver);
    template <typename Use>
    void for_pieces(Use use) const
    {
        for_each_piece(d_first, d_count, d_sizes.symbols, use);
    }

    static constexpr std::int64_t scratch_rows = 2;

    const EchoInputs& d_inputs;
    const FrameSizes& d_sizes;
    std::complex<float>* d_received;
    std::int64_t d_frame;
    std::int64_t d_first; // resource element
    std::int64_t d_count;
    std::int64_t d_stride;         // between rows of the storage
    std::int64_t d_reflector = 0;  // first of those at work
    std::int64_t d_reflectors = 0; // at work
};

Part::Part(const EchoInputs& inputs, std::int64_t part, std::complex<float>* received)
    : d_inputs(inputs), d_sizes(inputs.sizes), d_received(received)
{
    const auto most = elements_of_part(d_sizes);
    const auto parts = (d_sizes.elements() + most - 1) / most;
    d_frame = part / parts;
    d_first = part % parts * most;
    d_count = std::min(most, d_sizes.elements() - d_first);
    d_stride = (d_count + floats_of_line - 1) / floats_of_line * floats_of_line;
}

Samples Part::row(std::int64_t index)
{
    // One for each thread, so that the steady state allocates nothing.
    static thread_local std::vector<float> storage;
    const auto rows = scratch_rows + (d_sizes.transmitters + 1) * reflectors_at_a_time;
    const auto needed = static_cast<std::size_t>(2 * rows * d_stride + floats_of_line);
    if (storage.size() < needed) {
        storage.resize(needed);
    }
    const auto address = reinterpret_cast<std::uintptr_t>(storage.data());
    const auto line = floats_of_line * sizeof(float);
    float* begin = storage.data() + (line - address % line) / sizeof(float);
    begin += 2 * index * d_stride;
    return {begin, begin + d_stride};
}

// a_t^H x for the reflectors at work.
void Part::illuminate()
{
    const auto antennas = d_sizes.transmit_antennas;
    const Samples x = row(0);
    for (std::int64_t n = 0; n < d_sizes.transmitters; n++) {
        for (std::int64_t q = 0; q < d_reflectors; q++) {
            clear(illumination(n, q));
        }
        const auto point = d_frame * d_sizes.transmitters + n;
        for (std::int64_t a = 0; a < antennas; a++) {
            const auto* samples =
                d_inputs.transmit + (point * antennas + a) * d_sizes.elements() + d_first;
            volk_32fc_deinterleave_32f_x2(
                x.re, x.im, samples, static_cast<unsigned>(d_count));
            for (std::int64_t q = 0; q < d_reflectors; q++) {
                const auto k =
                    (point * d_sizes.reflectors + d_reflector + q) * antennas + a;
                const Phasor factor{d_inputs.departing.re[k], d_inputs.departing.im[k]};
                add_multiple(illumination(n, q), x, factor, d_count);
            }
        }
    }
}

void Part::fill_offsets(Samples out, std::int64_t pair)
{
    for_pieces([&](std::int64_t subcarrier,
                   std::int64_t symbol,
                   std::int64_t place,
                   std::int64_t count) {
        const auto k = pair * d_sizes.symbols + symbol;
        offset_phasors(out.from(place),
                       d_inputs.timing_s + k,
                       d_inputs.frequency_hz + k,
                       static_cast<double>(subcarrier) * d_inputs.grid.subcarrier_step_hz,
                       d_inputs.grid.first_symbol_s +
                           static_cast<double>(symbol) * d_inputs.grid.symbol_step_s,
                       d_inputs.grid.symbol_step_s,
                       count);
    });
}

// What reaches a receiver from the reflectors at work, summed over transmitters.
void Part::add_paths(std::int64_t receiver)
{
    for (std::int64_t q = 0; q < d_reflectors; q++) {
        clear(path_sum(q));
    }
    const Samples with_offsets = row(0);
    const Samples offsets = row(1);
    for (std::int64_t n = 0; n < d_sizes.transmitters; n++) {
        const auto pair =
            (d_frame * d_sizes.transmitters + n) * d_sizes.receivers + receiver;
        if (d_inputs.timing_s) {
            fill_offsets(offsets, pair);
        }
        for (std::int64_t q = 0; q < d_reflectors; q++) {
            Samples source = illumination(n, q);
            if (d_inputs.timing_s) {
                std::copy_n(source.re, 2 * d_stride, with_offsets.re);
                multiply(with_offsets, offsets, d_count);
                source = with_offsets;
            }
            const Samples sum = path_sum(q);
            const auto path = pair * d_sizes.reflectors + d_reflector + q;
            const auto& over_subcarriers = d_inputs.over_subcarriers;
            const auto& over_symbols = d_inputs.over_symbols;
            for_pieces([&](std::int64_t subcarrier,
                           std::int64_t symbol,
                           std::int64_t place,
                           std::int64_t count) {
                const auto i = path * d_sizes.subcarriers + subcarrier;
                const auto t = path * d_sizes.symbols + symbol;
                add_product(sum.from(place),
                            source.from(place),
                            over_symbols.re.data() + t,
                            over_symbols.im.data() + t,
                            {over_subcarriers.re[i], over_subcarriers.im[i]},
                            count);
            });
        }
    }
}

// The receiver's antennas: noise and the first reflectors are written, others added.
void Part::receive(std::int64_t receiver)
{
    const bool first = d_reflector == 0;
    const bool noisy = !d_inputs.noise.empty();
    const auto antennas = d_sizes.receive_antennas;
    const Samples sum = row(0);
    for (std::int64_t r = 0; r < antennas; r++) {
        clear(sum);
        for (std::int64_t q = 0; q < d_reflectors; q++) {
            const auto path =
                (d_frame * d_sizes.receivers + receiver) * d_sizes.reflectors +
                d_reflector + q;
            const auto k = path * antennas + r;
            const Phasor factor{d_inputs.arriving.re[k], d_inputs.arriving.im[k]};
            add_multiple(sum, path_sum(q), factor, d_count);
        }
        // Position among the draws of the frame.
        const auto place = (receiver * antennas + r) * d_sizes.elements() + d_first;
        const auto size = d_sizes.receivers * antennas * d_sizes.elements();
        auto* samples = d_received + d_frame * size + place;
        if (first && !noisy) {
            volk_32f_x2_interleave_32fc(
                samples, sum.re, sum.im, static_cast<unsigned>(d_count));
            continue;
        }
        auto* values = reinterpret_cast<float*>(samples);
        if (first) {
            draw_complex_normal(d_inputs.noise[d_frame],
                                place,
                                d_count,
                                d_inputs.noise_deviation,
                                values);
        }
        add_row(values, sum, d_count);
    }
}

void Part::make()
{
    do {
        d_reflectors = std::min(d_sizes.reflectors - d_reflector, reflectors_at_a_time);
        illuminate();
        for (std::int64_t m = 0; m < d_sizes.receivers; m++) {
            add_paths(m);
            receive(m);
        }
        d_reflector += d_reflectors;
    } while (d_reflector < d_sizes.reflectors);
}

} // namespace

std::int64_t echo_parts(const FrameSizes& sizes)
{
    const auto most = elements_of_part(sizes);
    return sizes.batch * ((sizes.elements() + most - 1) / most);
}

void echo_part(const EchoInputs& inputs, std::int64_t part, std::complex<float>* received)
{
    Part(inputs, part, received).make();
}

} // namespace cfisac::signal::host
