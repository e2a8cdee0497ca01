// SPDX-License-Identifier: GPL-3.0-or-later
#include "frames.h"
#include "periodogram.h"
#include <algorithm>
#include <cfisac/estimators/music.h>
#include <cmath>
#include <stdexcept>
#include <string>

namespace cfisac::estimators {

namespace {

constexpr int beams_per_antenna = 2;

[[noreturn]] void refuse(const std::string& option,
                         const std::string& demand,
                         double value)
{
    throw std::invalid_argument("MusicOptions: " + option + " must be " + demand +
                                ", is " + std::to_string(value));
}

int default_subarray(int antennas, int targets)
{
    return std::max({2, (antennas + 1) / 2, antennas - targets + 1});
}

void check(const MusicOptions& options, int antennas)
{
    if (antennas < 2) {
        throw std::invalid_argument(
            "MUSIC needs receive arrays of at least 2 antennas, got " +
            std::to_string(antennas));
    }
    if (options.subarray != 0 && (options.subarray < 2 || options.subarray > antennas)) {
        refuse("subarray", "0 or 2 to " + std::to_string(antennas), options.subarray);
    }
    if (options.smoothing == Smoothing::none && options.subarray != 0 &&
        options.subarray != antennas) {
        refuse("subarray without smoothing",
               "0 or " + std::to_string(antennas),
               options.subarray);
    }
    if (options.angle_oversampling < 1) {
        refuse("angle_oversampling", "at least 1", options.angle_oversampling);
    }
    if (options.oversampling < 1) {
        refuse("oversampling", "at least 1", options.oversampling);
    }
    if (!(options.energy_share > 0.0 && options.energy_share <= 1.0)) {
        refuse("energy_share", "above 0 and at most 1", options.energy_share);
    }
    if (!(options.false_alarm > 0.0 && options.false_alarm < 1.0)) {
        refuse("false_alarm", "between 0 and 1", options.false_alarm);
    }
}

} // namespace

class MusicEstimator::Implementation
{
public:
    Implementation(const signal::Layout& layout,
                   std::int64_t receiver,
                   MusicOptions options);
    std::vector<PathParameters> estimate(const at::Tensor& echo,
                                         const at::Tensor& transmit);

private:
    std::vector<double> angles(const at::Tensor& echo,
                               const Reference& reference,
                               double noise_w) const;
    at::Tensor beams(const std::vector<double>& cosines) const; // [angles, M_r]

    signal::Layout d_layout;
    std::int64_t d_receiver;
    MusicOptions d_options;
    double d_spacing;
    PathGrid d_cells; // where the snapshots are
    Periodogram d_periodogram;
};

MusicEstimator::Implementation::Implementation(const signal::Layout& layout,
                                               std::int64_t receiver,
                                               MusicOptions options)
    : d_layout(layout),
      d_receiver(receiver),
      d_options(options),
      d_spacing(layout.receive.spacing[receiver].item<double>()),
      d_cells(plausible_grid(layout, receiver, 1, 1)),
      d_periodogram(layout, receiver, options.oversampling)
{
    const int antennas = layout.scenario.receive_antennas();
    if (d_options.smoothing == Smoothing::none) {
        d_options.subarray = antennas;
    } else if (d_options.subarray == 0) {
        d_options.subarray =
            std::min(antennas, default_subarray(antennas, layout.scenario.targets.count));
    }
    if (d_options.sources < 0 || d_options.sources >= d_options.subarray) {
        refuse(
            "sources", "0 to " + std::to_string(d_options.subarray - 1), options.sources);
    }
}

std::vector<double> MusicEstimator::Implementation::angles(const at::Tensor& echo,
                                                           const Reference& reference,
                                                           double noise_w) const
{
    const auto components = reference.components();
    const auto antennas = echo.size(0);
    const auto cells = d_cells.correlate(echo, reference.conjugate().flatten(0, 1))
                           .to(at::kCPU, at::kComplexDouble)
                           .view({d_layout.transmitters(), components, antennas, -1})
                           .permute({0, 3, 1, 2})
                           .flatten(0, 1); // [cells, B, M_r]
    // The transform with positive exponent collects what steering vectors turn.
    const auto beams = at::fft_ifft(cells, beams_per_antenna * antennas, -1, "forward");
    const auto power = std::get<0>(
        at::view_as_real(beams).square().sum({1, 3}).max(1)); // [cells], of the best beam
    const double threshold =
        noise_threshold(components, cells.size(0) * beams.size(2), d_options.false_alarm);
    const auto chosen =
        at::nonzero(power > threshold * noise_w * static_cast<double>(antennas))
            .squeeze(1);
    if (chosen.numel() == 0) {
        return {};
    }
    auto snapshots = cells.index_select(0, chosen).flatten(0, 1);
    const auto filled = at::nonzero(snapshots.abs().sum(1) > 0.0).squeeze(1);
    snapshots = snapshots.index_select(0, filled);
    const auto count = snapshots.size(0);
    const auto covariance = at::matmul(snapshots.transpose(0, 1), snapshots.conj()) /
                            static_cast<double>(count);
    const auto smoothed =
        smoothed_covariance(covariance, d_options.smoothing, d_options.subarray);
    int sources = d_options.sources;
    if (sources == 0) {
        const auto values = at::linalg_eigvalsh(smoothed, "L");
        const auto* value = values.data_ptr<double>();
        // Something stands out: there is one at least.
        sources =
            std::clamp(mdl_order({value, value + values.numel()}, count),
                       1,
                       std::min(d_layout.scenario.targets.count, d_options.subarray - 1));
    }
    return music_cosines(smoothed, sources, d_spacing, d_options.angle_oversampling);
}

at::Tensor MusicEstimator::Implementation::beams(const std::vector<double>& cosines) const
{
    const auto steering =
        signal::steering_vector(at::tensor(cosines, at::kDouble),
                                at::scalar_tensor(d_spacing, at::kDouble),
                                d_layout.scenario.receive_antennas());    // rows a^T
    const auto weights = at::linalg_pinv(steering.transpose(0, 1), 1e-3); // [angles, M_r]
    return weights / weights.abs().square().sum(1, true).sqrt();
}

std::vector<PathParameters> MusicEstimator::Implementation::estimate(
    const at::Tensor& echo, const at::Tensor& transmit)
{
    const double noise_w =
        frame_energy(d_layout, echo, transmit) / static_cast<double>(echo.numel());
    if (!(noise_w > 0.0)) {
        return {};
    }
    const auto samples = echo.contiguous();
    const Reference reference(transmit, d_options.energy_share);
    const auto cosines = angles(samples, reference, noise_w);
    if (cosines.empty()) {
        return {};
    }
    const auto from_angles =
        at::matmul(beams(cosines).to(samples.device(), at::kComplexFloat),
                   samples.flatten(1))
            .view({-1, samples.size(1), samples.size(2)});
    const auto targets = static_cast<std::int64_t>(d_layout.scenario.targets.count);
    const double threshold =
        noise_threshold(1, d_periodogram.cells(), d_options.false_alarm);
    std::vector<FoundPath> found;
    for (std::size_t k = 0; k < cosines.size(); k++) {
        std::vector<FoundPath> of_angle;
        for (const double cosine : indistinct_cosines(d_layout, d_receiver, cosines[k])) {
            auto paths = d_periodogram(reference,
                                       from_angles[static_cast<std::int64_t>(k)],
                                       cosine,
                                       noise_w,
                                       d_layout.transmitters() * targets,
                                       threshold);
            if (!paths.empty() &&
                (of_angle.empty() || paths.front().power > of_angle.front().power)) {
                of_angle = std::move(paths);
            }
        }
        found.insert(found.end(), of_angle.begin(), of_angle.end());
    }
    return strongest_of_targets(d_layout.scenario,
                                static_cast<std::size_t>(d_receiver),
                                std::move(found),
                                static_cast<std::size_t>(targets));
}

MusicEstimator::MusicEstimator(const signal::Layout& layout,
                               std::int64_t receiver,
                               MusicOptions options)
{
    require_receiver(layout, receiver);
    check(options, layout.scenario.receive_antennas());
    d_implementation = std::make_unique<Implementation>(layout, receiver, options);
}

MusicEstimator::~MusicEstimator() = default;
MusicEstimator::MusicEstimator(MusicEstimator&&) noexcept = default;

std::vector<PathParameters> MusicEstimator::operator()(const at::Tensor& echo,
                                                       const at::Tensor& transmit)
{
    return d_implementation->estimate(echo, transmit);
}

} // namespace cfisac::estimators
