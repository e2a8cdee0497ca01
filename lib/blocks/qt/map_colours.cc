/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "map_colours.h"

#include <QGuiApplication>
#include <QPalette>

namespace gr {
namespace isac {

const map_colours& map_colours::dark()
{
    static const map_colours colours{
        QColor(0x0f, 0x13, 0x19),
        QColor(0x17, 0x1d, 0x26),
        QColor(0x1c, 0x25, 0x31),
        QColor(0x2a, 0x34, 0x42),
        QColor(0x4a, 0x57, 0x68),
        QColor(0xf2, 0xf5, 0xf9),
        QColor(0x9a, 0xa8, 0xba),
        QColor(0xc3, 0xce, 0xdc),
        {QColor(0x4c, 0xc2, 0xff),
         QColor(0xff, 0xb0, 0x30),
         QColor(0x3d, 0xdc, 0x97),
         QColor(0xff, 0x7e, 0xb6),
         QColor(0xf5, 0xe1, 0x4a),
         QColor(0xb3, 0x9d, 0xff),
         QColor(0xff, 0x7b, 0x5c),
         QColor(0x8f, 0xe3, 0xe0)},
    };
    return colours;
}

const map_colours& map_colours::light()
{
    static const map_colours colours{
        QColor(0xf3, 0xf5, 0xf8),
        QColor(0xff, 0xff, 0xff),
        QColor(0xf2, 0xf7, 0xfc),
        QColor(0xe1, 0xe6, 0xec),
        QColor(0x9a, 0xa5, 0xb3),
        QColor(0x10, 0x16, 0x1e),
        QColor(0x55, 0x61, 0x70),
        QColor(0x3f, 0x4b, 0x5a),
        {QColor(0x00, 0x72, 0xb2),
         QColor(0xd5, 0x5e, 0x00),
         QColor(0x00, 0x8a, 0x63),
         QColor(0xb8, 0x3e, 0x86),
         QColor(0x8c, 0x73, 0x00),
         QColor(0x5b, 0x3f, 0xc4),
         QColor(0xa8, 0x22, 0x22),
         QColor(0x1b, 0x7d, 0x85)},
    };
    return colours;
}

const map_colours& map_colours::of(map_theme theme)
{
    if (theme == map_theme::automatic) {
        const QPalette palette = QGuiApplication::palette();
        const bool is_dark = palette.color(QPalette::Window).lightness() <
                             palette.color(QPalette::WindowText).lightness();
        return is_dark ? dark() : light();
    }
    return theme == map_theme::dark ? dark() : light();
}

} // namespace isac
} // namespace gr
