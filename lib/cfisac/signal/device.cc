// SPDX-License-Identifier: GPL-3.0-or-later
#include <cfisac/signal/device.h>
#include <cstdint>
#include <stdexcept>
#include <torch/cuda.h>

namespace cfisac::signal {

std::string resolve_device(const std::string& word)
{
    if (word == "cpu") {
        return word;
    }
    const auto count = static_cast<std::int64_t>(torch::cuda::device_count());
    if (word == "auto") {
        return count > 0 ? "cuda:0" : "cpu";
    }
    const std::string name = word == "cuda" ? "cuda:0" : word;
    const std::string prefix = "cuda:";
    const auto digits =
        name.rfind(prefix, 0) == 0 ? name.substr(prefix.size()) : std::string();
    // Four digits are more GPUs than a machine has.
    if (digits.empty() || digits.size() > 4 ||
        digits.find_first_not_of("0123456789") != std::string::npos) {
        throw std::invalid_argument("device must be auto, cpu, cuda or cuda:N, got '" +
                                    word + "'");
    }
    const std::int64_t index = std::stoll(digits);
    if (index >= count) {
        throw std::invalid_argument("device " + word + ": LibTorch finds " +
                                    std::to_string(count) +
                                    " GPU(s), numbered from 0; use cpu");
    }
    return prefix + std::to_string(index);
}

} // namespace cfisac::signal
