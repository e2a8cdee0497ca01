// SPDX-License-Identifier: GPL-3.0-or-later
// The parts of MUSIC that know nothing of frames.
#include "path_grid.h"
#include <algorithm>
#include <cfisac/estimators/music.h>
#include <cmath>
#include <numeric>
#include <sstream>
#include <stdexcept>

namespace cfisac::estimators {

namespace {

void require_square(const at::Tensor& covariance)
{
    if (!covariance.defined() || covariance.dim() != 2 ||
        covariance.size(0) != covariance.size(1) || covariance.size(0) < 1) {
        std::ostringstream text;
        text << "covariance must be a square matrix, got ";
        if (covariance.defined()) {
            text << covariance.sizes();
        } else {
            text << "nothing";
        }
        throw std::invalid_argument(text.str());
    }
}

at::Tensor noise_subspace(const at::Tensor& covariance, std::int64_t sources)
{
    require_square(covariance);
    const auto antennas = covariance.size(0);
    if (sources < 1 || sources >= antennas) {
        throw std::invalid_argument("sources must be 1 to " +
                                    std::to_string(antennas - 1) + ", got " +
                                    std::to_string(sources));
    }
    const auto vectors = std::get<1>(
        at::linalg_eigh(covariance.to(at::kCPU, at::kComplexDouble), "L")); // ascending
    return vectors.narrow(1, 0, antennas - sources);
}

// a^H E E^H a for each cosine
at::Tensor denominator(const at::Tensor& noise, const at::Tensor& cosine, double spacing)
{
    const auto steering = signal::steering_vector(cosine.to(at::kCPU, at::kDouble),
                                                  at::scalar_tensor(spacing, at::kDouble),
                                                  noise.size(0)); // [G, L]
    return at::view_as_real(at::matmul(steering.conj(), noise).resolve_conj())
        .square()
        .sum({1, 2})
        .clamp_min(1e-300);
}

// Minimum of the denominator within `step` of a cosine.
double refined(const at::Tensor& noise, double cosine, double step, double spacing)
{
    constexpr std::int64_t half = 32;
    for (int pass = 0; pass < 2; pass++) {
        const double fine = step / half;
        const auto grid = at::arange(-half, half + 1, at::kDouble) * fine + cosine;
        const auto values = denominator(noise, grid, spacing);
        const auto* value = values.data_ptr<double>();
        const auto best = values.argmin().item<std::int64_t>();
        double offset = 0.0;
        if (best > 0 && best < 2 * half) {
            offset = parabola_vertex(-value[best - 1], -value[best], -value[best + 1]);
        }
        cosine += fine * (static_cast<double>(best - half) + offset);
        step = fine;
    }
    return std::clamp(cosine, -1.0, 1.0);
}

} // namespace

at::Tensor smoothed_covariance(const at::Tensor& covariance,
                               Smoothing smoothing,
                               std::int64_t subarray)
{
    require_square(covariance);
    const auto antennas = covariance.size(0);
    const auto least = smoothing == Smoothing::none ? antennas : 1;
    if (subarray < least || subarray > antennas) {
        throw std::invalid_argument("subarray must have " + std::to_string(least) +
                                    " to " + std::to_string(antennas) +
                                    " antennas, got " + std::to_string(subarray));
    }
    const auto full = covariance.to(at::kCPU, at::kComplexDouble);
    const auto count = antennas - subarray + 1;
    auto smoothed = at::zeros({subarray, subarray}, full.options());
    for (std::int64_t first = 0; first < count; first++) {
        smoothed += full.narrow(0, first, subarray).narrow(1, first, subarray);
    }
    smoothed /= static_cast<double>(count);
    if (smoothing == Smoothing::forward_backward) {
        smoothed = 0.5 * (smoothed + smoothed.flip({0, 1}).conj());
    }
    return smoothed.resolve_conj();
}

at::Tensor music_spectrum(const at::Tensor& covariance,
                          std::int64_t sources,
                          const at::Tensor& cosine,
                          double spacing_wavelengths)
{
    if (!cosine.defined() || cosine.dim() != 1) {
        throw std::invalid_argument("cosines of a spectrum must have one dimension");
    }
    return denominator(noise_subspace(covariance, sources), cosine, spacing_wavelengths)
        .reciprocal();
}

std::vector<double> music_cosines(const at::Tensor& covariance,
                                  std::int64_t sources,
                                  double spacing_wavelengths,
                                  int oversampling)
{
    const auto noise = noise_subspace(covariance, sources);
    const auto count = 2 * oversampling * noise.size(0) + 1;
    const auto grid = at::linspace(-1.0, 1.0, count, at::kDouble);
    const auto values = denominator(noise, grid, spacing_wavelengths);
    const auto* value = values.data_ptr<double>();
    std::vector<std::int64_t> minima;
    for (std::int64_t k = 0; k < count; k++) {
        const bool falls = k == 0 || value[k] < value[k - 1];
        const bool rises = k == count - 1 || value[k] <= value[k + 1];
        if (falls && rises) {
            minima.push_back(k);
        }
    }
    std::sort(minima.begin(), minima.end(), [&](auto a, auto b) {
        return value[a] < value[b];
    });
    minima.resize(std::min<std::size_t>(minima.size(), sources));
    std::vector<double> cosines;
    for (const auto k : minima) {
        cosines.push_back(refined(noise,
                                  grid[k].item<double>(),
                                  2.0 / static_cast<double>(count - 1),
                                  spacing_wavelengths));
    }
    return cosines;
}

int mdl_order(std::vector<double> eigenvalues, std::int64_t snapshots)
{
    if (eigenvalues.empty()) {
        throw std::invalid_argument("a model order needs eigenvalues, got none");
    }
    for (const double value : eigenvalues) {
        if (!std::isfinite(value)) {
            throw std::invalid_argument("eigenvalues must be finite, got " +
                                        std::to_string(value));
        }
    }
    if (snapshots < 1) {
        throw std::invalid_argument("snapshots must be at least 1, got " +
                                    std::to_string(snapshots));
    }
    std::sort(eigenvalues.rbegin(), eigenvalues.rend());
    const double floor = std::max(1e-12 * eigenvalues.front(), 1e-300);
    for (auto& value : eigenvalues) {
        value = std::max(value, floor);
    }
    const auto p = static_cast<int>(eigenvalues.size());
    const auto n = static_cast<double>(snapshots);
    int order = 0;
    double least = 0.0;
    for (int k = 0; k < p; k++) {
        double sum = 0.0, logarithms = 0.0;
        for (int i = k; i < p; i++) {
            sum += eigenvalues[i];
            logarithms += std::log(eigenvalues[i]);
        }
        const double rest = p - k;
        const double length = n * (rest * std::log(sum / rest) - logarithms) +
                              0.5 * k * (2.0 * p - k) * std::log(n);
        if (k == 0 || length < least) {
            least = length;
            order = k;
        }
    }
    return order;
}

} // namespace cfisac::estimators
