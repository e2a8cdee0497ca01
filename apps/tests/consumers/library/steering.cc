// SPDX-License-Identifier: GPL-3.0-or-later
//
// The steering vector of an array in a scenario at 60 degrees: largest difference from
// exp(-j2π a spacing cos 60°) / sqrt(antennas), computed here.
#include <cfisac/scenario/yaml.h>
#include <cfisac/signal/layout.h>
#include <cfisac/version.h>

#include <cmath>
#include <complex>
#include <cstdio>

int main(int, char** argv)
{
    const auto scenario = cfisac::load_scenario(argv[1]);
    const cfisac::signal::Layout layout(scenario);
    const auto antennas = scenario.receive_antennas();
    const auto vector = cfisac::signal::steering_vector(
        at::tensor({0.5}, at::kDouble), layout.receive.spacing.slice(0, 0, 1), antennas);
    double difference = 0.0;
    for (int a = 0; a < antennas; ++a) {
        const double phase =
            -2.0 * M_PI * a * scenario.receive[0].spacing_wavelengths * 0.5;
        const auto expected = std::polar(1.0 / std::sqrt(antennas), phase);
        const auto is = vector[0][a].item<c10::complex<double>>();
        difference = std::max(
            difference, std::abs(std::complex<double>(is.real(), is.imag()) - expected));
    }
    std::printf("%s %d %.3g\n", cfisac::version, antennas, difference);
}
