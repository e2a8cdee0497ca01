// SPDX-License-Identifier: GPL-3.0-or-later
#include <cfisac/signal/cramer_rao_bound.h>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

namespace cfisac::signal {

/* How the information matrix (23) is built.
 *
 * Every derivative of the echo is a sum of products of a vector over receive antennas and
 * a function over resource elements. For target q and transmit access point n there are
 * four such functions: u = exp(-jφ) a_t^H x, u times frequency, u times time, and
 * exp(-jφ) with the derivative of a_t; and two vectors: a_r and its derivative. A
 * derivative is hence a column of coefficients over these 8 N Q products, and (23) needs
 * the Gram matrix of the functions and of the vectors only, instead of one tensor of the
 * echo's size for every parameter.
 */

namespace {

constexpr std::int64_t functions = 4; // plain, times frequency, times time, derived a_t
constexpr std::int64_t vectors = 2;   // a_r and its derivative
const c10::complex<double> imaginary_unit(0.0, 1.0);

// Gradients of a ray's length and of its cosine with respect to the place, both [B, A, Q,
// D].
struct RayGradient {
    at::Tensor distance;
    at::Tensor cosine;
};

RayGradient gradient(const Rays& ray, const at::Tensor& axis)
{
    const auto perpendicular =
        axis.unsqueeze(0).unsqueeze(2) - ray.cosine.unsqueeze(-1) * ray.direction;
    return {ray.direction, perpendicular / ray.distance_m.unsqueeze(-1)};
}

// Gradient of the leg's range rate with respect to the place: the part of the velocity
// across the ray turns the direction. [B, A, Q, D]
at::Tensor range_rate_gradient(const Rays& ray, const at::Tensor& velocity)
{
    const auto speed = velocity.unsqueeze(1);
    const auto along = (ray.direction * speed).sum(-1, /*keepdim=*/true);
    return (speed - along * ray.direction) / ray.distance_m.unsqueeze(-1);
}

// d a / d cosine of (1), (2): element a times -j2π a spacing.
at::Tensor steering_derivative(const at::Tensor& steering, const at::Tensor& spacing)
{
    const auto element =
        at::arange(steering.size(-1), spacing.options()) * spacing.unsqueeze(-1);
    return steering * element * (imaginary_unit * (-2.0 * M_PI));
}

// The functions over resource elements seen by one receiver: [B, N, Q, 4, S·T].
at::Tensor resource_functions(const Layout& layout,
                              const BistaticPaths& paths,
                              const at::Tensor& illumination,
                              const at::Tensor& derived_illumination,
                              std::int64_t receiver)
{
    const auto delay = paths.delay_s.select(2, receiver).unsqueeze(-1);
    const auto doppler = paths.doppler_hz.select(2, receiver).unsqueeze(-1);
    const auto ramp = phasor(delay * layout.frequency_hz * (-2.0 * M_PI)).unsqueeze(-1) *
                      phasor(doppler * layout.time_s * (2.0 * M_PI)).unsqueeze(-2);
    const auto plain = illumination * ramp;
    return at::stack({plain,
                      plain * layout.frequency_hz.unsqueeze(-1),
                      plain * layout.time_s,
                      derived_illumination * ramp},
                     3)
        .flatten(4, 5);
}

// Scaled inverse of symmetric positive matrices whose diagonals differ by many orders.
at::Tensor scaled_inverse(const at::Tensor& matrix)
{
    const auto scale = matrix.diagonal(0, -2, -1).clamp_min(0.0).rsqrt();
    const auto scaled = matrix * scale.unsqueeze(-1) * scale.unsqueeze(-2);
    const auto [inverse, info] = at::linalg_inv_ex(scaled);
    const auto singular = (info != 0).view({-1, 1, 1});
    return (inverse * scale.unsqueeze(-1) * scale.unsqueeze(-2))
        .masked_fill(singular, std::numeric_limits<double>::infinity());
}

} // namespace

at::Tensor cramer_rao_bound(const Layout& layout,
                            const at::Tensor& transmit,
                            const Scene& targets,
                            double noise_w)
{
    if (!(noise_w > 0.0)) {
        throw std::invalid_argument("noise power in W must be positive, got " +
                                    std::to_string(noise_w));
    }
    const auto x = transmit.to(at::kComplexDouble);
    const auto batch = x.size(0);
    const auto n = layout.transmitters();
    const auto m = layout.receivers();
    const auto q = targets.count();
    const auto d = targets.position.size(2);
    const auto& waveform = layout.scenario.waveform;
    const auto paths = bistatic_paths(layout, targets.position, targets.velocity);

    const auto transmit_spacing = layout.transmit_spacing.view({1, -1, 1});
    const auto receive_spacing = layout.receive_spacing.view({1, -1, 1});
    const auto departing = steering_vector(
        paths.transmit.cosine, transmit_spacing, layout.scenario.transmit_antennas());
    const auto arriving = steering_vector(
        paths.receive.cosine, receive_spacing, layout.scenario.receive_antennas());
    const auto illuminate = [&x](const at::Tensor& steering) {
        return at::einsum("bnqa,bnast->bnqst", {steering.conj(), x});
    };
    const auto illumination = illuminate(departing);
    const auto derived_illumination =
        illuminate(steering_derivative(departing, transmit_spacing));
    const auto receive_vectors =
        at::stack({arriving, steering_derivative(arriving, receive_spacing)}, 3);

    const auto transmit_gradient = gradient(paths.transmit, layout.transmit_axis);
    const auto receive_gradient = gradient(paths.receive, layout.receive_axis);
    const auto transmit_rate = range_rate_gradient(paths.transmit, targets.velocity);
    const auto receive_rate = range_rate_gradient(paths.receive, targets.velocity);
    const double doppler_per_rate = -waveform.carrier_hz / speed_of_light;
    const auto amplitude =
        targets.reflection * paths.amplitude; // A of (31), [B, N, M, Q]

    // Parameters in order: 2DQ of ψ, Re β, Im β of this information matrix.
    const std::int64_t wanted = 2 * d * q;
    const std::int64_t nuisance = 2 * n * m * q;
    auto information = at::zeros({batch, wanted + nuisance, wanted + nuisance},
                                 layout.frequency_hz.options());
    for (std::int64_t r = 0; r < m; r++) {
        // Coefficients [B, N, Q', 4, 2, parameters of target Q]; only Q' = Q is not zero.
        auto coefficients =
            at::zeros({batch, n, q, functions, vectors, wanted + nuisance}, x.options());
        for (std::int64_t target = 0; target < q; target++) {
            const auto own = coefficients.select(2, target); // [B, N, 4, 2, P]
            const auto a =
                amplitude.select(2, r).select(-1, target).unsqueeze(-1); // [B,N,1]
            const auto range =
                paths.range_m.select(2, r).select(-1, target).unsqueeze(-1);
            const auto leg =
                transmit_gradient.distance.select(2, target) +
                receive_gradient.distance.select(1, r).select(1, target).unsqueeze(
                    1); // (34), [B, N, D]
            const auto rate = transmit_rate.select(2, target) +
                              receive_rate.select(1, r).select(1, target).unsqueeze(1);
            const auto location = own.slice(-1, target * d, (target + 1) * d);
            // (33)
            location.select(2, 0).select(2, 0).copy_(
                a * leg / range * (-0.5 * layout.scenario.path_loss.exponent));
            // (35), with the Doppler term it drops
            location.select(2, 1).select(2, 0).copy_(
                a * leg * (imaginary_unit * (-2.0 * M_PI / speed_of_light)));
            location.select(2, 2).select(2, 0).copy_(
                a * rate * (imaginary_unit * (2.0 * M_PI * doppler_per_rate)));
            // (36), (37) at both arrays
            location.select(2, 3).select(2, 0).copy_(
                a * transmit_gradient.cosine.select(2, target));
            location.select(2, 0).select(2, 1).copy_(
                a * receive_gradient.cosine.select(1, r).select(1, target).unsqueeze(1));
            // (38), (39): the rate's gradient with respect to the velocity is (34) again
            own.slice(-1, d * q + target * d, d * q + (target + 1) * d)
                .select(2, 2)
                .select(2, 0)
                .copy_(a * leg * (imaginary_unit * (2.0 * M_PI * doppler_per_rate)));
            // (41)
            for (std::int64_t t = 0; t < n; t++) {
                const auto position = wanted + (t * m + r) * q + target;
                const auto root_loss =
                    paths.amplitude.select(1, t).select(1, r).select(1, target);
                const auto entry = own.select(1, t).select(1, 0).select(1, 0);
                entry.select(-1, position).copy_(root_loss);
                entry.select(-1, position + n * m * q).copy_(root_loss * imaginary_unit);
            }
        }
        const auto basis =
            resource_functions(layout, paths, illumination, derived_illumination, r)
                .reshape({batch, n * q * functions, -1});
        const auto function_gram =
            at::matmul(basis.conj(), basis.transpose(1, 2))
                .reshape({batch, n, q, functions, 1, n, q, functions, 1});
        const auto own_vectors =
            receive_vectors.select(1, r).reshape({batch, q * vectors, -1});
        const auto vector_gram =
            at::matmul(own_vectors.conj(), own_vectors.transpose(1, 2))
                .reshape({batch, 1, q, 1, vectors, 1, q, 1, vectors});
        const auto products = n * q * functions * vectors;
        const auto gram =
            (function_gram * vector_gram).reshape({batch, products, products});
        const auto columns = coefficients.reshape({batch, products, wanted + nuisance});
        information += at::real(at::matmul(columns.mH(), at::matmul(gram, columns))) *
                       (2.0 / noise_w);
    }

    const auto f_wanted = information.slice(1, 0, wanted).slice(2, 0, wanted);
    const auto f_cross = information.slice(1, 0, wanted).slice(2, wanted);
    const auto f_nuisance = information.slice(1, wanted).slice(2, wanted);
    const auto schur =
        f_wanted -
        at::matmul(f_cross, at::matmul(scaled_inverse(f_nuisance), f_cross.mT()));
    return scaled_inverse(schur); // (24)
}

RootBound root_bound(const at::Tensor& bound, std::int64_t targets)
{
    const auto variances =
        bound.diagonal(0, -2, -1).reshape({bound.size(0), 2, targets, -1}).sum(-1).sqrt();
    return {variances.select(1, 0), variances.select(1, 1)};
}

} // namespace cfisac::signal
