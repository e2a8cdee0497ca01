/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "map_picture.h"
#include "map_text.h"
#include "plane_painter.h"

#include <algorithm>
#include <cmath>

namespace gr {
namespace isac {

map_picture::map_picture(const map_description& about,
                         const map_snapshot& shown,
                         const map_view& view,
                         double width,
                         double height)
    : d_about(about),
      d_shown(shown),
      d_view(view),
      d_width(std::max(width, least_width)),
      d_height(std::max(height, least_height)),
      d_size(std::clamp(std::sqrt(d_width * d_height) / 64.0, 9.0, 20.0))
{
    lay_out();
}

bool map_picture::has_ellipses() const
{
    return std::any_of(
        d_shown.frames.begin(), d_shown.frames.end(), [](const auto& frame) {
            return std::any_of(frame->estimates.begin(),
                               frame->estimates.end(),
                               [](const auto& each) { return !each.covariance.empty(); });
        });
}

void map_picture::lay_out()
{
    const double gap = 0.7 * d_size;
    map_rect rest = map_rect{0.0, 0.0, d_width, d_height}.inset(gap, gap, gap, gap);
    d_title = {rest.x, rest.y, rest.width, 1.8 * d_size};
    rest = rest.inset(0.0, d_title.height + 0.4 * d_size, 0.0, 0.0);

    const double least_side = 25.0 * d_size;
    const double least_map = 20.0 * d_size;
    if (rest.height > 1.3 * rest.width && rest.height > 44.0 * d_size) {
        const double height =
            std::clamp(rest.height - rest.width, 20.0 * d_size, 0.5 * rest.height);
        d_side = {rest.x, rest.bottom() - height, rest.width, height};
        rest = rest.inset(0.0, 0.0, 0.0, height + gap);
    } else if (rest.width >= least_side + least_map && rest.height >= 16.0 * d_size) {
        // What the map cannot use of a wide picture goes to the side.
        const double width =
            std::clamp(rest.width - 1.15 * rest.height, least_side, 0.45 * rest.width);
        d_side = {rest.right() - width, rest.y, width, rest.height};
        rest = rest.inset(0.0, 0.0, width + gap, 0.0);
    }
    lay_out_legend(rest);
    if (!d_legend.empty()) {
        rest.height = d_legend.front().place.y - 0.3 * d_size - rest.y;
    }

    const map_rect plot =
        rest.inset(5.0 * d_size, 0.2 * d_size, 0.5 * d_size, 2.9 * d_size);
    map_rect plan = plot;
    map_rect strip;
    if (d_about.scenario.dimensions > 2 && plot.height > 16.0 * d_size) {
        strip = {plot.x, 0.0, plot.width, std::max(4.5 * d_size, 0.2 * plot.height)};
        strip.y = plot.bottom() - strip.height;
        plan.height -= strip.height + 0.8 * d_size;
    }
    plan.width = std::max(plan.width, 10.0);
    plan.height = std::max(plan.height, 10.0);
    const auto zoomed = [this](map_range range, double moved) {
        const double half = range.size() / 2.0 / d_view.zoom;
        return map_range{range.middle() + moved - half, range.middle() + moved + half};
    };
    d_plan.emplace(plan,
                   zoomed(extent(d_about.scenario, 0), d_view.across_m),
                   zoomed(extent(d_about.scenario, 1), d_view.up_m));
    if (!strip.is_empty()) {
        d_strip.emplace(map_plane::strip(strip, *d_plan, extent(d_about.scenario, 2)));
    }
}

void map_picture::lay_out_legend(const map_rect& rect)
{
    if (rect.height < 17.0 * d_size) {
        return; // every pixel for the map
    }
    std::vector<legend_entry> entries;
    const auto add =
        [&entries](sample kind, const QString& text, std::size_t stream = 0) {
            entries.push_back({kind, stream, text, {}});
        };
    if (d_about.truth) {
        add(sample::truth, "target");
    }
    for (std::size_t i = 0; i < d_about.names.size(); i++) {
        add(sample::estimate, to_qt(d_about.names[i]), i);
    }
    if (has_ellipses()) {
        add(sample::ellipse, "holds 95 %");
    }
    add(sample::arrow, QString("way in %1 s").arg(arrow_seconds(d_about.scenario)));
    add(sample::transmit, "transmits");
    add(sample::receive, "receives");
    add(sample::area, "area of targets");

    // Row by row, from the bottom, so that it takes no more than it needs.
    const QFont font = map_font(0.9 * d_size);
    const double height = 1.5 * d_size;
    double x = rect.x;
    std::size_t row = 0;
    for (legend_entry& entry : entries) {
        const double width =
            std::min(2.4 * d_size + text_width(font, entry.text) + 1.0, rect.width);
        if (x > rect.x && x + width > rect.right()) {
            x = rect.x;
            row++;
        }
        entry.place = {x, static_cast<double>(row) * height, width, height};
        x += width + 1.2 * d_size;
    }
    const double total = static_cast<double>(row + 1) * height;
    for (legend_entry& entry : entries) {
        entry.place.y += rect.bottom() - total;
    }
    d_legend = std::move(entries);
}

void map_picture::paint(QPainter& painter) const
{
    paint_still(painter);
    paint_moving(painter);
    paint_side(painter);
}

void map_picture::paint_still(QPainter& painter) const
{
    const map_colours& colours = map_colours::of(d_shown.settings.theme);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.fillRect(QRectF(0.0, 0.0, d_width, d_height), colours.background);
    plane_painter plan(painter, *d_plan, 0, 1, d_about, d_shown, colours, d_size);
    plan.paint_still(true);
    plan.paint_axes(!d_strip);
    if (d_strip) {
        plane_painter strip(painter, *d_strip, 0, 2, d_about, d_shown, colours, d_size);
        strip.paint_still(false);
        strip.paint_axes(true);
    }
    paint_legend(painter, colours);
}

void map_picture::paint_moving(QPainter& painter) const
{
    const map_colours& colours = map_colours::of(d_shown.settings.theme);
    painter.setRenderHint(QPainter::Antialiasing);
    paint_title(painter, colours);
    plane_painter(painter, *d_plan, 0, 1, d_about, d_shown, colours, d_size)
        .paint_moving();
    if (d_strip) {
        plane_painter(painter, *d_strip, 0, 2, d_about, d_shown, colours, d_size)
            .paint_moving();
    }
    if (d_shown.frames.empty()) {
        draw_text(painter,
                  d_plan->rect(),
                  Qt::AlignHCenter,
                  map_font(1.2 * d_size),
                  colours.dim,
                  "waiting for estimates");
    }
}

void map_picture::paint_title(QPainter& painter, const map_colours& colours) const
{
    QString status;
    if (!d_shown.frames.empty()) {
        status = "frame " + grouped(d_shown.frames.back()->frame);
    }
    if (d_shown.frames_per_second) {
        status +=
            QString("  ·  %1 frames/s").arg(three_digits(*d_shown.frames_per_second));
    }
    if (d_shown.frames_incomplete > 0) {
        status += QString("  ·  %1 incomplete").arg(grouped(d_shown.frames_incomplete));
    }
    if (d_view.paused) {
        status = "paused  ·  " + status;
    }
    // The title first: it is what a user has asked for.
    const QFont bold = map_font(1.3 * d_size, true);
    const double width = draw_text(painter,
                                   d_title,
                                   Qt::AlignLeft,
                                   bold,
                                   colours.text,
                                   to_qt(d_shown.settings.title));
    const map_rect left =
        d_title.inset(width > 0.0 ? width + 1.5 * d_size : 0.0, 0, 0, 0);
    if (left.width > 4.0 * d_size) {
        draw_text(painter, left, Qt::AlignRight, map_font(d_size), colours.dim, status);
    }
}

void map_picture::paint_legend(QPainter& painter, const map_colours& colours) const
{
    for (const legend_entry& entry : d_legend) {
        paint_sample(painter, colours, entry);
        draw_text(painter,
                  entry.place.inset(2.2 * d_size, 0.0, -0.2 * d_size, 0.0),
                  Qt::AlignLeft,
                  map_font(0.9 * d_size),
                  colours.text,
                  entry.text);
    }
}

void map_picture::paint_sample(QPainter& painter,
                               const map_colours& colours,
                               const legend_entry& entry) const
{
    const map_point at{entry.place.x + 1.0 * d_size,
                       entry.place.y + entry.place.height / 2.0};
    const QRectF box(
        at.x - 0.8 * d_size, at.y - 0.45 * d_size, 1.6 * d_size, 0.9 * d_size);
    switch (entry.kind) {
    case sample::truth:
        draw_truth_marker(painter, at, 1.2 * d_size, colours.text);
        break;
    case sample::estimate:
        draw_estimate_marker(
            painter, at, 0.95 * d_size, colours.streams[entry.stream], entry.stream);
        break;
    case sample::transmit:
    case sample::receive:
        draw_arrow(painter,
                   {at.x - d_size, at.y},
                   {at.x + d_size, at.y},
                   0.14 * d_size,
                   colours.access_point);
        draw_access_point_marker(painter,
                                 at,
                                 0.95 * d_size,
                                 colours.access_point,
                                 entry.kind == sample::transmit);
        break;
    case sample::arrow:
        draw_arrow(painter,
                   {at.x - 0.8 * d_size, at.y},
                   {at.x + 0.8 * d_size, at.y},
                   0.16 * d_size,
                   colours.text);
        break;
    case sample::ellipse: {
        QColor fill = colours.dim;
        fill.setAlphaF(0.25);
        painter.setPen(QPen(colours.dim, 0.1 * d_size));
        painter.setBrush(fill);
        painter.drawEllipse(box);
        break;
    }
    case sample::area:
        painter.setPen(QPen(colours.frame, 1.0, Qt::DashLine));
        painter.setBrush(colours.area);
        painter.drawRect(box);
        break;
    }
}

void map_picture::paint_side(QPainter& painter) const
{
    if (d_side.is_empty()) {
        return;
    }
    const map_colours& colours = map_colours::of(d_shown.settings.theme);
    painter.setRenderHint(QPainter::Antialiasing);
    panels side(painter, d_about, d_shown, colours, d_size);
    const double gap = 0.7 * d_size;
    map_rect rest = d_side;
    const double table = std::min(side.table_height(), rest.height);
    side.paint_table({rest.x, rest.y, rest.width, table});
    rest = rest.inset(0.0, table + gap, 0.0, 0.0);
    const double plot = d_about.truth ? side.least_plot_height() : 0.0;
    const double fronthaul =
        side.fronthaul_height(rest.height - (plot > 0.0 ? plot + gap : 0.0));
    if (fronthaul > 0.0) {
        const double top = d_about.truth ? rest.bottom() - fronthaul : rest.y;
        side.paint_fronthaul({rest.x, top, rest.width, fronthaul});
        rest.height -= fronthaul + gap;
    }
    if (d_about.truth && rest.height >= 0.8 * plot) {
        side.paint_plot(rest, d_view.quantity);
    }
}

} // namespace isac
} // namespace gr
