// SPDX-License-Identifier: GPL-3.0-or-later
#include "local_likelihood.h"
#include "signal/leg.h"
#include <cmath>

namespace cfisac::estimators {

namespace {

using Complex = c10::complex<double>;
constexpr std::int64_t functions = 4; // plain, times frequency, times time, derived a_t
constexpr std::int64_t vectors = 2;   // a_r and its derivative

// Steering vectors and their derivatives with respect to the cosine, [C, 2, antennas].
at::Tensor steering_pair(const at::Tensor& cosine, double spacing, std::int64_t antennas)
{
    const auto plain =
        signal::steering_vector(cosine, at::full({}, spacing, at::kDouble), antennas);
    const auto slope = at::arange(antennas, at::kDouble) * (-2.0 * M_PI * spacing);
    return at::stack({plain, plain * slope * Complex(0.0, 1.0)}, 1);
}

// x^H y over the last dimension.
at::Tensor products(const at::Tensor& x, const at::Tensor& y)
{
    return at::matmul(x.conj(), y.transpose(-2, -1));
}

} // namespace

LocalTargets LocalTargets::split(const at::Tensor& values, std::int64_t dimensions)
{
    return {values.slice(1, 0, dimensions).contiguous(),
            values.slice(1, dimensions).contiguous()};
}

LocalTargets LocalTargets::slice(std::int64_t first, std::int64_t last) const
{
    return {location.slice(0, first, last), range_rate.slice(0, first, last)};
}

LocalTargets LocalTargets::join(const LocalTargets& first, const LocalTargets& second)
{
    return {at::cat({first.location, second.location}),
            at::cat({first.range_rate, second.range_rate})};
}

struct LocalLikelihood::Geometry {
    Geometry(const signal::Layout& layout,
             std::int64_t receiver,
             const LocalTargets& targets)
        : departing(signal::rays(layout.transmit_position.cpu(),
                                 layout.transmit_axis.cpu(),
                                 targets.location.unsqueeze(0).contiguous())),
          arriving(signal::rays(
              layout.receive_position.slice(0, receiver, receiver + 1).cpu(),
              layout.receive_axis.slice(0, receiver, receiver + 1).cpu(),
              targets.location.unsqueeze(0).contiguous())),
          delay_s((departing.distance_m[0] + arriving.distance_m[0])
                      .t()
                      .div(signal_speed)
                      .contiguous()),
          doppler_hz(targets.range_rate *
                     (-layout.scenario.waveform.carrier_hz / signal_speed))
    {
    }

    static constexpr double signal_speed = speed_of_light;
    signal::Rays departing; // [1, N, C]
    signal::Rays arriving;  // [1, 1, C]
    at::Tensor delay_s;     // [C, N]
    at::Tensor doppler_hz;  // [C, N]
};

LocalLikelihood::LocalLikelihood(const signal::Layout& layout,
                                 std::int64_t receiver,
                                 const at::Tensor& transmit)
    : d_layout(layout), d_receiver(receiver), d_transmit(transmit.flatten(2))
{
}

LocalLikelihood::Basis LocalLikelihood::basis(const Geometry& geometry,
                                              bool derivatives) const
{
    const auto& scenario = d_layout.scenario;
    const auto count = geometry.delay_s.size(0);
    const auto n = d_layout.transmitters();
    const auto s = d_layout.subcarriers();
    const auto t = d_layout.symbols();
    const auto to_device = [this](const at::Tensor& values) {
        return values.to(d_layout.device, at::kComplexFloat);
    };
    std::vector<at::Tensor> illuminations;
    for (std::int64_t k = 0; k < n; k++) {
        const auto pair = steering_pair(geometry.departing.cosine[0][k],
                                        scenario.transmit[k].spacing_wavelengths,
                                        scenario.transmit_antennas())
                              .slice(1, 0, derivatives ? 2 : 1);
        illuminations.push_back(
            at::matmul(to_device(pair.conj().resolve_conj().flatten(0, 1)),
                       d_transmit[k])
                .view({count, -1, s, t}));
    }
    const auto ramp = [&](const at::Tensor& per_path, const at::Tensor& axis) {
        return to_device(
            signal::phasor(per_path.unsqueeze(-1) * axis.cpu() * (2.0 * M_PI)));
    };
    const auto turned = at::stack(illuminations, 1)
                            .mul_(ramp(-geometry.delay_s, d_layout.frequency_hz)
                                      .view({count, n, 1, s, 1}))
                            .mul_(ramp(geometry.doppler_hz, d_layout.time_s)
                                      .view({count, n, 1, 1, t})); // [C, N, 2, S, T]
    Basis result;
    result.receive = steering_pair(geometry.arriving.cosine[0][0],
                                   scenario.receive[d_receiver].spacing_wavelengths,
                                   scenario.receive_antennas());
    if (!derivatives) {
        result.functions = turned.flatten(3);
        return result;
    }
    result.functions = at::empty({count, n, functions, s, t}, turned.options());
    const auto plain = turned.select(2, 0);
    result.functions.select(2, 0).copy_(plain);
    at::Tensor weighted = result.functions.select(2, 1);
    at::mul_out(weighted, plain, to_device(d_layout.frequency_hz).unsqueeze(-1));
    weighted = result.functions.select(2, 2);
    at::mul_out(weighted, plain, to_device(d_layout.time_s));
    result.functions.select(2, 3).copy_(turned.select(2, 1));
    result.functions = result.functions.flatten(3);
    return result;
}

// Columns of the products [C, N, 4, 2] that the derivatives of the echo with respect to the
// parameters [C, D + N] consist of.
at::Tensor LocalLikelihood::coefficients(const Geometry& geometry,
                                         const at::Tensor& amplitude) const
{
    const auto& scenario = d_layout.scenario;
    const auto count = geometry.delay_s.size(0);
    const auto n = d_layout.transmitters();
    const std::int64_t d = scenario.dimensions;
    const Complex per_delay(0.0, -2.0 * M_PI / speed_of_light);
    const Complex per_rate(0.0,
                           -2.0 * M_PI * scenario.waveform.carrier_hz / speed_of_light);
    const std::vector<double> still(d, 0.0);
    const auto leg = [&](const signal::Rays& rays,
                         const AccessPoint& point,
                         std::int64_t place) {
        return signal::Leg(point,
                           rays.distance_m.data_ptr<double>()[place],
                           rays.direction.data_ptr<double>() + place * d,
                           rays.cosine.data_ptr<double>()[place],
                           still.data());
    };
    auto result = at::zeros({count, n, functions, vectors, count, d + n},
                            at::kComplexDouble);
    auto entry = result.accessor<Complex, 6>();
    const auto gain = amplitude.accessor<Complex, 2>();
    for (std::int64_t q = 0; q < count; q++) {
        const auto in = leg(geometry.arriving, scenario.receive[d_receiver], q);
        for (std::int64_t k = 0; k < n; k++) {
            const auto out = leg(geometry.departing, scenario.transmit[k], k * count + q);
            auto of_path = entry[q][k];
            for (std::int64_t e = 0; e < d; e++) {
                // (35) without Doppler, which has its own parameters; (36), (37)
                of_path[1][0][q][e] =
                    gain[q][k] * per_delay *
                    (out.distance_gradient(e) + in.distance_gradient(e));
                of_path[3][0][q][e] = gain[q][k] * out.cosine_gradient(e);
                of_path[0][1][q][e] = gain[q][k] * in.cosine_gradient(e);
            }
            of_path[2][0][q][d + k] = gain[q][k] * per_rate; // (38), (39)
        }
    }
    return result.flatten(0, 3).flatten(1);
}

LocalFit LocalLikelihood::fit(const at::Tensor& echo, const LocalTargets& targets) const
{
    const Geometry geometry(d_layout, d_receiver, targets);
    const auto parts = basis(geometry, true);
    const auto count = targets.count();
    const auto n = d_layout.transmitters();
    const auto to_host = [](const at::Tensor& values) {
        return values.to(at::kCPU, at::kComplexDouble);
    };
    // Products of all functions, of all receive vectors, and of both with the echo.
    const auto flat = parts.functions.flatten(0, 2); // [C N 4, S T]
    const auto gram = to_host(products(flat, flat)).view({count * n, functions, 1, count * n, functions, 1});
    const auto arrays = parts.receive.flatten(0, 1); // [C 2, M_r]
    const auto of_arrays = products(arrays, arrays)
                               .view({count, 1, vectors, count, 1, vectors})
                               .expand({count, n, vectors, count, n, vectors})
                               .reshape({count * n, 1, vectors, count * n, 1, vectors});
    const auto everything = (gram * of_arrays).reshape({count * n * functions * vectors, -1});
    const auto beams =
        at::matmul(arrays.conj().resolve_conj().to(d_layout.device, at::kComplexFloat),
                   echo.flatten(1))
            .view({count, vectors, -1}); // a_r^H y, [C, 2, S T]
    const auto received =
        to_host(at::matmul(parts.functions.flatten(1, 2).conj(), beams.transpose(1, 2)))
            .reshape({-1}); // [C N 4 2]

    // The gains: least squares on the plain products.
    const auto plain = at::arange(count * n, at::kLong) * (functions * vectors);
    const auto columns = everything.index_select(1, plain);
    const auto square = columns.index_select(0, plain);
    const auto inverse = at::linalg_pinv(square, 1e-12, /*hermitian=*/true);
    const auto right = received.index_select(0, plain);
    const auto amplitude = at::mv(inverse, right);

    LocalFit result;
    result.amplitude = amplitude.view({count, n});
    result.explained = at::real(at::vdot(amplitude, right)).item<double>();
    // What a target alone explains: A^H of its block against the rest of the inverse.
    std::vector<at::Tensor> energies;
    for (std::int64_t q = 0; q < count; q++) {
        const auto own = inverse.slice(0, q * n, (q + 1) * n).slice(1, q * n, (q + 1) * n);
        const auto gain = result.amplitude[q];
        energies.push_back(
            at::real(at::vdot(gain, at::mv(at::linalg_pinv(own, 1e-12, true), gain))));
    }
    result.target_energy = at::stack(energies);
    const auto turn = coefficients(geometry, result.amplitude); // [C N 4 2, C (D + N)]
    const auto turned = at::matmul(everything, turn);
    const auto mixed = turned.index_select(0, plain); // K_A^H J
    result.gradient = at::real(
        at::mv(turn.mH(), received - at::mv(columns, amplitude)));
    result.information = at::real(at::matmul(turn.mH(), turned) -
                                  at::matmul(mixed.mH(), at::matmul(inverse, mixed)));
    return result;
}

at::Tensor LocalLikelihood::echo_of(const LocalTargets& targets,
                                    const at::Tensor& amplitude) const
{
    const Geometry geometry(d_layout, d_receiver, targets);
    const auto parts = basis(geometry, false);
    const auto arrays = parts.receive.select(1, 0).unsqueeze(1) * amplitude.unsqueeze(-1);
    return at::matmul(arrays.flatten(0, 1).t().to(d_layout.device, at::kComplexFloat),
                      parts.functions.flatten(0, 2))
        .view({-1, d_layout.subcarriers(), d_layout.symbols()});
}

} // namespace cfisac::estimators
