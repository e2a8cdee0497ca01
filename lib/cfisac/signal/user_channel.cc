// SPDX-License-Identifier: GPL-3.0-or-later
#include "complex_data.h"
#include "parallel.h"
#include "path_tables.h"
#include "transmitter_kernel.h"
#include <algorithm>
#include <cfisac/signal/transmitter.h>
#include <cmath>
#include <numeric>

namespace cfisac::signal {

namespace {

// Paths from every transmit access point to every user, [B, N, K, L], on the processor
// whatever the layout's device: there are few.
struct UserPaths {
    at::Tensor gain;          // complex128
    at::Tensor delay_s;       // float64
    at::Tensor cosine;        // float64
    at::Tensor second_cosine; // float64, of planar arrays
};

// Cosine to the second axis of a planar array of a direction with `cosine` to the first and
// the angle `azimuth` around that.
double second_cosine_of(const AccessPoint& point, double cosine, double azimuth)
{
    const double between = std::inner_product(
        point.axis.begin(), point.axis.end(), point.planar->axis.begin(), 0.0);
    const auto sine = [](double c) { return std::sqrt(std::max(0.0, 1.0 - c * c)); };
    return cosine * between + sine(cosine) * sine(between) * std::cos(azimuth);
}

UserPaths draw_user_paths(const Layout& layout, const Users& users, const Random& random)
{
    const auto& scenario = layout.scenario;
    const auto position =
        draw_in_box(users.area_m, random, Purpose::user_position, users.count, at::kCPU);
    const auto n = layout.transmitters();
    const bool planar = layout.transmit.planar();
    const auto line = layout.device.is_cpu()
                          ? rays(layout.transmit, position)
                          : rays(Arrays(scenario.transmit, at::kCPU), position);
    const std::int64_t scattered = users.multipath_components;
    const double factor = std::pow(10.0, users.rician_factor_db / 10.0);
    const double direct_share = scattered > 0 ? factor / (factor + 1.0) : 1.0;
    const std::vector<std::int64_t> sizes = {n, users.count, scattered};
    const auto phase = random.uniform(
        Purpose::user_phase, {n, users.count, std::int64_t{1}}, at::kDouble);
    at::Tensor gain, direction, excess, azimuth;
    if (scattered > 0) {
        gain = random.complex_normal(
            Purpose::user_multipath_gain,
            sizes,
            at::kDouble,
            std::sqrt((1.0 - direct_share) / static_cast<double>(scattered)));
        direction = random.uniform(Purpose::user_multipath_direction, sizes, at::kDouble);
        excess = random.uniform(Purpose::user_multipath_delay, sizes, at::kDouble);
        if (planar) {
            azimuth = random.uniform(Purpose::user_multipath_azimuth, sizes, at::kDouble);
        }
    }

    const auto& loss = scenario.path_loss;
    const double reference_gain = std::pow(10.0, loss.reference_gain_db / 20.0);
    const double longest_excess_s = 0.25 * scenario.waveform.cyclic_prefix_s;
    const auto paths = scattered + 1;
    UserPaths result;
    result.gain = at::empty({random.batch(), n, users.count, paths}, at::kComplexDouble);
    result.delay_s = at::empty(result.gain.sizes(), at::kDouble);
    result.cosine = at::empty(result.gain.sizes(), at::kDouble);
    auto* out_gain = complex_data<double>(result.gain);
    auto* out_delay = result.delay_s.data_ptr<double>();
    auto* out_cosine = result.cosine.data_ptr<double>();
    double* out_second = nullptr;
    if (planar) {
        result.second_cosine = at::empty(result.gain.sizes(), at::kDouble);
        out_second = result.second_cosine.data_ptr<double>();
    }
    for (std::int64_t k = 0; k < line.distance_m.numel(); k++) {
        const double distance = line.distance_m.data_ptr<double>()[k];
        // No antenna is nearer to a user than the reference distance of the path loss.
        const double amplitude =
            reference_gain * std::pow(std::max(distance, loss.reference_distance_m) /
                                          loss.reference_distance_m,
                                      -0.5 * loss.exponent);
        const double delay = distance / speed_of_light;
        *out_gain++ = std::polar(amplitude * std::sqrt(direct_share),
                                 2.0 * M_PI * phase.data_ptr<double>()[k]);
        *out_delay++ = delay;
        *out_cosine++ = line.cosine.data_ptr<double>()[k];
        if (planar) {
            *out_second++ = line.second_cosine.data_ptr<double>()[k];
        }
        for (std::int64_t l = k * scattered; l < (k + 1) * scattered; l++) {
            *out_gain++ = amplitude * complex_data<double>(gain)[l];
            *out_delay++ = delay + longest_excess_s * excess.data_ptr<double>()[l];
            const double cosine = 2.0 * direction.data_ptr<double>()[l] - 1.0;
            *out_cosine++ = cosine;
            if (planar) {
                *out_second++ =
                    second_cosine_of(scenario.transmit[k / users.count % n],
                                     cosine,
                                     2.0 * M_PI * azimuth.data_ptr<double>()[l]);
            }
        }
    }
    return result;
}

// Per path: gain · exp(+j2π f τ) · unit-modulus steering, summed over paths; h [B, S,
// N·N_t, K].
template <typename Real>
at::Tensor sum_on_host(const Layout& layout, const UserPaths& paths)
{
    const auto& scenario = layout.scenario;
    const auto grid = host::frame_grid(scenario.waveform);
    const host::UserSizes sizes = {layout.transmitters(),
                                   scenario.transmit_antennas(),
                                   paths.gain.size(2),
                                   paths.gain.size(3),
                                   layout.subcarriers()};
    const auto count = paths.gain.numel();
    host::SplitTable<double> ramps, steering;
    host::RampRows<double> ramp_rows(ramps, count, sizes.subcarriers);
    host::SteeringRows<double> steering_rows(steering, count, scenario.transmit);
    const auto* gain = complex_data<double>(paths.gain);
    const auto* delay = paths.delay_s.data_ptr<double>();
    const auto* cosine = paths.cosine.data_ptr<double>();
    const auto* second =
        paths.second_cosine.defined() ? paths.second_cosine.data_ptr<double>() : nullptr;
    for (std::int64_t k = 0; k < count; k++) {
        const auto n = k / (sizes.users * sizes.paths) % sizes.transmitters;
        ramp_rows.add(gain[k], 0.0, delay[k] * grid.subcarrier_step_hz);
        steering_rows.add(
            scenario.transmit[n], 1.0, cosine[k], second ? second[k] : 0.0, 1.0);
    }
    const auto batch = paths.gain.size(0);
    auto result = at::empty({batch, sizes.subcarriers, sizes.all_antennas(), sizes.users},
                            at::toComplexType(c10::CppTypeToScalarType<Real>::value));
    auto* out = complex_data<Real>(result);
    parallel_for(0, batch, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t b = begin; b < end; b++) {
            const auto first = b * (count / batch);
            host::sum_user_paths(sizes,
                                 host::rows_of(ramps).from(first * sizes.subcarriers),
                                 host::rows_of(steering).from(first * sizes.antennas),
                                 out + b * sizes.coefficients());
        }
    });
    return result;
}

at::Tensor sum_on_device(const Layout& layout, const UserPaths& paths)
{
    const auto antennas = layout.scenario.transmit_antennas();
    // [B, N, K L] as rays to as many places
    Rays directions;
    directions.cosine = paths.cosine.flatten(2).to(layout.device);
    if (paths.second_cosine.defined()) {
        directions.second_cosine = paths.second_cosine.flatten(2).to(layout.device);
    }
    const auto steering = steering_vectors(layout.transmit, directions)
                              .unflatten(2, {paths.cosine.size(2), paths.cosine.size(3)})
                              .mul(std::sqrt(static_cast<double>(antennas)));
    const auto ramp = phasor(paths.delay_s.to(layout.device).unsqueeze(-1) *
                             layout.frequency_hz * (2.0 * M_PI));
    const auto channel =
        at::einsum("bnkls,bnkla->bsnak",
                   {paths.gain.to(layout.device).unsqueeze(-1) * ramp, steering});
    return channel.flatten(2, 3);
}

} // namespace

at::Tensor user_channel(const Layout& layout,
                        const Users& users,
                        const Random& random,
                        at::ScalarType type)
{
    const auto paths = draw_user_paths(layout, users, random);
    if (layout.device.is_cpu() && type == at::kFloat) {
        return sum_on_host<float>(layout, paths);
    }
    if (layout.device.is_cpu() && type == at::kDouble) {
        return sum_on_host<double>(layout, paths);
    }
    return sum_on_device(layout, paths).to(at::toComplexType(type));
}

} // namespace cfisac::signal
