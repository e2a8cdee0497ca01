/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "plane_painter.h"
#include "map_text.h"

#include <QPolygonF>
#include <algorithm>
#include <array>
#include <cmath>

namespace gr {
namespace isac {

namespace {

constexpr double tick_distance = 4.0; //!< of the text's size, at least

constexpr const char* axis_names[] = {"x (m)", "y (m)", "z (m)"};

} // namespace

std::vector<bool> missing_access_points(const map_description& about,
                                        const map_snapshot& shown)
{
    const std::size_t count = about.scenario.receive.size();
    std::vector<bool> missing(count, false);
    if (shown.frames.empty()) {
        return missing;
    }
    bool told = false;
    std::vector<bool> there(count, false);
    for (const auto& estimate : shown.frames.back()->estimates) {
        if (!estimate.access_points) {
            continue;
        }
        told = true;
        for (const std::int32_t m : *estimate.access_points) {
            if (m >= 0 && static_cast<std::size_t>(m) < count) {
                there[m] = true;
            }
        }
    }
    for (std::size_t m = 0; told && m < count; m++) {
        missing[m] = !there[m];
    }
    return missing;
}

plane_painter::plane_painter(QPainter& painter,
                             const map_plane& plane,
                             std::size_t across,
                             std::size_t up,
                             const map_description& about,
                             const map_snapshot& shown,
                             const map_colours& colours,
                             double size)
    : d_painter(painter),
      d_plane(plane),
      d_across(across),
      d_up(up),
      d_about(about),
      d_shown(shown),
      d_colours(colours),
      d_size(size),
      d_targets(static_cast<std::size_t>(about.scenario.targets.count)),
      d_dimensions(static_cast<std::size_t>(about.scenario.dimensions)),
      d_arrow_s(arrow_seconds(about.scenario))
{
}

void plane_painter::paint_axes(bool with_across)
{
    const map_rect& rect = d_plane.rect();
    const QFont font = map_font(0.9 * d_size);
    const double line = 1.3 * d_size;
    const auto ticks = [&](const map_range& range, double pixels, double apart) {
        return round_ticks(range,
                           static_cast<std::size_t>(std::max(3.0, pixels / apart)));
    };
    if (with_across) {
        for (const double x :
             ticks(d_plane.across(), rect.width, tick_distance * d_size)) {
            const double px = d_plane.pixel(x, 0.0).x;
            draw_text(
                d_painter,
                {px - 3.0 * d_size, rect.bottom() + 0.2 * d_size, 6.0 * d_size, line},
                Qt::AlignHCenter,
                font,
                d_colours.dim,
                tick_label(x));
        }
        draw_text(d_painter,
                  {rect.x, rect.bottom() + 0.2 * d_size + line, rect.width, line},
                  Qt::AlignHCenter,
                  font,
                  d_colours.dim,
                  axis_names[d_across]);
    }
    for (const double y : ticks(d_plane.up(), rect.height, tick_distance * d_size)) {
        const double py = d_plane.pixel(0.0, y).y;
        draw_text(d_painter,
                  {rect.x - 4.3 * d_size, py - line / 2.0, 4.0 * d_size, line},
                  Qt::AlignRight,
                  font,
                  d_colours.dim,
                  tick_label(y));
    }
    d_painter.save();
    d_painter.translate(rect.x - 4.1 * d_size, rect.y + rect.height / 2.0);
    d_painter.rotate(-90.0);
    draw_text(d_painter,
              {-rect.height / 2.0, -line / 2.0, rect.height, line},
              Qt::AlignHCenter,
              font,
              d_colours.dim,
              axis_names[d_up]);
    d_painter.restore();
}

void plane_painter::paint_still(bool names)
{
    d_painter.save();
    d_painter.setClipRect(to_qt(d_plane.rect()));
    paint_background();
    paint_access_points(names);
    d_painter.restore();
    d_painter.setBrush(Qt::NoBrush);
    d_painter.setPen(QPen(d_colours.frame, 1.0));
    d_painter.drawRect(to_qt(d_plane.rect()));
}

void plane_painter::paint_background()
{
    const map_rect& rect = d_plane.rect();
    d_painter.fillRect(to_qt(rect), d_colours.panel);
    const cfisac::Box& area = d_about.scenario.targets.area_m;
    const auto low = d_plane.pixel(area.min[d_across], area.min[d_up]);
    const auto high = d_plane.pixel(area.max[d_across], area.max[d_up]);
    const QRectF box(to_qt(map_point{low.x, high.y}), to_qt(map_point{high.x, low.y}));
    d_painter.fillRect(box, d_colours.area);

    d_painter.setPen(QPen(d_colours.grid, 1.0));
    for (const double x : round_ticks(d_plane.across(),
                                      static_cast<std::size_t>(std::max(
                                          3.0, rect.width / (tick_distance * d_size))))) {
        const double px = std::round(d_plane.pixel(x, 0.0).x) + 0.5;
        d_painter.drawLine(QPointF(px, rect.y), QPointF(px, rect.bottom()));
    }
    for (const double y :
         round_ticks(d_plane.up(),
                     static_cast<std::size_t>(
                         std::max(3.0, rect.height / (tick_distance * d_size))))) {
        const double py = std::round(d_plane.pixel(0.0, y).y) + 0.5;
        d_painter.drawLine(QPointF(rect.x, py), QPointF(rect.right(), py));
    }
    d_painter.setBrush(Qt::NoBrush);
    d_painter.setPen(QPen(d_colours.frame, 1.0, Qt::DashLine));
    d_painter.drawRect(box);
}

void plane_painter::paint_access_points(bool names)
{
    // Names keep off the other access points and their names.
    std::vector<QRectF> taken;
    const double r = 0.7 * d_size;
    for (const auto* list : {&d_about.scenario.transmit, &d_about.scenario.receive}) {
        for (const auto& point : *list) {
            const auto at =
                d_plane.pixel(point.position_m[d_across], point.position_m[d_up]);
            taken.emplace_back(at.x - r, at.y - r, 2.0 * r, 2.0 * r);
        }
    }
    for (const auto& point : d_about.scenario.transmit) {
        paint_access_point(point, true, false, names ? &taken : nullptr);
    }
    const auto missing = missing_access_points(d_about, d_shown);
    for (std::size_t m = 0; m < d_about.scenario.receive.size(); m++) {
        paint_access_point(
            d_about.scenario.receive[m], false, missing[m], names ? &taken : nullptr);
    }
}

void plane_painter::paint_access_point(const cfisac::AccessPoint& point,
                                       bool transmit,
                                       bool missing,
                                       std::vector<QRectF>* taken)
{
    const QColor colour = faded(d_colours.access_point, missing ? 0.3 : 1.0);
    const auto at = d_plane.pixel(point.position_m[d_across], point.position_m[d_up]);
    paint_array_axis(at, point.axis, colour);
    if (point.planar) {
        paint_array_axis(at, point.planar->axis, colour);
    }
    draw_access_point_marker(d_painter, at, 1.1 * d_size, colour, transmit);
    if (taken) {
        const QString name = to_qt(point.name) + (missing ? " missing" : "");
        place_name(at, name, faded(d_colours.text, missing ? 0.55 : 0.95), *taken);
    }
}

void plane_painter::paint_array_axis(const map_point& at,
                                     const cfisac::Coordinates& axis,
                                     const QColor& colour)
{
    // As it is in the picture, whose coordinates need not have one scale; not where the array
    // is across the picture.
    const double dx = axis[d_across] * d_plane.scale_across();
    const double dy = -axis[d_up] * d_plane.scale_up();
    const double length = std::hypot(dx, dy);
    const double seen = std::hypot(axis[d_across], axis[d_up]);
    if (length > 0.0 && seen > 0.05) {
        const double half = 2.0 * d_size * seen / length;
        draw_arrow(d_painter,
                   {at.x - half * dx, at.y - half * dy},
                   {at.x + half * dx, at.y + half * dy},
                   0.16 * d_size,
                   colour);
    }
}

void plane_painter::place_name(const map_point& at,
                               const QString& name,
                               const QColor& colour,
                               std::vector<QRectF>& taken)
{
    const QFont font = map_font(0.95 * d_size, true);
    const double width = text_width(font, name) + 2.0;
    const double height = 1.2 * d_size;
    const double off = 0.9 * d_size;
    const map_rect& rect = d_plane.rect();
    // Above or below, whatever is farther from the middle, is free of targets.
    const bool above = at.y < rect.y + rect.height / 2.0;
    const std::array<double, 2> rows = {above ? at.y - off - height : at.y + off,
                                        above ? at.y + off : at.y - off - height};
    std::vector<QRectF> places;
    for (const double y : rows) {
        places.emplace_back(at.x - width / 2.0, y, width, height);
    }
    for (const double x : {at.x + off, at.x - off - width}) {
        for (const double y : {at.y - height / 2.0, rows[0], rows[1]}) {
            places.emplace_back(x, y, width, height);
        }
    }
    const QRectF inside = to_qt(rect);
    for (const QRectF& place : places) {
        const bool free =
            inside.contains(place) &&
            std::none_of(taken.begin(), taken.end(), [&place](const QRectF& other) {
                return other.intersects(place);
            });
        if (free) {
            taken.push_back(place);
            draw_text(d_painter,
                      {place.x(), place.y(), place.width() + 2.0, place.height()},
                      Qt::AlignLeft,
                      font,
                      colour,
                      name);
            return;
        }
    }
    // There is no room: the marker stays without a name.
}

} // namespace isac
} // namespace gr
