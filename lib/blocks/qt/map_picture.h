/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_MAP_PICTURE_H
#define INCLUDED_ISAC_MAP_PICTURE_H

#include "map_colours.h"
#include "map_plane.h"
#include "map_state.h"
#include "panels.h"

#include <QPainter>
#include <optional>
#include <utility>
#include <vector>

namespace gr {
namespace isac {

//! How a user looks at a map.
struct map_view {
    double zoom = 1.0;                 //!< 1 shows everything
    double across_m = 0.0, up_m = 0.0; //!< by which the middle is moved
    map_quantity quantity = map_quantity::location;
    bool paused = false;
};

/*! The whole picture of a size: the map, and beside it (or below, in a high picture) what
 * there is room for.
 */
class map_picture
{
public:
    //! What a picture has at least, pixels.
    static constexpr double least_width = 160.0, least_height = 120.0;

    //! \param about, shown are used as long as the picture
    map_picture(const map_description& about,
                const map_snapshot& shown,
                const map_view& view,
                double width,
                double height);

    //! All of it: what follows, one after the other.
    void paint(QPainter& painter) const;
    //! Background, axes, access points and legend, which seldom change.
    void paint_still(QPainter& painter) const;
    //! Title, targets and estimates.
    void paint_moving(QPainter& painter) const;
    //! What is beside the map.
    void paint_side(QPainter& painter) const;

    //! The map, x over y.
    const map_plane& plan() const { return *d_plan; }
    //! The strip of x over z; none in two dimensions, or without room.
    const std::optional<map_plane>& strip() const { return d_strip; }
    //! What is beside the map; empty without room.
    const map_rect& side() const { return d_side; }
    //! Whether there are covariances, which the legend tells.
    bool has_ellipses() const;

private:
    //! Of the legend: a sample and its text.
    enum class sample { truth, estimate, transmit, receive, arrow, ellipse, area };
    struct legend_entry {
        sample kind;
        std::size_t stream;
        QString text;
        map_rect place;
    };

    void lay_out();
    void lay_out_legend(const map_rect& rect);
    void paint_title(QPainter& painter, const map_colours& colours) const;
    void paint_legend(QPainter& painter, const map_colours& colours) const;
    void paint_sample(QPainter& painter,
                      const map_colours& colours,
                      const legend_entry& entry) const;

    const map_description& d_about;
    const map_snapshot& d_shown;
    const map_view d_view;
    const double d_width, d_height;
    double d_size; //!< of text, pixels
    map_rect d_title, d_side;
    std::vector<legend_entry> d_legend;
    std::optional<map_plane> d_plan, d_strip;
};

} // namespace isac
} // namespace gr

#endif
