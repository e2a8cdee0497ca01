// SPDX-License-Identifier: GPL-3.0-or-later
#include "local_likelihood.h"
#include "signal/leg.h"
#include <cfisac/signal/static_echo.h>
#include <cmath>

namespace cfisac::estimators {

namespace {

using Complex = c10::complex<double>;
constexpr double singular =
    1e-12; // relative eigenvalue of gains that nothing tells apart

// Re x^H y. Not at::vdot: with some builds of BLAS, whose complex dot product returns its
// value in another way, it gives nothing.
at::Tensor real_product(const at::Tensor& x, const at::Tensor& y)
{
    return at::real((x.conj() * y).sum());
}

// x^H y over the last dimension.
at::Tensor products(const at::Tensor& x, const at::Tensor& y)
{
    return at::matmul(x.conj(), y.transpose(-2, -1));
}

at::Tensor to_host(const at::Tensor& values)
{
    return values.to(at::kCPU, at::kComplexDouble);
}

// A^H C^-1 A, C the block of the inverse that belongs to the gains A.
at::Tensor energy_of(const at::Tensor& gains, const at::Tensor& inverse)
{
    return real_product(gains, at::mv(at::linalg_pinv(inverse, singular, true), gains));
}

} // namespace

PathRays path_rays(const signal::Layout& layout,
                   std::int64_t receiver,
                   const at::Tensor& places)
{
    const auto batch = places.unsqueeze(0).contiguous();
    return {signal::rays(layout.transmit.to(at::kCPU), batch),
            signal::rays(layout.receive.one(receiver).to(at::kCPU), batch)};
}

LocalTargets LocalTargets::moved(const at::Tensor& change) const
{
    const auto rows = change.view({count(), parameters()});
    const auto dimensions = location.size(1);
    return {location + rows.slice(1, 0, dimensions),
            range_rate + rows.slice(1, dimensions),
            active};
}

LocalTargets LocalTargets::slice(std::int64_t first, std::int64_t last) const
{
    return {location.slice(0, first, last),
            range_rate.slice(0, first, last),
            active.slice(0, first, last)};
}

LocalTargets LocalTargets::without(std::int64_t target, std::int64_t transmitter) const
{
    auto rest = active.clone();
    rest[target][transmitter].fill_(false);
    return {location, range_rate, rest};
}

LocalTargets LocalTargets::without(std::int64_t target) const
{
    return join(slice(0, target), slice(target + 1, count()));
}

LocalTargets LocalTargets::join(const LocalTargets& first, const LocalTargets& second)
{
    return {at::cat({first.location, second.location}),
            at::cat({first.range_rate, second.range_rate}),
            at::cat({first.active, second.active})};
}

struct LocalLikelihood::Geometry : PathRays {
    Geometry(const signal::Layout& layout,
             std::int64_t receiver,
             const LocalTargets& targets)
        : PathRays(path_rays(layout, receiver, targets.location)),
          delay_s((departing.distance_m[0] + arriving.distance_m[0]).t() /
                  speed_of_light),
          doppler_hz(targets.range_rate *
                     (-layout.scenario.waveform.carrier_hz / speed_of_light))
    {
    }

    at::Tensor delay_s;    // [C, N]
    at::Tensor doppler_hz; // [C, N]
};

LocalLikelihood::LocalLikelihood(const signal::Layout& layout,
                                 std::int64_t receiver,
                                 const at::Tensor& transmit,
                                 const at::Tensor& still)
    : d_layout(layout),
      d_receiver(receiver),
      d_transmit(transmit.flatten(2)),
      d_still(still)
{
}

at::Tensor LocalLikelihood::to_device(const at::Tensor& values) const
{
    return values.resolve_conj().to(d_layout.device, at::kComplexFloat);
}

std::vector<LocalLikelihood::Path> LocalLikelihood::paths_of(const LocalTargets& targets)
{
    std::vector<Path> paths;
    for (std::int64_t q = 0; q < targets.count(); q++) {
        for (std::int64_t n = 0; n < targets.active.size(1); n++) {
            if (targets.is_active(q, n)) {
                paths.push_back({q, n});
            }
        }
    }
    return paths;
}

at::Tensor LocalLikelihood::functions_of(const Geometry& geometry,
                                         const std::vector<Path>& paths,
                                         bool derivatives) const
{
    const auto count = static_cast<std::int64_t>(paths.size());
    const auto s = d_layout.subcarriers();
    const auto t = d_layout.symbols();
    const auto departing = signal::steering_derivatives(
        d_layout.transmit.to(at::kCPU), geometry.departing); // [1, N, C, 1 + axes, N_t]
    auto result =
        at::empty({count, derivatives ? functions() : 1, s, t}, d_transmit.options());
    const auto ramp = [&](double per_axis, const at::Tensor& axis) {
        return to_device(signal::phasor(axis.cpu() * (2.0 * M_PI * per_axis)));
    };
    for (std::int64_t p = 0; p < count; p++) {
        const auto [q, n] = paths[p];
        const auto vectors =
            departing[0][n][q].slice(0, 0, derivatives ? departing.size(3) : 1);
        const auto turned =
            at::matmul(to_device(vectors.conj()), d_transmit[n])
                .view({-1, s, t})
                .mul_(ramp(-geometry.delay_s[q][n].item<double>(), d_layout.frequency_hz)
                          .unsqueeze(-1))
                .mul_(ramp(geometry.doppler_hz[q][n].item<double>(), d_layout.time_s));
        result[p][0].copy_(turned[0]);
        if (derivatives) {
            auto weighted = result[p][1];
            at::mul_out(
                weighted, turned[0], to_device(d_layout.frequency_hz).unsqueeze(-1));
            weighted = result[p][2];
            at::mul_out(weighted, turned[0], to_device(d_layout.time_s));
            result[p].slice(0, 3).copy_(turned.slice(0, 1));
        }
    }
    return result;
}

// Without what static echoes can explain.
at::Tensor LocalLikelihood::visible(const at::Tensor& functions) const
{
    return d_still.defined() ? signal::without_static(functions, d_still) : functions;
}

at::Tensor LocalLikelihood::arrays_of(const Geometry& geometry) const
{
    return signal::steering_derivatives(d_layout.receive.one(d_receiver).to(at::kCPU),
                                        geometry.arriving)[0][0];
}

// Columns of the products [P, F, V] that the derivatives of the echo with respect to the
// parameters [C, D + N] consist of.
at::Tensor LocalLikelihood::coefficients(const Geometry& geometry,
                                         const std::vector<Path>& paths,
                                         const at::Tensor& gains,
                                         std::int64_t targets) const
{
    const auto& scenario = d_layout.scenario;
    const auto n = d_layout.transmitters();
    const std::int64_t d = scenario.dimensions;
    const Complex per_delay(0.0, -2.0 * M_PI / speed_of_light);
    const Complex per_rate(0.0,
                           -2.0 * M_PI * scenario.waveform.carrier_hz / speed_of_light);
    const std::vector<double> still(d, 0.0);
    const auto leg =
        [&](const signal::Rays& rays, const AccessPoint& point, std::int64_t place) {
            return signal::Leg(point,
                               rays.distance_m.data_ptr<double>()[place],
                               rays.direction.data_ptr<double>() + place * d,
                               rays.cosine.data_ptr<double>()[place],
                               still.data());
        };
    const auto count = static_cast<std::int64_t>(paths.size());
    auto result =
        at::zeros({count, functions(), vectors(), targets, d + n}, at::kComplexDouble);
    auto entry = result.accessor<Complex, 5>();
    const auto* gain = gains.data_ptr<Complex>();
    for (std::int64_t p = 0; p < count; p++) {
        const auto [q, k] = paths[p];
        const auto in = leg(geometry.arriving, scenario.receive[d_receiver], q);
        const auto out = leg(geometry.departing, scenario.transmit[k], k * targets + q);
        auto of_path = entry[p];
        for (std::int64_t e = 0; e < d; e++) {
            // (35) without Doppler, which has its own parameters; (36), (37)
            of_path[1][0][q][e] = gain[p] * per_delay *
                                  (out.distance_gradient(e) + in.distance_gradient(e));
            for (std::int64_t axis = 0; axis < d_layout.transmit.axes(); axis++) {
                of_path[3 + axis][0][q][e] = gain[p] * out.cosine_gradient(axis, e);
            }
            for (std::int64_t axis = 0; axis < d_layout.receive.axes(); axis++) {
                of_path[0][1 + axis][q][e] = gain[p] * in.cosine_gradient(axis, e);
            }
        }
        of_path[2][0][q][d + k] = gain[p] * per_rate; // (38), (39)
    }
    return result.flatten(0, 2).flatten(1);
}

LocalFit LocalLikelihood::fit(const at::Tensor& echo, const LocalTargets& targets) const
{
    const Geometry geometry(d_layout, d_receiver, targets);
    const auto paths = paths_of(targets);
    const auto count = static_cast<std::int64_t>(paths.size());
    const auto basis =
        visible(functions_of(geometry, paths, true)).flatten(2); // [P, F, S T]
    const auto arrays = arrays_of(geometry);                     // [C, V, M_r]
    std::vector<std::int64_t> of_target;
    for (const auto& path : paths) {
        of_target.push_back(path.target);
    }
    const auto own_arrays = arrays.index_select(0, at::tensor(of_target, at::kLong));

    // Products of all functions, of all receive vectors, and of both with the echo.
    const auto flat = basis.flatten(0, 1);
    const auto gram = to_host(products(flat, flat))
                          .view({count, functions(), 1, count, functions(), 1});
    const auto rows = own_arrays.flatten(0, 1);
    const auto of_arrays =
        products(rows, rows).view({count, 1, vectors(), count, 1, vectors()});
    const auto per_path = functions() * vectors();
    const auto everything = (gram * of_arrays).reshape({count * per_path, -1});
    const auto beams =
        at::matmul(to_device(arrays.flatten(0, 1).conj()), echo.flatten(1))
            .view({targets.count(), vectors(), -1}); // a_r^H y, [C, V, S T]
    std::vector<at::Tensor> received_parts;
    for (std::int64_t p = 0; p < count; p++) {
        received_parts.push_back(
            at::matmul(basis[p].conj(), beams[paths[p].target].t())); // [F, V]
    }
    const auto received = to_host(at::stack(received_parts)).reshape({-1}); // [P F V]

    // The gains: least squares on the plain products.
    const auto plain = at::arange(count, at::kLong) * per_path;
    const auto columns = everything.index_select(1, plain);
    const auto inverse =
        at::linalg_pinv(columns.index_select(0, plain), singular, /*hermitian=*/true);
    const auto right = received.index_select(0, plain);
    const auto gains = at::mv(inverse, right).contiguous();

    const auto n = d_layout.transmitters();
    LocalFit result;
    result.amplitude = at::zeros({targets.count(), n}, at::kComplexDouble);
    result.path_energy = at::zeros({targets.count(), n}, at::kDouble);
    result.target_energy = at::zeros({targets.count()}, at::kDouble);
    result.explained = real_product(gains, right).item<double>();
    for (std::int64_t first = 0; first < count;) {
        const auto target = paths[first].target;
        auto last = first;
        for (; last < count && paths[last].target == target; last++) {
            const auto place = result.path_energy[target][paths[last].transmitter];
            place.copy_(
                energy_of(gains.slice(0, last, last + 1),
                          inverse.slice(0, last, last + 1).slice(1, last, last + 1)));
            result.amplitude[target][paths[last].transmitter].copy_(gains[last]);
        }
        result.target_energy[target].copy_(
            energy_of(gains.slice(0, first, last),
                      inverse.slice(0, first, last).slice(1, first, last)));
        first = last;
    }
    const auto turn = coefficients(geometry, paths, gains, targets.count());
    const auto turned = at::matmul(everything, turn);
    const auto mixed = turned.index_select(0, plain);
    result.gradient =
        at::real(at::mv(turn.mH(), received - at::mv(columns, gains))).contiguous();
    result.information = at::real(at::matmul(turn.mH(), turned) -
                                  at::matmul(mixed.mH(), at::matmul(inverse, mixed)))
                             .contiguous();
    return result;
}

at::Tensor LocalLikelihood::echo_of(const LocalTargets& targets,
                                    const at::Tensor& amplitude) const
{
    const Geometry geometry(d_layout, d_receiver, targets);
    const auto paths = paths_of(targets);
    const auto arrays = arrays_of(geometry).select(1, 0); // [C, M_r]
    std::vector<at::Tensor> columns;
    for (const auto& path : paths) {
        columns.push_back(arrays[path.target] * amplitude[path.target][path.transmitter]);
    }
    if (columns.empty()) {
        return at::zeros({arrays.size(1), d_layout.subcarriers(), d_layout.symbols()},
                         d_transmit.options());
    }
    return at::matmul(to_device(at::stack(columns, 1)),
                      visible(functions_of(geometry, paths, false)).flatten(1))
        .view({-1, d_layout.subcarriers(), d_layout.symbols()});
}

at::Tensor LocalLikelihood::doppler_spectrum(const at::Tensor& echo,
                                             const LocalTargets& targets,
                                             std::int64_t transmitter,
                                             std::int64_t lines) const
{
    const LocalTargets still{targets.location, at::zeros_like(targets.range_rate), {}};
    const Geometry geometry(d_layout, d_receiver, still);
    const auto shape = functions_of(geometry, {{0, transmitter}}, false)[0][0];
    const auto beam = at::matmul(to_device(arrays_of(geometry)[0].slice(0, 0, 1).conj()),
                                 echo.flatten(1))
                          .view(shape.sizes());
    const auto over_symbols = to_host((shape.conj() * beam).sum(0)); // [T]
    const auto energy = at::view_as_real(shape).square().sum().item<double>();
    const auto spectrum = at::fft_fft(over_symbols, lines);
    return at::view_as_real(spectrum).square().sum(-1) / std::max(energy, 1e-300);
}

} // namespace cfisac::estimators
