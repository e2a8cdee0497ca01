// SPDX-License-Identifier: GPL-3.0-or-later
//
// Places that access points send which estimate by themselves. What is accepted is finite,
// and its information is that of the scales and the factor that were sent.

#include "fuzz.h"

#include <cfisac/estimators/maximum_likelihood.h>

#include <ATen/ATen.h>

#include <cmath>

namespace {

using namespace cfisac::estimators;
using cfisac::fuzz::Input;
using cfisac::fuzz::require;

bool all_finite(const std::vector<double>& values)
{
    return std::all_of(
        values.begin(), values.end(), [](double value) { return std::isfinite(value); });
}

//! \param words of the roots of the diagonal, in 256 steps for a factor of two
void require_information(const at::Tensor& information, const std::uint16_t* words)
{
    const auto size = information.size(0);
    const auto* values = information.data_ptr<double>();
    for (std::int64_t i = 0; i < size; i++) {
        const double variance = std::exp2((words[i] - 32768.0) / 128.0);
        require(std::abs(values[i * size + i] / variance - 1.0) < 1e-9,
                "the diagonal is the square of what was sent");
        for (std::int64_t j = 0; j < size; j++) {
            require(values[i * size + j] == values[j * size + i],
                    "information is symmetric");
            require(std::isfinite(values[i * size + j]), "information is finite");
        }
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    Input input(data, size);
    cfisac::Scenario scenario;
    scenario.dimensions = 2 + static_cast<int>(input.below(2));
    scenario.transmit.resize(1 + input.below(4));
    const std::size_t count = input.below(5);
    const auto message = input.list<std::uint16_t>((input.left() + 1) / 2);
    const auto estimates = decode_local_estimates(message, scenario, count);
    if (!estimates) {
        return 0;
    }
    require(estimates->size() <= count, "no more estimates than were asked for");
    const std::size_t dimensions = scenario.dimensions;
    const auto values = dimensions + scenario.transmit.size();
    const auto words = words_of_local_estimates(scenario, 1);
    require(message.size() == count * words, "the message has as many words");
    for (std::size_t k = 0; k < estimates->size(); k++) {
        const auto& estimate = (*estimates)[k];
        require(estimate.location.size() == dimensions &&
                    estimate.range_rate_mps.size() == scenario.transmit.size(),
                "as many values as the scenario has");
        require(all_finite(estimate.location) && all_finite(estimate.range_rate_mps),
                "values are finite");
        require(estimate.gain >= 0.0 && estimate.gain < 4096.0, "the gain is in range");
        require_information(estimate.information,
                            message.data() + k * words + 1 + 2 * values);
    }
    return 0;
}
