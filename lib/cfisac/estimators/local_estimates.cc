// SPDX-License-Identifier: GPL-3.0-or-later
#include "words.h"
#include <algorithm>
#include <cfisac/estimators/maximum_likelihood.h>
#include <cmath>
#include <stdexcept>
#include <string>

namespace cfisac::estimators {

namespace {

constexpr std::uint16_t no_estimate = 65535;
constexpr double gain_steps = 16.0;
constexpr double most_gain = 65534.0 / gain_steps;
constexpr double scale_steps = 256.0; // of a binary logarithm
constexpr std::int64_t scale_zero = 32768;
constexpr double factor_steps = 32768.0; // 2^15 for one

struct Sizes {
    explicit Sizes(const Scenario& scenario)
        : dimensions(scenario.dimensions),
          values(scenario.dimensions +
                 static_cast<std::int64_t>(scenario.transmit.size()))
    {
    }
    std::size_t words() const { return 1 + 3 * values + values * (values + 1) / 2; }

    std::int64_t dimensions;
    std::int64_t values; // D + N
};

void append_information(Message& message, const at::Tensor& information)
{
    const auto [factor, info] = at::linalg_cholesky_ex(information);
    const auto scale = information.diag().sqrt();
    const auto size = information.size(0);
    const auto rows = (factor / scale.unsqueeze(1)).contiguous();
    for (std::int64_t i = 0; i < size; i++) {
        const double logarithm = std::log2(scale.data_ptr<double>()[i]);
        const auto level = std::llround(scale_steps * logarithm) + scale_zero;
        if (info.item<int>() != 0 || !std::isfinite(logarithm) || level < 0 ||
            level > 65535) {
            throw std::invalid_argument(
                "local estimate: its information is not positive or beyond 2^±256");
        }
        message.push_back(static_cast<std::uint16_t>(level));
    }
    for (std::int64_t i = 0; i < size; i++) {
        for (std::int64_t j = 0; j <= i; j++) {
            const double value = rows.data_ptr<double>()[i * size + j];
            auto level = std::llround(factor_steps * value);
            level = std::clamp<long long>(level, i == j ? 1 : -32767, 32767);
            message.push_back(
                static_cast<std::uint16_t>(static_cast<std::int16_t>(level)));
        }
    }
}

at::Tensor information_at(const Message& message, std::size_t place, std::int64_t size)
{
    std::vector<double> scale;
    for (std::int64_t i = 0; i < size; i++) {
        scale.push_back(std::exp2((static_cast<double>(message[place++]) - scale_zero) /
                                  scale_steps));
    }
    auto factor = at::zeros({size, size}, at::kDouble);
    for (std::int64_t i = 0; i < size; i++) {
        auto* row = factor.data_ptr<double>() + i * size;
        double square = 0.0;
        for (std::int64_t j = 0; j <= i; j++) {
            row[j] = static_cast<std::int16_t>(message[place++]) / factor_steps;
            square += row[j] * row[j];
        }
        for (std::int64_t j = 0; j <= i; j++) {
            row[j] *= scale[i] / std::sqrt(square);
        }
        if (!(row[i] > 0.0)) {
            return {};
        }
    }
    return at::matmul(factor, factor.t());
}

} // namespace

std::size_t local_estimates_sent(const Scenario& scenario)
{
    return static_cast<std::size_t>(scenario.targets.count) + 2;
}

std::size_t words_of_local_estimates(const Scenario& scenario, std::size_t count)
{
    return count * Sizes(scenario).words();
}

Message encode_local_estimates(const std::vector<LocalEstimate>& estimates,
                               const Scenario& scenario,
                               std::size_t count)
{
    const Sizes sizes(scenario);
    if (estimates.size() > count) {
        throw std::invalid_argument("message of " + std::to_string(count) +
                                    " local estimates cannot hold " +
                                    std::to_string(estimates.size()));
    }
    Message message;
    for (const auto& estimate : estimates) {
        if (!(estimate.gain >= 0.0)) {
            throw std::invalid_argument("local estimate: gain " +
                                        std::to_string(estimate.gain) +
                                        " cannot be sent");
        }
        message.push_back(static_cast<std::uint16_t>(
            std::llround(gain_steps * std::min(estimate.gain, most_gain))));
        auto values = estimate.location;
        values.insert(
            values.end(), estimate.range_rate_mps.begin(), estimate.range_rate_mps.end());
        if (static_cast<std::int64_t>(values.size()) != sizes.values ||
            estimate.information.sizes() != at::IntArrayRef{sizes.values, sizes.values}) {
            throw std::invalid_argument("local estimate: it has " +
                                        std::to_string(values.size()) + " values, not " +
                                        std::to_string(sizes.values));
        }
        for (const double value : values) {
            const auto single = static_cast<float>(value);
            if (!std::isfinite(single)) {
                throw std::invalid_argument("local estimate: " + std::to_string(value) +
                                            " cannot be sent");
            }
            append_single(message, single);
        }
        append_information(message, estimate.information);
    }
    while (message.size() < count * sizes.words()) {
        message.push_back(no_estimate);
        message.resize(message.size() + sizes.words() - 1, 0);
    }
    return message;
}

std::optional<std::vector<LocalEstimate>> decode_local_estimates(const Message& message,
                                                                 const Scenario& scenario,
                                                                 std::size_t count)
{
    const Sizes sizes(scenario);
    if (message.size() != count * sizes.words()) {
        return std::nullopt;
    }
    std::vector<LocalEstimate> estimates;
    bool ended = false;
    for (std::size_t first = 0; first < message.size(); first += sizes.words()) {
        if (message[first] == no_estimate) {
            ended = true;
            continue;
        }
        LocalEstimate estimate;
        estimate.gain = message[first] / gain_steps;
        for (std::int64_t k = 0; k < sizes.values; k++) {
            const double value = single_at(message, first + 1 + 2 * k);
            if (ended || !std::isfinite(value)) {
                return std::nullopt;
            }
            auto& values =
                k < sizes.dimensions ? estimate.location : estimate.range_rate_mps;
            values.push_back(value);
        }
        estimate.information =
            information_at(message, first + 1 + 2 * sizes.values, sizes.values);
        if (!estimate.information.defined()) {
            return std::nullopt;
        }
        estimates.push_back(std::move(estimate));
    }
    return estimates;
}

Report report_of(std::size_t receiver, const LocalEstimate& estimate)
{
    Report report;
    report.kind = Report::Kind::target;
    report.receiver = receiver;
    auto values = estimate.location;
    values.insert(
        values.end(), estimate.range_rate_mps.begin(), estimate.range_rate_mps.end());
    report.value = at::tensor(values, at::kDouble);
    report.information = estimate.information;
    report.gain = estimate.gain;
    return report;
}

} // namespace cfisac::estimators
