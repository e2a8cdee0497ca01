/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "panels.h"
#include "map_text.h"
#include "plane_painter.h"

#include <QPolygonF>
#include <algorithm>
#include <cmath>

namespace gr {
namespace isac {

namespace {

constexpr double half_s = error_history::bin_s / 2.0;

} // namespace

panels::panels(QPainter& painter,
               const map_description& about,
               const map_snapshot& shown,
               const map_colours& colours,
               double size)
    : d_painter(painter), d_about(about), d_shown(shown), d_colours(colours), d_size(size)
{
}

map_rect panels::paint_panel(const map_rect& rect, const QString& heading)
{
    d_painter.setPen(QPen(d_colours.grid, 1.0));
    d_painter.setBrush(d_colours.panel);
    d_painter.drawRoundedRect(to_qt(rect), 0.4 * d_size, 0.4 * d_size);
    const map_rect inside =
        rect.inset(0.8 * d_size, 0.3 * d_size, 0.8 * d_size, 0.5 * d_size);
    draw_text(d_painter,
              {inside.x, inside.y, inside.width, heading_height() - 0.3 * d_size},
              Qt::AlignLeft,
              map_font(0.95 * d_size, true),
              d_colours.text,
              heading);
    return inside.inset(0.0, heading_height() - 0.3 * d_size, 0.0, 0.0);
}

// ------------------------------------------------------------------ numbers

double panels::table_height() const
{
    const std::size_t rows =
        d_about.names.size() + (d_about.truth ? 1 : 0) + (d_about.bound ? 1 : 0);
    return heading_height() + static_cast<double>(rows) * row() + 0.5 * d_size;
}

void panels::paint_row(const map_rect& rect,
                       const QString& name,
                       const QString& location,
                       const QString& velocity,
                       const QColor& colour)
{
    const bool heading = name.isEmpty();
    const QFont font = map_font((heading ? 0.85 : 1.0) * d_size, !heading);
    const double first = 4.6 * d_size, second = 5.4 * d_size;
    draw_text(d_painter,
              {rect.x, rect.y, rect.width - first - second, rect.height},
              Qt::AlignLeft,
              map_font(d_size),
              colour,
              name);
    draw_text(d_painter,
              {rect.right() - first - second, rect.y, first, rect.height},
              Qt::AlignRight,
              font,
              colour,
              location);
    draw_text(d_painter,
              {rect.right() - second, rect.y, second, rect.height},
              Qt::AlignRight,
              font,
              colour,
              velocity);
}

void panels::paint_table(const map_rect& rect)
{
    map_rect left = paint_panel(
        rect,
        d_about.truth ? QString("Median error of %1 s").arg(error_history::recent_s)
                      : QString("Estimates"));
    const auto next = [&left, this] {
        const map_rect line{left.x, left.y, left.width, row()};
        left = left.inset(0.0, row(), 0.0, 0.0);
        return line;
    };
    const auto number = [](const std::optional<double>& value, const char* unit) {
        return value ? three_digits(*value) + unit : QString(QChar(0x2013));
    };
    if (d_about.truth) {
        paint_row(next(), "", "location", "velocity", d_colours.dim);
    }
    for (std::size_t i = 0; i <= d_about.names.size(); i++) {
        const bool bound = i == d_about.names.size();
        if (bound && !d_about.bound) {
            continue;
        }
        const map_rect line = next();
        const double y = line.y + line.height / 2.0;
        if (bound) {
            d_painter.setPen(QPen(d_colours.text, 0.14 * d_size, Qt::DashLine));
            d_painter.drawLine(QPointF(line.x, y), QPointF(line.x + 1.2 * d_size, y));
        } else {
            draw_estimate_marker(
                d_painter, {line.x + 0.6 * d_size, y}, d_size, d_colours.streams[i], i);
        }
        const QString name = bound ? QString("root CRLB") : to_qt(d_about.names[i]);
        const map_rect text = line.inset(1.7 * d_size, 0.0, 0.0, 0.0);
        if (d_about.truth) {
            paint_row(text,
                      name,
                      number(d_shown.location[i].recent, " m"),
                      number(d_shown.velocity[i].recent, " m/s"),
                      d_colours.text);
        } else {
            draw_text(
                d_painter, text, Qt::AlignLeft, map_font(d_size), d_colours.text, name);
        }
    }
}

// --------------------------------------------------------------- error plot

void panels::paint_plot(const map_rect& rect, map_quantity quantity)
{
    const bool is_location = quantity == map_quantity::location;
    const auto& all = is_location ? d_shown.location : d_shown.velocity;
    const map_rect inside = paint_panel(
        rect, is_location ? "Median location error (m)" : "Median velocity error (m/s)");
    const map_rect plot =
        inside.inset(2.8 * d_size, 0.3 * d_size, 0.4 * d_size, 1.5 * d_size);
    if (plot.is_empty()) {
        return;
    }
    map_range values{1e300, 0.0};
    for (const auto& series : all) {
        for (const auto& point : series.points) {
            if (point.median > 0.0) {
                values.low = std::min(values.low, point.median);
                values.high = std::max(values.high, point.median);
            }
        }
    }
    if (values.high < values.low) {
        values = {0.1, 10.0};
    }
    // Whole decades, so that the axis stays where it is while errors move.
    map_range decades{std::floor(std::log10(values.low) + 1e-9),
                      std::ceil(std::log10(values.high) - 1e-9)};
    if (decades.size() < 1.0) {
        decades.high = decades.low + 1.0;
    }
    if (decades.size() > 6.0) {
        decades.low = decades.high - 6.0;
    }
    paint_plot_axes(plot, decades);
    d_painter.save();
    d_painter.setClipRect(to_qt(plot.inset(-1.0, -1.0, -1.0, -1.0)));
    if (d_about.bound) {
        paint_line(all.back().points,
                   plot,
                   decades,
                   QPen(d_colours.text, 0.13 * d_size, Qt::DashLine));
    }
    for (std::size_t i = d_about.names.size(); i-- > 0;) {
        paint_line(all[i].points,
                   plot,
                   decades,
                   QPen(d_colours.streams[i],
                        0.18 * d_size,
                        Qt::SolidLine,
                        Qt::RoundCap,
                        Qt::RoundJoin));
    }
    d_painter.restore();
}

void panels::paint_plot_axes(const map_rect& rect, const map_range& decades)
{
    const QFont font = map_font(0.85 * d_size);
    const auto label = [&](double log10, double value) {
        const double y =
            rect.bottom() - (log10 - decades.low) / decades.size() * rect.height;
        d_painter.setPen(QPen(d_colours.grid, 1.0));
        d_painter.drawLine(QPointF(rect.x, y), QPointF(rect.right(), y));
        draw_text(d_painter,
                  {rect.x - 3.2 * d_size, y - d_size / 2.0, 2.9 * d_size, d_size},
                  Qt::AlignRight,
                  font,
                  d_colours.dim,
                  tick_label(value));
    };
    for (double decade = decades.low; decade <= decades.high; decade += 1.0) {
        label(decade, std::pow(10.0, decade));
        const double pixels = rect.height / decades.size();
        if (pixels > 6.0 * d_size && decade < decades.high) {
            for (const double digit : {2.0, 5.0}) {
                label(decade + std::log10(digit), digit * std::pow(10.0, decade));
            }
        }
    }
    for (const double ago : {30.0, 20.0, 10.0, 0.0}) {
        const double x = rect.right() - ago / error_history::window_s * rect.width;
        d_painter.setPen(QPen(d_colours.grid, 1.0));
        d_painter.drawLine(QPointF(x, rect.y), QPointF(x, rect.bottom()));
        draw_text(
            d_painter,
            {x - 2.0 * d_size, rect.bottom() + 0.2 * d_size, 4.0 * d_size, 1.2 * d_size},
            Qt::AlignHCenter,
            font,
            d_colours.dim,
            ago > 0.0 ? tick_label(-ago) + " s" : QString("now"));
    }
    d_painter.setBrush(Qt::NoBrush);
    d_painter.setPen(QPen(d_colours.frame, 1.0));
    d_painter.drawRect(to_qt(rect));
}

void panels::paint_line(const std::vector<error_history::point>& points,
                        const map_rect& rect,
                        const map_range& decades,
                        const QPen& pen)
{
    QPolygonF line;
    for (const auto& point : points) {
        const double log10 = std::max(std::log10(point.median), decades.low);
        line << QPointF(rect.right() - std::max(0.0, point.ago_s - half_s) /
                                           error_history::window_s * rect.width,
                        rect.bottom() -
                            (log10 - decades.low) / decades.size() * rect.height);
    }
    d_painter.setPen(pen);
    d_painter.setBrush(Qt::NoBrush);
    if (line.size() == 1) {
        line.prepend(line.front() - QPointF(0.5 * d_size, 0.0));
    }
    d_painter.drawPolyline(line);
}

// ---------------------------------------------------------------- fronthaul

bool panels::has_codebook() const
{
    return d_about.packets && d_about.packets->codewords;
}

double panels::access_point_height(bool details) const
{
    return (1.0 + (details ? (has_codebook() ? 2.0 : 1.0) : 0.0)) * row() +
           (has_codebook() ? 1.1 * d_size : 0.0) + (details ? 0.5 : 0.2) * d_size;
}

double panels::fronthaul_height(double height) const
{
    if (!d_about.packets) {
        return 0.0;
    }
    const double around = heading_height() + 0.5 * d_size;
    const auto count = static_cast<double>(d_shown.fronthaul.size());
    for (const bool details : {true, false}) {
        const double needed = around + count * access_point_height(details);
        if (needed <= height) {
            return needed;
        }
    }
    // As many as there is room for, and a line that tells how many more there are.
    const double fit = std::floor((height - around - row()) / access_point_height(false));
    return fit >= 1.0 ? around + fit * access_point_height(false) + row() : 0.0;
}

void panels::paint_fronthaul(const map_rect& rect)
{
    map_rect left = paint_panel(rect, "Fronthaul");
    const auto all = d_about.scenario.receive.size();
    const auto fits = [&](double each, std::size_t count) {
        return static_cast<double>(count) * each <= left.height + 1.0;
    };
    const std::size_t known = d_shown.fronthaul.size();
    const bool details = fits(access_point_height(true), known);
    std::size_t count = known;
    while (count > 0 && !fits(access_point_height(details), count)) {
        count--;
    }
    for (std::size_t m = 0; m < count; m++) {
        const double height = access_point_height(details);
        paint_access_point({left.x, left.y, left.width, height}, m, details);
        left = left.inset(0.0, height, 0.0, 0.0);
    }
    if (count < all && left.height >= 0.7 * row()) {
        draw_text(d_painter,
                  {left.x, left.y, left.width, row()},
                  Qt::AlignLeft,
                  map_font(0.85 * d_size),
                  d_colours.dim,
                  QString("and %1 more access points").arg(all - count));
    }
}

void panels::paint_access_point(const map_rect& rect, std::size_t receiver, bool details)
{
    const auto& known = d_shown.fronthaul[receiver];
    double y = rect.y;
    const auto line = [&](double height) {
        const map_rect place{rect.x, y, rect.width, height};
        y += height;
        return place;
    };
    const map_rect first = line(row());
    const QString rate = bit_rate(known.bits_per_second);
    const QFont bold = map_font(d_size, true);
    const double width =
        draw_text(d_painter, first, Qt::AlignRight, bold, d_colours.text, rate);
    draw_text(d_painter,
              first.inset(0.0, 0.0, width + d_size, 0.0),
              Qt::AlignLeft,
              map_font(d_size),
              d_colours.text,
              to_qt(d_about.scenario.receive[receiver].name));
    const QFont small = map_font(0.85 * d_size);
    if (details) {
        const QString text =
            known.packets == 0
                ? QString("no packets")
                : QString("%1 bit per update, %2 % of the raw echo")
                      .arg(grouped(std::llround(known.bits_per_update)),
                           three_digits(
                               100.0 * known.bits_per_update /
                               static_cast<double>(d_about.scenario.raw_echo_bits())));
        draw_text(d_painter, line(row()), Qt::AlignLeft, small, d_colours.dim, text);
    }
    if (!has_codebook()) {
        return;
    }
    paint_codebook(line(1.1 * d_size), known.counts);
    if (details) {
        draw_text(d_painter,
                  line(row()),
                  Qt::AlignLeft,
                  small,
                  d_colours.dim,
                  QString("%1 of %2 codewords in use, perplexity %3")
                      .arg(grouped(known.distinct),
                           grouped(known.counts.size()),
                           three_digits(known.perplexity)));
    }
}

void panels::paint_codebook(const map_rect& rect,
                            const std::vector<std::uint64_t>& counts)
{
    // A column for each codeword, or for some neighbours where there are more than pixels;
    // as high as they are frequent.
    const auto columns =
        std::min(counts.size(), static_cast<std::size_t>(std::max(1.0, rect.width)));
    std::vector<double> sums(columns, 0.0), sizes(columns, 0.0);
    for (std::size_t i = 0; i < counts.size(); i++) {
        const std::size_t column = i * columns / counts.size();
        sums[column] += static_cast<double>(counts[i]);
        sizes[column] += 1.0;
    }
    double most = 0.0;
    for (std::size_t i = 0; i < columns; i++) {
        sums[i] /= sizes[i];
        most = std::max(most, sums[i]);
    }
    d_painter.fillRect(to_qt(rect), d_colours.grid);
    d_painter.save();
    d_painter.setRenderHint(QPainter::Antialiasing, false);
    const double width = rect.width / static_cast<double>(columns);
    for (std::size_t i = 0; i < columns && most > 0.0; i++) {
        const double height = rect.height * std::sqrt(sums[i] / most);
        d_painter.fillRect(QRectF(rect.x + static_cast<double>(i) * width,
                                  rect.bottom() - height,
                                  width,
                                  height),
                           d_colours.access_point);
    }
    d_painter.restore();
}

} // namespace isac
} // namespace gr
