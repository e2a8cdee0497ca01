// SPDX-License-Identifier: GPL-3.0-or-later
#include "echo_cuda.h"
#include "echo_factors.h"
#include "echo_host.h"
#include "random_cuda.h"
#include <algorithm>
#include <cfisac/signal/sensing_channel.h>
#include <cmath>
#include <sstream>
#include <stdexcept>

namespace cfisac::signal {

namespace {

void require_shape(const char* name, const at::Tensor& tensor, at::IntArrayRef expected)
{
    if (!tensor.defined() || tensor.sizes() != expected) {
        std::ostringstream text;
        text << name << " must have shape " << expected << ", got ";
        if (tensor.defined()) {
            text << tensor.sizes();
        } else {
            text << "nothing";
        }
        throw std::invalid_argument(text.str());
    }
}

void check(const Layout& layout,
           const at::Tensor& transmit,
           const Scene& scene,
           const std::optional<Offsets>& offsets)
{
    if (!transmit.defined() || transmit.dim() != 5) {
        throw std::invalid_argument(
            "transmit must have five dimensions [B, N, N_t, S, T]");
    }
    const auto batch = transmit.size(0);
    const auto n = layout.transmitters();
    const auto m = layout.receivers();
    require_shape("transmit",
                  transmit,
                  {batch,
                   n,
                   layout.scenario.transmit_antennas(),
                   layout.subcarriers(),
                   layout.symbols()});
    const auto count = scene.position.dim() == 3 ? scene.position.size(1) : 0;
    const auto dimensions = layout.transmit.position.size(1);
    require_shape("scene position", scene.position, {batch, count, dimensions});
    require_shape("scene velocity", scene.velocity, {batch, count, dimensions});
    require_shape("scene reflection", scene.reflection, {batch, n, m, count});
    if (offsets) {
        require_shape(
            "timing offset", offsets->timing_s, {batch, n, m, layout.symbols()});
        require_shape(
            "frequency offset", offsets->frequency_hz, {batch, n, m, layout.symbols()});
    }
}

Scene with_clutter(const Layout& layout,
                   const Scene& targets,
                   const Impairments& impairments,
                   const Random& random)
{
    const auto& frames = impairments.clutter_of_frames;
    if (!frames.empty()) {
        const auto clutter = draw_clutter(layout, impairments.clutter, frames, random);
        return clutter.count() > 0 ? join(targets, clutter) : targets;
    }
    return impairments.clutter.scatterers > 0
               ? join(targets, draw_clutter(layout, impairments.clutter, random))
               : targets;
}

std::optional<Offsets> offsets_of(const Layout& layout,
                                  const Impairments& impairments,
                                  const Random& random)
{
    const auto& frames = impairments.clocks_of_frames;
    const auto clocks = frames.empty() ? std::vector<Clocks>{impairments.clocks} : frames;
    const bool wander = std::any_of(clocks.begin(), clocks.end(), [](const Clocks& c) {
        return c.timing_offset_std_s > 0.0 || c.frequency_offset_std_hz > 0.0;
    });
    return wander ? std::optional<Offsets>(draw_offsets(layout, clocks, random))
                  : std::nullopt;
}

double noise_deviation(double noise_dbm) { return std::sqrt(dbm_to_watt(noise_dbm)); }

at::Tensor draw_noise(const Layout& layout,
                      double deviation,
                      const Random& random,
                      at::ScalarType type)
{
    return random.complex_normal(Purpose::sensing_noise,
                                 {layout.receivers(),
                                  layout.scenario.receive_antennas(),
                                  layout.subcarriers(),
                                  layout.symbols()},
                                 at::TensorOptions().dtype(type).device(layout.device),
                                 deviation);
}

bool needs_gradient(const at::Tensor& transmit, const Scene& scene)
{
    return at::GradMode::is_enabled() &&
           (transmit.requires_grad() || scene.position.requires_grad() ||
            scene.velocity.requires_grad() || scene.reflection.requires_grad());
}

// The one place that knows which kernels are there; undefined where none fits.
at::Tensor synthesise_by_kernel(const Layout& layout,
                                const at::Tensor& transmit,
                                const Scene& scene,
                                const std::optional<Offsets>& offsets,
                                const std::optional<EchoNoise>& noise)
{
    if (transmit.scalar_type() != at::kComplexFloat || needs_gradient(transmit, scene)) {
        return {};
    }
    if (transmit.device().is_cpu()) {
        return echo_on_host(layout, transmit, scene, offsets, noise);
    }
    if constexpr (built_with_cuda) {
        if (transmit.device().is_cuda()) {
            return cuda::echo(layout, transmit, scene, offsets, noise);
        }
    }
    return {};
}

// Echo and noise by whatever makes them fastest where `transmit` lies.
at::Tensor synthesise(const Layout& layout,
                      const at::Tensor& transmit,
                      const Scene& scene,
                      const std::optional<Offsets>& offsets,
                      const std::optional<EchoNoise>& noise)
{
    check(layout, transmit, scene, offsets);
    auto made = synthesise_by_kernel(layout, transmit, scene, offsets, noise);
    if (made.defined()) {
        return made;
    }
    auto received = echo_by_tensor_operations(layout, transmit, scene, offsets);
    if (noise) {
        received += draw_noise(layout,
                               noise->deviation,
                               noise->random,
                               at::toRealValueType(transmit.scalar_type()));
    }
    return received;
}

} // namespace

at::Tensor echo(const Layout& layout,
                const at::Tensor& transmit,
                const Scene& scene,
                const std::optional<Offsets>& offsets)
{
    return synthesise(layout, transmit, scene, offsets, std::nullopt);
}

EchoFactors echo_factors(const Layout& layout,
                         const at::Tensor& transmit,
                         const Scene& scene)
{
    const auto type = transmit.scalar_type();
    const auto paths = bistatic_paths(layout, scene.position, scene.velocity);
    const auto departing = steering_vectors(layout.transmit, paths.transmit)
                               .conj()
                               .to(type); // [B, N, Q, N_t]
    const auto gain = (scene.reflection * paths.amplitude).unsqueeze(-1);
    EchoFactors factors;
    factors.illumination = at::matmul(departing, transmit.flatten(3))
                               .view({transmit.size(0),
                                      layout.transmitters(),
                                      scene.count(),
                                      layout.subcarriers(),
                                      layout.symbols()});
    factors.arriving = steering_vectors(layout.receive, paths.receive).to(type);
    factors.over_subcarriers =
        (gain * phasor(paths.delay_s.unsqueeze(-1) * layout.frequency_hz * (-2.0 * M_PI)))
            .to(type);
    factors.over_symbols =
        phasor(paths.doppler_hz.unsqueeze(-1) * layout.time_s * (2.0 * M_PI)).to(type);
    return factors;
}

at::Tensor echo_by_tensor_operations(const Layout& layout,
                                     const at::Tensor& transmit,
                                     const Scene& scene,
                                     const std::optional<Offsets>& offsets)
{
    check(layout, transmit, scene, offsets);
    const auto type = transmit.scalar_type();
    const auto factors = echo_factors(layout, transmit, scene);
    at::Tensor offset_phasor; // [B, N, M, S, T]
    if (offsets) {
        const auto timing =
            offsets->timing_s.unsqueeze(-2) * layout.frequency_hz.unsqueeze(-1);
        const auto frequency = (offsets->frequency_hz * layout.time_s).unsqueeze(-2);
        offset_phasor = phasor((frequency - timing) * (2.0 * M_PI)).to(type);
    }

    std::vector<at::Tensor> received;
    for (std::int64_t m = 0; m < layout.receivers(); m++) {
        at::Tensor sum; // [B, Q, S, T]
        for (std::int64_t n = 0; n < layout.transmitters(); n++) {
            auto part = factors.illumination.select(1, n) *
                        factors.over_subcarriers.select(1, n).select(1, m).unsqueeze(-1);
            part.mul_(factors.over_symbols.select(1, n).select(1, m).unsqueeze(-2));
            if (offsets) {
                part.mul_(offset_phasor.select(1, n).select(1, m).unsqueeze(1));
            }
            sum = sum.defined() ? sum.add_(part) : part;
        }
        received.push_back(
            at::einsum("bqr,bqst->brst", {factors.arriving.select(1, m), sum}));
    }
    return at::stack(received, 1);
}

at::Tensor sensing_noise(const Layout& layout,
                         double noise_dbm,
                         const Random& random,
                         at::ScalarType type)
{
    return draw_noise(layout, noise_deviation(noise_dbm), random, type);
}

Impairments Impairments::of(const Scenario& scenario)
{
    return {scenario.sensing_noise_dbm, scenario.clutter, scenario.clocks};
}

at::Tensor received_echo(const Layout& layout,
                         const at::Tensor& transmit,
                         const Scene& targets,
                         const Impairments& impairments,
                         const Random& random)
{
    if (transmit.dim() > 0 && transmit.size(0) != random.batch()) {
        throw std::invalid_argument("transmit has " + std::to_string(transmit.size(0)) +
                                    " frames, but noise is drawn for " +
                                    std::to_string(random.batch()));
    }
    return synthesise(layout,
                      transmit,
                      with_clutter(layout, targets, impairments, random),
                      offsets_of(layout, impairments, random),
                      EchoNoise{random, noise_deviation(impairments.noise_dbm)});
}

} // namespace cfisac::signal
