// SPDX-License-Identifier: GPL-3.0-or-later
#include "path_grid.h"
#include <algorithm>
#include <cmath>

namespace cfisac::estimators {

namespace {

constexpr std::int64_t zoom_half = 16; // lines to either side
constexpr std::int64_t products_at_once = std::int64_t{1} << 20;

// Of times and frequencies on the processor; the matrices are small.
at::Tensor delay_rows(const at::Tensor& frequency_hz, const at::Tensor& range_m)
{
    return signal::phasor(range_m.unsqueeze(1) * frequency_hz.to(at::kCPU) *
                          (2.0 * M_PI / speed_of_light));
}

// A range that grows lowers the frequency: f_D = -rate / wavelength.
at::Tensor doppler_columns(const at::Tensor& time_s,
                           double wavelength_m,
                           const at::Tensor& rate_mps)
{
    return signal::phasor(time_s.to(at::kCPU).unsqueeze(1) * rate_mps *
                          (2.0 * M_PI / wavelength_m));
}

at::Tensor line(double first, double step, std::int64_t count)
{
    return at::arange(count, at::kDouble) * step + first;
}

std::int64_t points(double span, double step)
{
    return static_cast<std::int64_t>(std::ceil(span / step - 1e-9)) + 1;
}

} // namespace

at::Tensor delay_rows(const signal::Layout& layout, const at::Tensor& range_m)
{
    return delay_rows(layout.frequency_hz, range_m);
}

at::Tensor doppler_columns(const signal::Layout& layout, const at::Tensor& rate_mps)
{
    return doppler_columns(
        layout.time_s, layout.scenario.waveform.wavelength_m(), rate_mps);
}

Resolution::Resolution(const signal::Layout& layout)
{
    const auto& waveform = layout.scenario.waveform;
    range_m = speed_of_light / (waveform.subcarrier_spacing_hz *
                                waveform.subcarrier_step * waveform.sensed_subcarriers());
    rate_mps =
        waveform.wavelength_m() /
        (waveform.symbol_duration_s() * waveform.symbol_step * waveform.sensed_symbols());
}

PathGrid::PathGrid(const signal::Layout& layout,
                   Interval ranges_m,
                   double largest_rate_mps,
                   int range_oversampling,
                   int rate_oversampling)
    : d_wavelength(layout.scenario.waveform.wavelength_m()),
      d_frequency(layout.frequency_hz),
      d_time(layout.time_s)
{
    const Resolution resolution(layout);
    d_first_range = ranges_m.low;
    d_range_step = resolution.range_m / range_oversampling;
    d_rate_step = resolution.rate_mps / rate_oversampling;
    const auto half = points(largest_rate_mps, d_rate_step) - 1;
    d_first_rate = -d_rate_step * static_cast<double>(half);
    const auto ranges = points(ranges_m.high - ranges_m.low, d_range_step);
    d_delays = delay_rows(layout, line(d_first_range, d_range_step, ranges))
                   .to(layout.device, at::kComplexFloat);
    d_lines = doppler_columns(layout, line(d_first_rate, d_rate_step, 2 * half + 1))
                  .to(layout.device, at::kComplexFloat);
}

at::Tensor PathGrid::differences() const
{
    const auto steps = at::arange(1 - ranges(), ranges(), at::kDouble);
    return delay_rows(d_frequency, steps * d_range_step)
        .to(d_delays.device(), at::kComplexFloat);
}

at::Tensor PathGrid::response(double rate_mps) const
{
    const auto lines = line(d_first_rate, d_rate_step, rates());
    return doppler_columns(d_time, d_wavelength, lines - rate_mps).sum(0);
}

at::Tensor PathGrid::transform_time(const at::Tensor& product) const
{
    return at::matmul(product, d_lines);
}

at::Tensor PathGrid::transform(const at::Tensor& product) const
{
    return at::matmul(d_delays, at::matmul(product, d_lines));
}

at::Tensor PathGrid::correlate(const at::Tensor& echo, const at::Tensor& conjugate) const
{
    const auto count = conjugate.size(0);
    const auto step = std::max<std::int64_t>(products_at_once / echo.numel(), 1);
    const auto result =
        at::empty({count, echo.size(0), ranges(), rates()}, echo.options());
    for (std::int64_t first = 0; first < count; first += step) {
        const auto part = std::min(step, count - first);
        const auto product =
            conjugate.narrow(0, first, part).unsqueeze(1) * echo.unsqueeze(0);
        result.narrow(0, first, part).copy_(transform(product));
    }
    return result;
}

double parabola_vertex(double before, double middle, double after)
{
    const double curvature = before - 2.0 * middle + after;
    if (!(curvature < 0.0)) {
        return 0.0;
    }
    return std::clamp(0.5 * (before - after) / curvature, -0.5, 0.5);
}

Peak zoom(const signal::Layout& layout,
          const at::Tensor& product,
          double range_m,
          double rate_mps,
          double half_range_m,
          double half_rate_mps)
{
    const auto lines = 2 * zoom_half + 1;
    const double range_step = half_range_m / zoom_half;
    const double rate_step = half_rate_mps / zoom_half;
    const auto samples = product.to(at::kCPU, at::kComplexDouble);
    const auto transformed = at::matmul(
        delay_rows(layout, line(range_m - half_range_m, range_step, lines)),
        at::matmul(
            samples,
            doppler_columns(layout, line(rate_mps - half_rate_mps, rate_step, lines))));
    const auto level =
        at::view_as_real(transformed).square().sum(-1).clamp_min(1e-300).log();
    const auto best = level.argmax().item<std::int64_t>();
    const auto row = best / lines, column = best % lines;
    const auto* value = level.data_ptr<double>();
    const auto at_place = [&](std::int64_t i, std::int64_t k) {
        return value[i * lines + k];
    };
    double range_offset = 0.0, rate_offset = 0.0;
    if (row > 0 && row < lines - 1) {
        range_offset = parabola_vertex(
            at_place(row - 1, column), at_place(row, column), at_place(row + 1, column));
    }
    if (column > 0 && column < lines - 1) {
        rate_offset = parabola_vertex(
            at_place(row, column - 1), at_place(row, column), at_place(row, column + 1));
    }
    Peak peak;
    peak.range_m =
        range_m + range_step * (static_cast<double>(row - zoom_half) + range_offset);
    peak.rate_mps =
        rate_mps + rate_step * (static_cast<double>(column - zoom_half) + rate_offset);
    const auto sum = at::matmul(
        delay_rows(layout, line(peak.range_m, 1.0, 1)),
        at::matmul(samples, doppler_columns(layout, line(peak.rate_mps, 1.0, 1))));
    peak.sum = sum.item().toComplexDouble();
    return peak;
}

double refine_cosine(const at::Tensor& antennas,
                     double spacing_wavelengths,
                     double cosine)
{
    const double step =
        0.5 / (static_cast<double>(antennas.numel()) * spacing_wavelengths * zoom_half);
    const auto lines = 2 * zoom_half + 1;
    const auto beams =
        signal::steering_vector(line(cosine - step * zoom_half, step, lines),
                                at::scalar_tensor(spacing_wavelengths, at::kDouble),
                                antennas.numel());
    const auto level =
        at::view_as_real(
            at::matmul(beams.conj(), antennas.to(at::kCPU, at::kComplexDouble)))
            .square()
            .sum(-1)
            .clamp_min(1e-300)
            .log();
    const auto* value = level.data_ptr<double>();
    const auto best = level.argmax().item<std::int64_t>();
    double offset = 0.0;
    if (best > 0 && best < lines - 1) {
        offset = parabola_vertex(value[best - 1], value[best], value[best + 1]);
    }
    return std::clamp(
        cosine + step * (static_cast<double>(best - zoom_half) + offset), -1.0, 1.0);
}

at::Tensor path_phases(const signal::Layout& layout, double range_m, double rate_mps)
{
    const auto over_frequency =
        delay_rows(layout, line(range_m, 1.0, 1)).conj(); // [1, S]
    const auto over_time =
        doppler_columns(layout, line(rate_mps, 1.0, 1)).conj(); // [T, 1]
    return at::matmul(over_frequency.transpose(0, 1), over_time.transpose(0, 1))
        .resolve_conj()
        .to(layout.device, at::kComplexFloat);
}

} // namespace cfisac::estimators
