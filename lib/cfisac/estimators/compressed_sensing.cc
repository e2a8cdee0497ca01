// SPDX-License-Identifier: GPL-3.0-or-later
#include "frames.h"
#include "periodogram.h"
#include <algorithm>
#include <cfisac/estimators/compressed_sensing.h>
#include <cmath>
#include <stdexcept>
#include <string>

namespace cfisac::estimators {

namespace {

constexpr int beams_per_antenna = 2;
constexpr int refinement_passes = 2;

void check(const CsOptions& options)
{
    const auto require =
        [](bool good, const char* name, const char* demand, double value) {
            if (!good) {
                throw std::invalid_argument(std::string("CsOptions: ") + name +
                                            " must be " + demand + ", is " +
                                            std::to_string(value));
            }
        };
    require(
        options.oversampling >= 1, "oversampling", "at least 1", options.oversampling);
    require(options.rate_oversampling >= 1,
            "rate_oversampling",
            "at least 1",
            options.rate_oversampling);
    require(options.blocks >= 0, "blocks", "at least 0", options.blocks);
    require(options.energy_share > 0.0 && options.energy_share <= 1.0,
            "energy_share",
            "above 0 and at most 1",
            options.energy_share);
    require(options.false_alarm > 0.0 && options.false_alarm < 1.0,
            "false_alarm",
            "between 0 and 1",
            options.false_alarm);
}

at::Tensor squared_magnitude(const at::Tensor& value)
{
    return at::view_as_real(value.resolve_conj()).square().sum(-1);
}

} // namespace

class CompressedSensingEstimator::Implementation
{
public:
    Implementation(const signal::Layout& layout,
                   std::int64_t receiver,
                   CsOptions options);
    std::vector<PathParameters> estimate(const at::Tensor& echo,
                                         const at::Tensor& transmit);

private:
    OmpResult delays(const at::Tensor& echo,
                     const Reference& reference,
                     double threshold) const;
    // Peaks of one delay's correlations [B, F, beams]; range and access point are given.
    std::vector<FoundPath> peaks(at::Tensor correlations,
                                 const PathParameters& delay,
                                 double threshold) const;
    // The same path where the echo says it is exactly.
    PathParameters refine(const at::Tensor& echo,
                          const Reference& reference,
                          const PathParameters& path) const;
    at::Tensor steering(double cosine) const;

    signal::Layout d_layout;
    std::int64_t d_receiver;
    CsOptions d_options;
    std::int64_t d_antennas;
    std::int64_t d_beams;
    double d_spacing;
    PathGrid d_grid;
    at::Tensor d_differences;
};

CompressedSensingEstimator::Implementation::Implementation(const signal::Layout& layout,
                                                           std::int64_t receiver,
                                                           CsOptions options)
    : d_layout(layout),
      d_receiver(receiver),
      d_options(options),
      d_antennas(layout.scenario.receive_antennas()),
      d_beams(beams_per_antenna * d_antennas),
      d_spacing(layout.receive.spacing[receiver].item<double>()),
      d_grid(plausible_grid(
          layout, receiver, options.oversampling, options.rate_oversampling)),
      d_differences(d_grid.differences())
{
    if (d_options.blocks == 0) {
        d_options.blocks =
            static_cast<int>(4 * layout.transmitters() * layout.scenario.targets.count);
    }
}

at::Tensor CompressedSensingEstimator::Implementation::steering(double cosine) const
{
    return signal::steering_vector(at::scalar_tensor(cosine, at::kDouble),
                                   at::scalar_tensor(d_spacing, at::kDouble),
                                   d_antennas);
}

// Blocks (n, delay) of B atoms; measurements (line, beam).
OmpResult CompressedSensingEstimator::Implementation::delays(const at::Tensor& echo,
                                                             const Reference& reference,
                                                             double threshold) const
{
    const auto n = d_layout.transmitters(), b = reference.components();
    const auto delays = d_grid.ranges();
    const auto signals = reference.conjugate().flatten(0, 1); // [N B, S, T]
    const auto cube = d_grid.correlate(echo, signals)
                          .view({n, b, d_antennas, delays, d_grid.rates()})
                          .permute({0, 3, 1, 4, 2}); // [N, D, B, F, M_r]
    const auto correlations =
        at::fft_ifft(cube, d_beams, -1, "forward").reshape({n * delays * b, -1}) /
        std::sqrt(static_cast<double>(d_antennas));
    // Products of the components of each subcarrier, then of every difference of delays.
    const auto each = signals.permute({1, 0, 2}).contiguous(); // [S, N B, T]
    const auto products = at::matmul(each, each.mH()).flatten(1);
    const auto lags =
        at::matmul(d_differences, products).view({2 * delays - 1, n, b, n, b});
    const auto gram_columns = [&](std::int64_t block) {
        const auto transmitter = block / delays, delay = block % delays;
        return lags.narrow(0, delays - 1 - delay, delays)
            .select(3, transmitter)
            .permute({1, 0, 2, 3})
            .reshape({n * delays * b, b});
    };
    OmpOptions options;
    options.blocks = d_options.blocks;
    options.block = b;
    options.selection = d_options.selection;
    options.tolerance = threshold;
    options.solve = false;
    return omp_from_products(gram_columns, correlations, options);
}

std::vector<FoundPath> CompressedSensingEstimator::Implementation::peaks(
    at::Tensor correlations, const PathParameters& delay, double threshold) const
{
    const auto rates = d_grid.rates();
    std::vector<FoundPath> found;
    for (int k = 0; k < d_layout.scenario.targets.count; k++) {
        const auto power =
            squared_magnitude(correlations).sum(0).contiguous(); // [F, beams]
        const auto best = power.argmax().item<std::int64_t>();
        const auto* value = power.data_ptr<double>();
        if (!(value[best] > threshold)) {
            break;
        }
        const auto level = [&](std::int64_t line, std::int64_t beam) {
            return std::log(
                std::max(value[line * d_beams + (beam + d_beams) % d_beams], 1e-300));
        };
        const auto line = best / d_beams, beam = best % d_beams;
        const double middle = level(line, beam);
        const double beam_offset =
            parabola_vertex(level(line, beam - 1), middle, level(line, beam + 1));
        const double line_offset =
            line > 0 && line < rates - 1
                ? parabola_vertex(level(line - 1, beam), middle, level(line + 1, beam))
                : 0.0;
        const double turns = (static_cast<double>(beam) + beam_offset) /
                             static_cast<double>(d_beams); // of the phase per antenna
        auto path = delay;
        path.cosine = (turns - std::round(turns)) / d_spacing;
        path.range_rate_mps =
            d_grid.rate_mps(line) + line_offset * d_grid.rate_step_mps();
        const auto response =
            (d_grid.response(path.range_rate_mps).unsqueeze(1) *
             at::fft_ifft(steering(path.cosine), d_beams, -1, "forward").unsqueeze(0))
                .flatten();
        path.cosine = std::clamp(path.cosine, -1.0, 1.0);
        found.push_back({path, value[best]});
        const auto flat = correlations.flatten(1); // [B, F beams]
        const auto gain =
            at::matmul(flat, response.conj()) / squared_magnitude(response).sum(); // [B]
        correlations =
            (flat - gain.unsqueeze(1) * response.unsqueeze(0)).view(correlations.sizes());
    }
    return found;
}

PathParameters CompressedSensingEstimator::Implementation::refine(
    const at::Tensor& echo, const Reference& reference, const PathParameters& path) const
{
    const auto& from =
        d_layout.scenario.transmit[static_cast<std::size_t>(path.transmitter)];
    PathParameters best = path;
    double largest = 0.0;
    for (const double cosine : indistinct_cosines(d_layout, d_receiver, path.cosine)) {
        auto refined = path;
        refined.cosine = cosine;
        double half_range_m = 0.5 * Resolution(d_layout).range_m;
        double half_rate_mps = d_grid.rate_step_mps();
        double power = 0.0;
        for (int pass = 0; pass < refinement_passes; pass++) {
            auto beam = at::matmul(steering(refined.cosine)
                                       .conj()
                                       .resolve_conj()
                                       .to(echo.device(), at::kComplexFloat),
                                   echo.flatten(1))
                            .view({echo.size(1), echo.size(2)});
            power = refine_and_subtract(d_layout,
                                        d_receiver,
                                        reference,
                                        beam,
                                        refined,
                                        half_range_m,
                                        half_rate_mps);
            const auto departure = departure_cosine(d_layout, d_receiver, refined);
            if (!(power > 0.0) || !departure) {
                power = 0.0;
                break;
            }
            const auto signal =
                reference.towards(
                    path.transmitter, *departure, from.spacing_wavelengths) *
                path_phases(d_layout, refined.range_m, refined.range_rate_mps);
            refined.cosine =
                refine_cosine(at::matmul(echo.flatten(1), signal.conj().flatten()),
                              d_spacing,
                              refined.cosine);
            half_range_m *= 0.25;
            half_rate_mps *= 0.25;
        }
        if (power > largest) {
            largest = power;
            best = refined;
        }
    }
    return best;
}

std::vector<PathParameters> CompressedSensingEstimator::Implementation::estimate(
    const at::Tensor& echo, const at::Tensor& transmit)
{
    const double noise_w =
        frame_energy(d_layout, echo, transmit) / static_cast<double>(echo.numel());
    if (!(noise_w > 0.0)) {
        return {};
    }
    const auto samples = echo.contiguous() / std::sqrt(noise_w);
    const Reference reference(transmit, d_options.energy_share);
    const auto components = reference.components();
    const auto measurements = d_grid.rates() * d_beams;
    const double threshold =
        noise_threshold(components,
                        d_layout.transmitters() * d_grid.ranges() * measurements,
                        d_options.false_alarm);
    const auto chosen = delays(samples, reference, threshold);
    const auto correlations = chosen.correlations.to(at::kCPU, at::kComplexDouble);
    std::vector<FoundPath> found;
    for (std::size_t k = 0; k < chosen.support.size(); k++) {
        PathParameters delay;
        delay.transmitter = static_cast<int>(chosen.support[k] / d_grid.ranges());
        delay.range_m = d_grid.range_m(chosen.support[k] % d_grid.ranges());
        const auto own = correlations[static_cast<std::int64_t>(k)].view(
            {components, d_grid.rates(), d_beams});
        for (auto& one : peaks(own, delay, threshold)) {
            if (d_options.refinement) {
                one.path = refine(samples, reference, one.path);
            }
            if (departure_cosine(d_layout, d_receiver, one.path)) {
                found.push_back(one);
            }
        }
    }
    return strongest_of_targets(
        d_layout.scenario,
        static_cast<std::size_t>(d_receiver),
        std::move(found),
        static_cast<std::size_t>(d_layout.scenario.targets.count));
}

CompressedSensingEstimator::CompressedSensingEstimator(const signal::Layout& layout,
                                                       std::int64_t receiver,
                                                       CsOptions options)
{
    require_receiver(layout, receiver);
    check(options);
    d_implementation = std::make_unique<Implementation>(layout, receiver, options);
}

CompressedSensingEstimator::~CompressedSensingEstimator() = default;
CompressedSensingEstimator::CompressedSensingEstimator(
    CompressedSensingEstimator&&) noexcept = default;

std::vector<PathParameters> CompressedSensingEstimator::operator()(
    const at::Tensor& echo, const at::Tensor& transmit)
{
    return d_implementation->estimate(echo, transmit);
}

} // namespace cfisac::estimators
