/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_PANELS_H
#define INCLUDED_ISAC_PANELS_H

#include "map_colours.h"
#include "map_plane.h"
#include "map_state.h"

#include <QPainter>

namespace gr {
namespace isac {

//! Which error is plotted.
enum class map_quantity { location, velocity };

//! Paints what is beside the map. Rectangles are in pixels, and so is `size`, that of text.
class panels
{
public:
    panels(QPainter& painter,
           const map_description& about,
           const map_snapshot& shown,
           const map_colours& colours,
           double size);

    //! Names of the streams with the medians of their errors, and of the root bound.
    double table_height() const;
    void paint_table(const map_rect& rect);
    //! The running errors, over the last half minute.
    double least_plot_height() const { return 9.0 * d_size; }
    void paint_plot(const map_rect& rect, map_quantity quantity);
    /*! Rate and codebook of each access point.
     * \param height that there is \return what it takes of it; zero without packets or if
     * not even one access point fits
     */
    double fronthaul_height(double height) const;
    void paint_fronthaul(const map_rect& rect);

private:
    //! The panel itself with its heading. \return what is left in it
    map_rect paint_panel(const map_rect& rect, const QString& heading);
    void paint_row(const map_rect& rect,
                   const QString& name,
                   const QString& location,
                   const QString& velocity,
                   const QColor& colour);
    void paint_line(const std::vector<error_history::point>& points,
                    const map_rect& rect,
                    const map_range& decades,
                    const QPen& pen);
    void paint_plot_axes(const map_rect& rect, const map_range& decades);
    void paint_access_point(const map_rect& rect, std::size_t receiver, bool details);
    void paint_codebook(const map_rect& rect, const std::vector<std::uint64_t>& counts);
    double access_point_height(bool details) const;
    bool has_codebook() const;
    double row() const { return 1.55 * d_size; }
    double heading_height() const { return 2.0 * d_size; }

    QPainter& d_painter;
    const map_description& d_about;
    const map_snapshot& d_shown;
    const map_colours& d_colours;
    const double d_size;
};

} // namespace isac
} // namespace gr

#endif
