// SPDX-License-Identifier: GPL-3.0-or-later
#include "information.h"
#include "leg.h"
#include <cmath>

namespace cfisac::signal {

namespace {

using Complex = std::complex<double>;
const Complex imaginary_unit(0.0, 1.0);

// One product of a function and a receive vector in the derivative of the echo.
struct Term {
    std::int64_t path; // n Q + q
    std::int64_t function;
    std::int64_t vector; // a_r, or derived along one of its axes
    Complex coefficient;
};

// The derivative of the echo at one receiver with respect to one parameter.
struct Derivative {
    std::int64_t parameter;
    std::vector<Term> terms;
};

Leg leg(const Rays& rays,
        const AccessPoint& point,
        const at::Tensor& velocity,
        std::int64_t frame,
        std::int64_t access_point,
        std::int64_t target)
{
    const auto places = rays.cosine.size(2);
    const auto dimensions = velocity.size(2);
    const auto ray = (frame * rays.cosine.size(1) + access_point) * places + target;
    return {point,
            rays.distance_m.data_ptr<double>()[ray],
            rays.direction.data_ptr<double>() + ray * dimensions,
            rays.cosine.data_ptr<double>()[ray],
            velocity.data_ptr<double>() + (frame * places + target) * dimensions};
}

// Conjugated product of two steering vectors along one axis; with the second, the first or
// both derived.
struct AxisProducts {
    AxisProducts(double spacing, double difference, int antennas)
    {
        // Element a of the derivative is a_r's times -j2π a spacing.
        const auto step = std::polar(1.0, -2.0 * M_PI * spacing * difference);
        Complex turn = 1.0 / antennas;
        Complex once = 0.0, twice = 0.0;
        for (int a = 0; a < antennas; a++) {
            plain += turn;
            once += turn * double(a);
            twice += turn * double(a) * double(a);
            turn *= step;
        }
        const auto derivative = imaginary_unit * (-2.0 * M_PI * spacing);
        second_derived = derivative * once;
        first_derived = std::conj(derivative) * once;
        both_derived = std::norm(derivative) * twice;
    }
    Complex plain = 0.0, second_derived, first_derived, both_derived;
};

// Conjugated products of the receive vectors, [Q, 1 + axes, Q, 1 + axes].
std::vector<Complex> vector_gram(const Layout& layout,
                                 const Rays& rays, // [B, M, Q]
                                 std::int64_t frame,
                                 std::int64_t receiver)
{
    const auto& point = layout.scenario.receive[receiver];
    const auto targets = rays.cosine.size(2);
    const auto first = (frame * rays.cosine.size(1) + receiver) * targets;
    const auto* values = rays.cosine.data_ptr<double>() + first;
    const auto vectors = 1 + layout.receive.axes();
    const auto width = targets * vectors;
    std::vector<Complex> gram(width * width);
    for (std::int64_t i = 0; i < targets; i++) {
        for (std::int64_t j = 0; j < targets; j++) {
            auto* of_pair = gram.data() + i * vectors * width + j * vectors;
            const AxisProducts one(
                point.spacing_wavelengths, values[j] - values[i], point.antennas);
            if (!point.planar) {
                of_pair[0] = one.plain;
                of_pair[1] = one.second_derived;
                of_pair[width] = one.first_derived;
                of_pair[width + 1] = one.both_derived;
                continue;
            }
            // Products of Kronecker products are products of the products.
            const auto* seconds = rays.second_cosine.data_ptr<double>() + first;
            const AxisProducts two(point.planar->spacing_wavelengths,
                                   seconds[j] - seconds[i],
                                   point.planar->antennas);
            const Complex products[] = {one.plain * two.plain,
                                        one.second_derived * two.plain,
                                        one.plain * two.second_derived,
                                        one.first_derived * two.plain,
                                        one.both_derived * two.plain,
                                        one.first_derived * two.second_derived,
                                        one.plain * two.first_derived,
                                        one.second_derived * two.first_derived,
                                        one.plain * two.both_derived};
            for (std::int64_t k = 0; k < vectors * vectors; k++) {
                of_pair[k / vectors * width + k % vectors] = products[k];
            }
        }
    }
    return gram;
}

// Derivatives with respect to the location and velocity of one target along one axis.
void add_target(const Layout& layout,
                const BistaticPaths& paths,
                const at::Tensor& amplitude,
                const at::Tensor& velocity,
                std::int64_t frame,
                std::int64_t receiver,
                std::int64_t target,
                std::vector<Derivative>& out)
{
    const auto& scenario = layout.scenario;
    const auto n = layout.transmitters();
    const auto m = layout.receivers();
    const auto q = velocity.size(1);
    const auto dimensions = velocity.size(2);
    const auto per_delay = imaginary_unit * (-2.0 * M_PI / speed_of_light);
    const auto per_rate =
        imaginary_unit * (-2.0 * M_PI * scenario.waveform.carrier_hz / speed_of_light);
    const auto in =
        leg(paths.receive, scenario.receive[receiver], velocity, frame, receiver, target);
    std::vector<Derivative> location(dimensions), speed(dimensions);
    for (std::int64_t d = 0; d < dimensions; d++) {
        location[d].parameter = target * dimensions + d;
        speed[d].parameter = (q + target) * dimensions + d;
    }
    for (std::int64_t t = 0; t < n; t++) {
        const auto out_leg =
            leg(paths.transmit, scenario.transmit[t], velocity, frame, t, target);
        const auto k = ((frame * n + t) * m + receiver) * q + target;
        const auto& value = amplitude.data_ptr<c10::complex<double>>()[k];
        const Complex a(value.real(), value.imag());
        const double range = paths.range_m.data_ptr<double>()[k];
        const auto path = t * q + target;
        for (std::int64_t d = 0; d < dimensions; d++) {
            const double leg =
                out_leg.distance_gradient(d) + in.distance_gradient(d); // (34)
            const double rate =
                out_leg.range_rate_gradient(d) + in.range_rate_gradient(d);
            location[d].terms.insert(
                location[d].terms.end(),
                {// (33)
                 {path, 0, 0, a * (leg / range * -0.5 * scenario.path_loss.exponent)},
                 // (35), with the Doppler term it drops
                 {path, 1, 0, a * leg * per_delay},
                 {path, 2, 0, a * rate * per_rate}});
            // (36), (37) at both arrays
            for (std::int64_t axis = 0; axis < layout.transmit.axes(); axis++) {
                location[d].terms.push_back(
                    {path, 3 + axis, 0, a * out_leg.cosine_gradient(axis, d)});
            }
            for (std::int64_t axis = 0; axis < layout.receive.axes(); axis++) {
                location[d].terms.push_back(
                    {path, 0, 1 + axis, a * in.cosine_gradient(axis, d)});
            }
            // (38), (39): the rate's gradient with respect to the velocity is (34) again
            speed[d].terms.push_back({path, 2, 0, a * leg * per_rate});
        }
    }
    for (auto* derivatives : {&location, &speed}) {
        std::move(derivatives->begin(), derivatives->end(), std::back_inserter(out));
    }
}

// Derivatives (41) with respect to the reflection coefficients of one target.
void add_reflections(const Layout& layout,
                     const BistaticPaths& paths,
                     std::int64_t wanted,
                     std::int64_t frame,
                     std::int64_t receiver,
                     std::int64_t target,
                     std::vector<Derivative>& out)
{
    const auto n = layout.transmitters();
    const auto m = layout.receivers();
    const auto q = paths.range_m.size(3);
    for (std::int64_t t = 0; t < n; t++) {
        const auto position = (t * m + receiver) * q + target;
        const double root_loss =
            paths.amplitude.data_ptr<double>()[frame * n * m * q + position];
        const auto path = t * q + target;
        out.push_back({wanted + position, {{path, 0, 0, root_loss}}});
        out.push_back(
            {wanted + n * m * q + position, {{path, 0, 0, root_loss * imaginary_unit}}});
    }
}

} // namespace

void add_information(const Layout& layout,
                     const BistaticPaths& paths,
                     const at::Tensor& amplitude,
                     const at::Tensor& velocity,
                     std::int64_t frame,
                     std::int64_t receiver,
                     const std::complex<double>* gram,
                     double* information)
{
    const auto q = velocity.size(1);
    const auto wanted = 2 * q * velocity.size(2);
    const auto parameters = wanted + 2 * layout.transmitters() * layout.receivers() * q;
    const auto functions = information_functions(layout);
    const auto vectors = 1 + layout.receive.axes();
    const auto width = layout.transmitters() * q * functions;
    std::vector<Derivative> derivatives;
    for (std::int64_t target = 0; target < q; target++) {
        add_target(
            layout, paths, amplitude, velocity, frame, receiver, target, derivatives);
        add_reflections(layout, paths, wanted, frame, receiver, target, derivatives);
    }
    const auto of_vectors = vector_gram(layout, paths.receive, frame, receiver);
    for (const auto& one : derivatives) {
        for (const auto& other : derivatives) {
            if (other.parameter < one.parameter) {
                continue;
            }
            double sum = 0.0;
            for (const auto& x : one.terms) {
                const auto* row = gram + (x.path * functions + x.function) * width;
                const auto* vector_row =
                    of_vectors.data() + (x.path % q * vectors + x.vector) * q * vectors;
                for (const auto& y : other.terms) {
                    const auto product = std::conj(x.coefficient) * y.coefficient *
                                         row[y.path * functions + y.function];
                    const auto factor = vector_row[y.path % q * vectors + y.vector];
                    sum +=
                        product.real() * factor.real() - product.imag() * factor.imag();
                }
            }
            information[one.parameter * parameters + other.parameter] += sum;
        }
    }
}

} // namespace cfisac::signal
