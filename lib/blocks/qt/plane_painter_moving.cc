/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "map_text.h"
#include "plane_painter.h"

#include <QPolygonF>
#include <algorithm>
#include <cmath>

namespace gr {
namespace isac {

namespace {

//! Whether a point is where Qt can paint: a number, and not millions of pixels away.
bool is_paintable(const map_point& at)
{
    constexpr double farthest = 1e5;
    return std::abs(at.x) < farthest && std::abs(at.y) < farthest;
}

} // namespace

double plane_painter::value(const std::vector<float>& values,
                            std::size_t block,
                            std::size_t q,
                            std::size_t coordinate) const
{
    return values[(block * d_targets + q) * d_dimensions + coordinate];
}

plane_painter::coordinates plane_painter::location(const std::vector<float>& values,
                                                   std::size_t q) const
{
    return {value(values, 0, q, d_across), value(values, 0, q, d_up)};
}

plane_painter::coordinates plane_painter::ahead(const std::vector<float>& values,
                                                std::size_t q) const
{
    const auto from = location(values, q);
    return {from.first + d_arrow_s * value(values, 1, q, d_across),
            from.second + d_arrow_s * value(values, 1, q, d_up)};
}

void plane_painter::paint_moving()
{
    if (d_shown.frames.empty()) {
        return;
    }
    d_painter.save();
    d_painter.setClipRect(to_qt(d_plane.rect().inset(1.0, 1.0, 1.0, 1.0)));
    paint_trails();
    paint_frame(*d_shown.frames.back());
    d_painter.restore();
}

void plane_painter::paint_trails()
{
    const auto& frames = d_shown.frames;
    for (std::size_t i = 0; i + 1 < frames.size(); i++) {
        const double age = static_cast<double>(frames.size() - 1 - i) /
                           static_cast<double>(frames.size());
        const double share = 0.6 * (1.0 - age) + 0.08;
        const map_frame& frame = *frames[i];
        const auto dots = [&](const std::vector<float>& values, QColor colour) {
            d_painter.setPen(
                QPen(faded(colour, share), 0.32 * d_size, Qt::SolidLine, Qt::RoundCap));
            for (std::size_t q = 0; !values.empty() && q < d_targets; q++) {
                const auto at = pixel(location(values, q));
                if (is_paintable(at)) {
                    d_painter.drawPoint(to_qt(at));
                }
            }
        };
        for (std::size_t s = 0; s < frame.estimates.size(); s++) {
            dots(frame.estimates[s].values, d_colours.streams[s]);
        }
        dots(frame.truth, d_colours.dim);
        paint_truth_trail(frame, *frames[i + 1], share);
    }
}

void plane_painter::paint_truth_trail(const map_frame& from,
                                      const map_frame& to,
                                      double share)
{
    if (from.truth.empty() || to.truth.empty()) {
        return;
    }
    // A line where the target has gone on from frame to frame; in a simulation each frame
    // may be a scene of its own.
    const auto& scenario = d_about.scenario;
    const double period_s =
        scenario.radio ? scenario.radio->frame_period_s : scenario.waveform.interval_s();
    const double passed_s = static_cast<double>(to.frame - from.frame) * period_s;
    d_painter.setPen(QPen(faded(d_colours.dim, share), 0.12 * d_size));
    for (std::size_t q = 0; q < d_targets; q++) {
        double way = 0.0, speed = 0.0, area = 0.0;
        for (std::size_t i = 0; i < d_dimensions; i++) {
            way = std::hypot(way, value(to.truth, 0, q, i) - value(from.truth, 0, q, i));
            speed = std::hypot(speed, value(from.truth, 1, q, i));
            area = std::hypot(
                area, scenario.targets.area_m.max[i] - scenario.targets.area_m.min[i]);
        }
        const auto first = pixel(location(from.truth, q));
        const auto second = pixel(location(to.truth, q));
        if (way <= 2.0 * speed * passed_s + 0.01 * area && is_paintable(first) &&
            is_paintable(second)) {
            d_painter.drawLine(to_qt(first), to_qt(second));
        }
    }
}

void plane_painter::paint_frame(const map_frame& frame)
{
    for (std::size_t s = 0; s < frame.estimates.size(); s++) {
        if (!frame.estimates[s].values.empty()) {
            paint_estimates(frame, s);
        }
    }
    for (std::size_t q = 0; !frame.truth.empty() && q < d_targets; q++) {
        const auto at = pixel(location(frame.truth, q));
        if (is_paintable(at)) {
            paint_velocity(frame.truth, q, 0.13 * d_size, d_colours.text);
            draw_truth_marker(d_painter, at, 1.5 * d_size, d_colours.text);
        }
    }
}

void plane_painter::paint_velocity(const std::vector<float>& values,
                                   std::size_t q,
                                   double width,
                                   const QColor& colour)
{
    const auto to = pixel(ahead(values, q));
    if (is_paintable(to)) {
        draw_arrow(d_painter, pixel(location(values, q)), to, width, colour);
    }
}

void plane_painter::paint_estimates(const map_frame& frame, std::size_t stream)
{
    const map_estimate& estimate = frame.estimates[stream];
    for (std::size_t q = 0; q < estimate.match.size(); q++) {
        const auto from = pixel(location(frame.truth, q));
        const auto to = pixel(location(estimate.values, estimate.match[q]));
        if (is_paintable(from) && is_paintable(to)) {
            d_painter.setPen(
                QPen(faded(d_colours.streams[stream], 0.8), 0.1 * d_size, Qt::DotLine));
            d_painter.drawLine(to_qt(from), to_qt(to));
        }
    }
    for (std::size_t q = 0; q < d_targets; q++) {
        const auto at = pixel(location(estimate.values, q));
        const double sure =
            estimate.confidence.empty() ? 1.0 : double{estimate.confidence[q]};
        // What has no confidence is still seen.
        const QColor colour = faded(d_colours.streams[stream],
                                    std::isfinite(sure) ? 0.4 + 0.6 * sure : 0.4);
        if (is_paintable(at)) {
            paint_ellipse(estimate, q, d_colours.streams[stream]);
            paint_velocity(estimate.values, q, 0.2 * d_size, colour);
            draw_estimate_marker(d_painter, at, 0.95 * d_size, colour, stream);
        }
        if (std::isfinite(at.x) && std::isfinite(at.y) &&
            !d_plane.rect().contains(at.x, at.y)) {
            paint_outside(at, colour);
        }
    }
}

void plane_painter::paint_ellipse(const map_estimate& estimate,
                                  std::size_t q,
                                  const QColor& colour)
{
    if (estimate.covariance.empty()) {
        return;
    }
    const std::size_t size = 2 * d_dimensions;
    const auto entry = [&](std::size_t row, std::size_t column) {
        return double{estimate.covariance[(q * size + row) * size + column]};
    };
    const auto ellipse =
        ellipse_95(entry(d_across, d_across), entry(d_across, d_up), entry(d_up, d_up));
    if (!ellipse) {
        return;
    }
    const auto middle = location(estimate.values, q);
    QPolygonF outline;
    constexpr int corners = 48;
    for (int i = 0; i < corners; i++) {
        const double t = 2.0 * M_PI * i / corners;
        const double a = ellipse->major * std::cos(t), b = ellipse->minor * std::sin(t);
        const double c = std::cos(ellipse->angle), s = std::sin(ellipse->angle);
        const auto corner =
            pixel({middle.first + a * c - b * s, middle.second + a * s + b * c});
        if (!is_paintable(corner)) {
            return; // it tells nothing of where the target is
        }
        outline << to_qt(corner);
    }
    d_painter.setPen(QPen(faded(colour, 0.9), 0.1 * d_size));
    d_painter.setBrush(faded(colour, 0.15));
    d_painter.drawPolygon(outline);
}

void plane_painter::paint_outside(const map_point& at, const QColor& colour)
{
    const map_rect rect = d_plane.rect().inset(2.0, 2.0, 2.0, 2.0);
    const map_point middle{rect.x + rect.width / 2.0, rect.y + rect.height / 2.0};
    const double dx = at.x - middle.x, dy = at.y - middle.y;
    const double share = std::min(rect.width / 2.0 / std::max(std::abs(dx), 1e-9),
                                  rect.height / 2.0 / std::max(std::abs(dy), 1e-9));
    const double length = std::hypot(dx, dy);
    const map_point end{middle.x + share * dx, middle.y + share * dy};
    draw_arrow(d_painter,
               {end.x - d_size * dx / length, end.y - d_size * dy / length},
               end,
               0.24 * d_size,
               colour);
}

} // namespace isac
} // namespace gr
