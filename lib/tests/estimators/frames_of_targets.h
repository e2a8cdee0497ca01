// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "small_scenario.h"
#include <cfisac/signal/sensing_channel.h>
#include <cfisac/signal/transmitter.h>
#include <cmath>
#include <vector>

namespace cfisac::test {

//! A target and its reflection coefficient over every transmit access point.
struct Target {
    double x, y, vx, vy;
    std::vector<double> reflection;
};

//! One frame with targets of one's own.
struct Frame {
    Frame(const signal::Layout& layout,
          const std::vector<Target>& targets,
          std::int64_t number = 0,
          double noise_dbm = -400.0)
    {
        const auto count = static_cast<std::int64_t>(targets.size());
        scene = {at::empty({1, count, 2}, at::kDouble),
                 at::empty({1, count, 2}, at::kDouble),
                 at::empty({1, layout.transmitters(), layout.receivers(), count},
                           at::kComplexDouble)};
        for (std::int64_t q = 0; q < count; q++) {
            const auto& target = targets[static_cast<std::size_t>(q)];
            scene.position[0][q][0] = target.x;
            scene.position[0][q][1] = target.y;
            scene.velocity[0][q][0] = target.vx;
            scene.velocity[0][q][1] = target.vy;
            for (std::int64_t n = 0; n < layout.transmitters(); n++) {
                scene.reflection.select(1, n).select(2, q).fill_(
                    target.reflection.at(static_cast<std::size_t>(n)));
            }
        }
        const auto random = signal::Random::range(77, number, 1);
        transmit =
            signal::transmit(layout, layout.scenario.transmit_power_dbm, random).signal;
        signal::Impairments impairments{noise_dbm, {}, {}};
        impairments.clutter = layout.scenario.clutter;
        impairments.clutter.scatterers = 0;
        echo = signal::received_echo(layout, transmit, scene, impairments, random)[0];
        transmit = transmit[0];
    }

    signal::Scene scene;
    at::Tensor transmit; //!< [N, N_t, S, T]
    at::Tensor echo;     //!< [M, M_r, S, T]
};

//! What the echo of a target shows, from the definitions.
struct ClosedForm {
    ClosedForm(const AccessPoint& from, const AccessPoint& to, const Target& target)
    {
        const double in_x = target.x - to.position_m[0],
                     in_y = target.y - to.position_m[1];
        const double out_x = target.x - from.position_m[0];
        const double out_y = target.y - from.position_m[1];
        const double in = std::hypot(in_x, in_y), out = std::hypot(out_x, out_y);
        cosine = (in_x * to.axis[0] + in_y * to.axis[1]) / in;
        range_m = in + out;
        range_rate_mps = (in_x * target.vx + in_y * target.vy) / in +
                         (out_x * target.vx + out_y * target.vy) / out;
    }
    double cosine, range_m, range_rate_mps;
};

//! Resolutions of the waveform and of a receive array.
struct Cells {
    explicit Cells(const Scenario& scenario)
    {
        const auto& waveform = scenario.waveform;
        range_m =
            speed_of_light / (waveform.subcarrier_spacing_hz * waveform.subcarriers);
        rate_mps = waveform.wavelength_m() / waveform.interval_s();
        cosine =
            1.0 / (scenario.receive_antennas() * scenario.receive[0].spacing_wavelengths);
    }
    double range_m, rate_mps, cosine;
};

} // namespace cfisac::test
