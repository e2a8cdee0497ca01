/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_MAP_PLANE_H
#define INCLUDED_ISAC_MAP_PLANE_H

#include <cfisac/scenario/scenario.h>
#include <cstddef>
#include <optional>
#include <vector>

namespace gr {
namespace isac {

//! From `low` to `high`.
struct map_range {
    double low = 0.0;
    double high = 1.0;
    double size() const { return high - low; }
    double middle() const { return (low + high) / 2.0; }
};

//! Of a picture; y grows downwards, pixels.
struct map_rect {
    double x = 0.0, y = 0.0, width = 0.0, height = 0.0;
    double right() const { return x + width; }
    double bottom() const { return y + height; }
    bool is_empty() const { return width <= 0.0 || height <= 0.0; }
    bool contains(double px, double py) const
    {
        return px >= x && px <= right() && py >= y && py <= bottom();
    }
    map_rect inset(double left, double top, double right, double bottom) const
    {
        return {x + left, y + top, width - left - right, height - top - bottom};
    }
};

//! In a picture, pixels.
struct map_point {
    double x, y;
};

/*! Two coordinates of the scene on a rectangle of the picture, with the same scale for
 * both: what of the rectangle is too wide shows more of the scene.
 */
class map_plane
{
public:
    /*!
     * \param rect of the picture, not empty
     * \param across, up ranges that are shown at least, m, not empty
     */
    map_plane(const map_rect& rect, const map_range& across, const map_range& up);
    //! A strip with the scale and the range across of another plane.
    static map_plane strip(const map_rect& rect,
                           const map_plane& above,
                           const map_range& up);

    map_point pixel(double across, double up) const;
    //! What a pixel shows, m.
    map_point scene(double px, double py) const;
    //! Pixels of a metre, to the right and upwards.
    double scale_across() const { return d_scale_across; }
    double scale_up() const { return d_scale_up; }
    const map_rect& rect() const { return d_rect; }
    const map_range& across() const { return d_across; } //!< shown, m
    const map_range& up() const { return d_up; }

private:
    map_plane(const map_rect& rect,
              const map_range& across,
              const map_range& up,
              double scale_across,
              double scale_up);

    map_rect d_rect;
    map_range d_across, d_up;
    double d_scale_across, d_scale_up;
};

//! Range of a coordinate over the targets' area and all access points, with a margin, m.
map_range extent(const cfisac::Scenario& scenario, std::size_t coordinate);

//! Round numbers, 1, 2 or 5 times a power of ten apart, at most `most` of them in a range.
std::vector<double> round_ticks(const map_range& range, std::size_t most);

//! The largest of 1, 2 or 5 times a power of ten that is not above `value` > 0.
double round_down(double value);

/*! The way of how many seconds an arrow is: a round number, so that that of the fastest
 * target is about a tenth of the area. 1 where no target moves.
 */
double arrow_seconds(const cfisac::Scenario& scenario);

//! An ellipse around a location.
struct map_ellipse {
    double major, minor; //!< half axes, m
    double angle; //!< of the major one, from the first coordinate to the second, rad
};

/*! The ellipse that holds a Gaussian location with 95 percent.
 * \param xx, xy, yy its covariance, m²
 * \return nothing for what is no covariance
 */
std::optional<map_ellipse> ellipse_95(double xx, double xy, double yy);

} // namespace isac
} // namespace gr

#endif
