// SPDX-License-Identifier: GPL-3.0-or-later
#include "scenario/detail.h"
#include <algorithm>
#include <cfisac/signal/front_end.h>
#include <stdexcept>
#include <volk/volk.h>

namespace cfisac::signal {

namespace {

// Scale every frame to unit mean power; a frame of zeros stays zero.
at::Tensor to_unit_power(const at::Tensor& channels)
{
    const auto power = channels.square().flatten(1).mean(1);
    // Two channels share the power of a complex sample.
    const auto scale = power.mul(2.0).clamp_min(1e-37).rsqrt();
    return channels * scale.view({-1, 1, 1, 1, 1});
}

} // namespace

const char* to_string(Reference reference)
{
    switch (reference) {
    case Reference::raw:
        return "raw";
    case Reference::pilot:
        return "pilot";
    case Reference::reference:
        return "reference";
    }
    throw std::invalid_argument("unknown reference value");
}

Reference reference_from_string(const std::string& word)
{
    for (const auto value : {Reference::raw, Reference::pilot, Reference::reference}) {
        if (word == to_string(value)) {
            return value;
        }
    }
    throw std::invalid_argument("reference must be raw, pilot or reference, got " +
                                cfisac::detail::quoted(word));
}

std::size_t reference_bits(const Scenario& scenario, Reference reference)
{
    if (reference != Reference::reference) {
        return 0;
    }
    const auto& waveform = scenario.waveform;
    const std::size_t subcarriers = waveform.sensed_subcarriers();
    const std::size_t users = scenario.users.count;
    const std::size_t antennas = scenario.transmit.size() * scenario.transmit_antennas();
    const std::size_t precoder = 64 * antennas * users * subcarriers;
    const std::size_t symbols = users * subcarriers * waveform.sensed_symbols() *
                                static_cast<std::size_t>(waveform.modulation);
    return precoder + symbols;
}

at::Tensor echo_channels(const at::Tensor& echo)
{
    return to_unit_power(at::view_as_real(echo).permute({0, 4, 1, 2, 3}));
}

at::Tensor correlated_channels(const at::Tensor& echo, const at::Tensor& transmit)
{
    // [B, 1, M_r, S, T] x [B, N·N_t, 1, S, T]
    const auto product = echo.unsqueeze(1) * transmit.flatten(1, 2).unsqueeze(2).conj();
    return to_unit_power(at::cat({at::real(product), at::imag(product)}, 1));
}

at::Tensor transmit_channels(const at::Tensor& transmit)
{
    return echo_channels(transmit.flatten(1, 2));
}

double mean_power(const at::Tensor& samples)
{
    if (!samples.is_cpu()) {
        return 2.0 * at::view_as_real(samples).square().mean().item<double>();
    }
    // A float32 sum of few values is accurate, and NaN and infinity go through it.
    constexpr std::int64_t piece = 4096;
    const at::Tensor row = samples.contiguous();
    const auto* values = static_cast<const float*>(row.data_ptr());
    const std::int64_t count = 2 * samples.numel();
    double sum = 0.0;
    for (std::int64_t first = 0; first < count; first += piece) {
        float part = 0.0f;
        volk_32f_x2_dot_prod_32f(&part,
                                 values + first,
                                 values + first,
                                 static_cast<unsigned>(std::min(piece, count - first)));
        sum += part;
    }
    return sum / static_cast<double>(samples.numel());
}

} // namespace cfisac::signal
