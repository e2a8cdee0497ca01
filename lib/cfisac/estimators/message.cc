// SPDX-License-Identifier: GPL-3.0-or-later
#include "words.h"
#include <algorithm>
#include <cfisac/estimators/message.h>
#include <cmath>
#include <stdexcept>
#include <string>

namespace cfisac::estimators {

namespace {

constexpr std::uint32_t no_path = 255;
constexpr double cosine_steps = 8388608.0; // 2^23 for one

[[noreturn]] void refuse(const char* what, double value)
{
    throw std::invalid_argument(std::string("path: ") + what + " " +
                                std::to_string(value) + " cannot be sent");
}

float to_single(const char* what, double value)
{
    const auto single = static_cast<float>(value);
    if (!std::isfinite(single)) {
        refuse(what, value);
    }
    return single;
}

} // namespace

Message encode_paths(const std::vector<PathParameters>& paths, std::size_t count)
{
    if (paths.size() > count) {
        throw std::invalid_argument("message of " + std::to_string(count) +
                                    " paths cannot hold " + std::to_string(paths.size()));
    }
    Message message;
    for (const auto& path : paths) {
        if (path.transmitter < 0 || path.transmitter >= static_cast<int>(no_path)) {
            refuse("transmit access point", path.transmitter);
        }
        if (!(std::abs(path.cosine) <= 1.0)) {
            refuse("cosine of the angle of arrival", path.cosine);
        }
        const auto level = static_cast<std::uint32_t>(std::min(
            std::round((path.cosine + 1.0) * cosine_steps), 2.0 * cosine_steps - 1.0));
        append_word32(message,
                      static_cast<std::uint32_t>(path.transmitter) << 24 | level);
        append_single(message, to_single("bistatic range", path.range_m));
        append_single(message, to_single("range rate", path.range_rate_mps));
    }
    while (message.size() < count * words_of_a_path) {
        append_word32(message, no_path << 24);
        append_word32(message, 0);
        append_word32(message, 0);
    }
    return message;
}

std::optional<std::vector<PathParameters>> decode_paths(const Message& message,
                                                        std::size_t count,
                                                        std::size_t transmitters)
{
    if (message.size() != count * words_of_a_path) {
        return std::nullopt;
    }
    std::vector<PathParameters> paths;
    bool ended = false;
    for (std::size_t k = 0; k < message.size(); k += words_of_a_path) {
        const auto first = word32_at(message, k);
        const auto transmitter = first >> 24;
        if (transmitter == no_path) {
            ended = true;
            continue;
        }
        const double range = single_at(message, k + 2);
        const double rate = single_at(message, k + 4);
        if (ended || transmitter >= transmitters || !std::isfinite(range) ||
            !(range > 0.0) || !std::isfinite(rate)) {
            return std::nullopt;
        }
        paths.push_back({static_cast<int>(transmitter),
                         static_cast<double>(first & 0xffffff) / cosine_steps - 1.0,
                         range,
                         rate});
    }
    return paths;
}

} // namespace cfisac::estimators
