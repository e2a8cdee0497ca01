/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "map_text.h"

#include <QFontMetricsF>
#include <algorithm>
#include <cmath>

namespace gr {
namespace isac {

QFont map_font(double size, bool bold)
{
    QFont font;
    font.setPixelSize(std::max(6, static_cast<int>(std::lround(size))));
    font.setBold(bold);
    return font;
}

double text_width(const QFont& font, const QString& text)
{
    return QFontMetricsF(font).horizontalAdvance(text);
}

double draw_text(QPainter& painter,
                 const map_rect& rect,
                 Qt::Alignment alignment,
                 const QFont& font,
                 const QColor& colour,
                 const QString& text)
{
    const QFontMetricsF metrics(font);
    const QString shown = metrics.elidedText(text, Qt::ElideRight, rect.width);
    painter.setFont(font);
    painter.setPen(colour);
    painter.drawText(to_qt(rect),
                     static_cast<int>(alignment | Qt::AlignVCenter) | Qt::TextSingleLine,
                     shown);
    return metrics.horizontalAdvance(shown);
}

QString grouped(std::uint64_t value)
{
    QString text = QString::number(value);
    for (int at = text.size() - 3; at > 0; at -= 3) {
        text.insert(at, QChar(0x2009));
    }
    return text;
}

QString three_digits(double value)
{
    if (!std::isfinite(value)) {
        return QString(QChar(0x2013));
    }
    const double size = std::abs(value);
    if (size >= 1e6 || (size > 0.0 && size < 1e-3)) {
        return QString::number(value, 'g', 3);
    }
    if (size >= 999.5) {
        return (value < 0.0 ? "-" : "") + grouped(std::llround(size));
    }
    const int decimals = size >= 99.95 ? 0 : size >= 9.995 ? 1 : size >= 0.0995 ? 2 : 3;
    return QString::number(value, 'f', decimals);
}

QString bit_rate(double bits_per_second)
{
    if (!std::isfinite(bits_per_second)) {
        return QString(QChar(0x2013));
    }
    static const char* const prefixes[] = {"", "k", "M", "G", "T"};
    std::size_t i = 0;
    for (; bits_per_second >= 999.5 && i < 4; i++) {
        bits_per_second /= 1000.0;
    }
    return three_digits(bits_per_second) + " " + prefixes[i] + "bit/s";
}

QString tick_label(double value)
{
    return QString::number(value, 'g', 6).replace('-', QChar(0x2212));
}

} // namespace isac
} // namespace gr
