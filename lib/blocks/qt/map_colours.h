/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_MAP_COLOURS_H
#define INCLUDED_ISAC_MAP_COLOURS_H

#include "map_state.h"

#include <QColor>
#include <algorithm>
#include <array>

namespace gr {
namespace isac {

//! The colours of a map. Those of the streams can be told apart by people who do not see all
//! colours, and each stream has a marker of its own, too.
struct map_colours {
    QColor background; //!< of the picture
    QColor panel;      //!< of plots and panels on it
    QColor area;       //!< where targets are
    QColor grid;
    QColor frame;        //!< around plots
    QColor text;         //!< also of the truth
    QColor dim;          //!< of what is less important
    QColor access_point; //!< and its array
    std::array<QColor, 8> streams;

    static const map_colours& dark();
    static const map_colours& light();
    //! \param theme automatic: as the application's palette is
    static const map_colours& of(map_theme theme);
};

//! A colour of which a share from 0 to 1 covers what is below it.
inline QColor faded(QColor colour, double share)
{
    colour.setAlphaF(std::clamp(share, 0.0, 1.0));
    return colour;
}

} // namespace isac
} // namespace gr

#endif
