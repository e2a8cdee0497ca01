/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "map_text.h"
#include "plane_painter.h"

#include <QPolygonF>
#include <cmath>

namespace gr {
namespace isac {

namespace {

//! A regular polygon, or with `inner` below one a star, the first corner at the top.
QPolygonF star(const map_point& at, double radius, int corners, double inner = 1.0)
{
    QPolygonF shape;
    const int count = inner < 1.0 ? 2 * corners : corners;
    for (int i = 0; i < count; i++) {
        const double angle = 2.0 * M_PI * i / count;
        const double r = inner < 1.0 && i % 2 == 1 ? inner * radius : radius;
        shape << QPointF(at.x + r * std::sin(angle), at.y - r * std::cos(angle));
    }
    return shape;
}

} // namespace

void draw_estimate_marker(QPainter& painter,
                          const map_point& at,
                          double size,
                          const QColor& colour,
                          std::size_t stream)
{
    const double r = size / 2.0;
    painter.setPen(Qt::NoPen);
    painter.setBrush(colour);
    switch (stream % 8) {
    case 0:
        painter.drawEllipse(to_qt(at), 0.85 * r, 0.85 * r);
        break;
    case 1:
        painter.drawPolygon(star(at, 1.15 * r, 4));
        break;
    case 2:
        painter.drawRect(QRectF(at.x - 0.8 * r, at.y - 0.8 * r, 1.6 * r, 1.6 * r));
        break;
    case 3:
        painter.drawPolygon(star(at, 1.15 * r, 3));
        break;
    case 4:
        painter.drawPolygon(star(at, 1.3 * r, 5, 0.45));
        break;
    case 5:
        painter.drawPolygon(star(at, 1.3 * r, 4, 0.35));
        break;
    case 6:
        painter.drawPolygon(star(at, r, 6));
        break;
    default:
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(colour, 0.4 * size, Qt::SolidLine, Qt::RoundCap));
        painter.drawLine(QPointF(at.x - 0.7 * r, at.y - 0.7 * r),
                         QPointF(at.x + 0.7 * r, at.y + 0.7 * r));
        painter.drawLine(QPointF(at.x - 0.7 * r, at.y + 0.7 * r),
                         QPointF(at.x + 0.7 * r, at.y - 0.7 * r));
        break;
    }
}

void draw_truth_marker(QPainter& painter,
                       const map_point& at,
                       double size,
                       const QColor& colour)
{
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(colour, size / 7.0));
    painter.drawEllipse(to_qt(at), size / 2.0, size / 2.0);
}

void draw_access_point_marker(QPainter& painter,
                              const map_point& at,
                              double size,
                              const QColor& colour,
                              bool transmit)
{
    painter.setPen(Qt::NoPen);
    painter.setBrush(colour);
    const double r = size / 2.0;
    if (transmit) {
        painter.drawPolygon(star({at.x, at.y + 0.2 * r}, 1.2 * r, 3));
    } else {
        painter.drawRect(QRectF(at.x - 0.8 * r, at.y - 0.8 * r, 1.6 * r, 1.6 * r));
    }
}

void draw_arrow(QPainter& painter,
                const map_point& from,
                const map_point& to,
                double width,
                const QColor& colour)
{
    const double dx = to.x - from.x, dy = to.y - from.y;
    const double length = std::hypot(dx, dy);
    const double head = 3.5 * width;
    if (!(length > head)) {
        return;
    }
    const double ux = dx / length, uy = dy / length;
    const QPointF neck(to.x - head * ux, to.y - head * uy);
    painter.setPen(QPen(colour, width, Qt::SolidLine, Qt::FlatCap));
    painter.drawLine(to_qt(from), neck);
    painter.setPen(Qt::NoPen);
    painter.setBrush(colour);
    const double half = 0.55 * head;
    painter.drawPolygon(QPolygonF({to_qt(to),
                                   neck + QPointF(-half * uy, half * ux),
                                   neck - QPointF(-half * uy, half * ux)}));
}

} // namespace isac
} // namespace gr
