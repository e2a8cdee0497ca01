// SPDX-License-Identifier: GPL-3.0-or-later
#include "schemes.h"

#include <stdexcept>

namespace cfisac::evaluation {
std::unique_ptr<Scheme> make_monostatic_scheme(const Scenario&, at::Device)
{
    throw std::invalid_argument("monostatic: pending");
}
} // namespace cfisac::evaluation
