/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_MAP_TEXT_H
#define INCLUDED_ISAC_MAP_TEXT_H

#include "map_plane.h"

#include <QFont>
#include <QPainter>
#include <QRectF>
#include <QString>
#include <cstdint>
#include <string>

namespace gr {
namespace isac {

inline QRectF to_qt(const map_rect& r) { return {r.x, r.y, r.width, r.height}; }
inline QPointF to_qt(const map_point& p) { return {p.x, p.y}; }
inline QString to_qt(const std::string& text) { return QString::fromStdString(text); }

//! A font of the application in a size, pixels.
QFont map_font(double size, bool bold = false);
//! Width of a text, pixels.
double text_width(const QFont& font, const QString& text);
/*! A text in a rectangle, cut short with dots where it is too long.
 * \param alignment horizontal; vertically it is in the middle
 * \return how wide it is, pixels
 */
double draw_text(QPainter& painter,
                 const map_rect& rect,
                 Qt::Alignment alignment,
                 const QFont& font,
                 const QColor& colour,
                 const QString& text);

//! With thin spaces between thousands.
QString grouped(std::uint64_t value);
//! With three digits, and without an exponent from 0.001 to a million.
QString three_digits(double value);
//! Bits per second with a prefix, "2.87 Mbit/s"; a dash for what is not a number.
QString bit_rate(double bits_per_second);
//! As short as a number on an axis can be.
QString tick_label(double value);

} // namespace isac
} // namespace gr

#endif
