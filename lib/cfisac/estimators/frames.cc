// SPDX-License-Identifier: GPL-3.0-or-later
#include "frames.h"
#include <cfisac/signal/front_end.h>
#include <cmath>
#include <sstream>
#include <stdexcept>

namespace cfisac::estimators {

namespace {

double energy_of(const char* name, const at::Tensor& samples, at::IntArrayRef shape)
{
    if (!samples.defined() || samples.sizes() != shape ||
        samples.scalar_type() != at::kComplexFloat) {
        std::ostringstream text;
        text << name << " must be complex64 of shape " << shape << ", got ";
        if (samples.defined()) {
            text << samples.scalar_type() << " of shape " << samples.sizes();
        } else {
            text << "nothing";
        }
        throw std::invalid_argument(text.str());
    }
    const double power = signal::mean_power(samples);
    if (!std::isfinite(power)) {
        throw std::invalid_argument(std::string(name) +
                                    " has samples that are not finite");
    }
    return power * static_cast<double>(samples.numel());
}

} // namespace

double frame_energy(const signal::Layout& layout,
                    const at::Tensor& echo,
                    const at::Tensor& transmit)
{
    const auto s = layout.subcarriers();
    const auto t = layout.symbols();
    energy_of("transmit",
              transmit,
              {layout.transmitters(), layout.scenario.transmit_antennas(), s, t});
    return energy_of("echo", echo, {layout.scenario.receive_antennas(), s, t});
}

} // namespace cfisac::estimators
