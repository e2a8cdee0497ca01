/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "channel_state.h"

#include <cmath>
#include <stdexcept>
#include <string>

namespace gr {
namespace isac {

at::Tensor channel_state(const cfisac::signal::Layout& layout,
                         const std::vector<gr_complex>& channel)
{
    const std::int64_t antennas =
        layout.transmitters() * layout.scenario.transmit_antennas();
    const std::int64_t users = layout.scenario.users.count;
    const std::vector<std::int64_t> shape{1, layout.subcarriers(), antennas, users};
    const auto count = static_cast<std::size_t>(c10::multiply_integers(shape));
    if (channel.size() != count) {
        throw std::invalid_argument("channel: " + std::to_string(channel.size()) +
                                    " entries; [" + std::to_string(shape[1]) +
                                    " subcarriers, " + std::to_string(antennas) +
                                    " antennas, " + std::to_string(users) +
                                    " users] are " + std::to_string(count));
    }
    for (std::size_t i = 0; i < count; i++) {
        if (!std::isfinite(channel[i].real()) || !std::isfinite(channel[i].imag())) {
            throw std::invalid_argument("channel: entry " + std::to_string(i) +
                                        " is not finite");
        }
    }
    return at::from_blob(const_cast<gr_complex*>(channel.data()),
                         shape,
                         at::TensorOptions(at::kComplexFloat))
        .to(layout.device, /*non_blocking=*/false, /*copy=*/true);
}

} // namespace isac
} // namespace gr
