/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_PLANE_PAINTER_H
#define INCLUDED_ISAC_PLANE_PAINTER_H

#include "map_colours.h"
#include "map_plane.h"
#include "map_state.h"

#include <QPainter>
#include <vector>

namespace gr {
namespace isac {

//! A marker of the estimates of a stream; each stream has another shape.
void draw_estimate_marker(QPainter& painter,
                          const map_point& at,
                          double size,
                          const QColor& colour,
                          std::size_t stream);
//! The ring of a target.
void draw_truth_marker(QPainter& painter,
                       const map_point& at,
                       double size,
                       const QColor& colour);
//! A triangle (transmit) or a square (receive).
void draw_access_point_marker(QPainter& painter,
                              const map_point& at,
                              double size,
                              const QColor& colour,
                              bool transmit);
//! A line with a head, as far as it is longer than the head.
void draw_arrow(QPainter& painter,
                const map_point& from,
                const map_point& to,
                double width,
                const QColor& colour);

//! Receive access points [M] that took part in none of the estimates of the last frame; none
//! are missing where nothing tells.
std::vector<bool> missing_access_points(const map_description& about,
                                        const map_snapshot& shown);

/*! Paints two coordinates of the scene on a plane: grid, area, access points, trails,
 * targets and estimates.
 */
class plane_painter
{
public:
    /*!
     * \param across, up numbers of the two coordinates
     * \param size of text, pixels; markers go with it
     */
    plane_painter(QPainter& painter,
                  const map_plane& plane,
                  std::size_t across,
                  std::size_t up,
                  const map_description& about,
                  const map_snapshot& shown,
                  const map_colours& colours,
                  double size);

    //! Numbers and titles of the axes, outside of the plane; of the one across as asked for.
    void paint_axes(bool with_across);
    //! What stays: grid, area, access points, \param names whether these have their names
    void paint_still(bool names);
    //! What moves: trails, targets, estimates.
    void paint_moving();

private:
    using coordinates = std::pair<double, double>; //!< of the two, m

    void paint_background();
    void paint_access_points(bool names);
    void paint_access_point(const cfisac::AccessPoint& point,
                            bool transmit,
                            bool missing,
                            std::vector<QRectF>* taken);
    void paint_array_axis(const map_point& at,
                          const cfisac::Coordinates& axis,
                          const QColor& colour);
    void place_name(const map_point& at,
                    const QString& name,
                    const QColor& colour,
                    std::vector<QRectF>& taken);
    void paint_trails();
    void paint_truth_trail(const map_frame& from, const map_frame& to, double age);
    void paint_frame(const map_frame& frame);
    void paint_estimates(const map_frame& frame, std::size_t stream);
    void paint_velocity(const std::vector<float>& values,
                        std::size_t q,
                        double width,
                        const QColor& colour);
    void paint_ellipse(const map_estimate& estimate, std::size_t q, const QColor& colour);
    //! For what is outside of the plane: a head on its border.
    void paint_outside(const map_point& at, const QColor& colour);
    double value(const std::vector<float>& values,
                 std::size_t block,
                 std::size_t q,
                 std::size_t coordinate) const;
    coordinates location(const std::vector<float>& values, std::size_t q) const;
    //! Where the arrow of a velocity ends, m.
    coordinates ahead(const std::vector<float>& values, std::size_t q) const;
    map_point pixel(const coordinates& at) const
    {
        return d_plane.pixel(at.first, at.second);
    }

    QPainter& d_painter;
    const map_plane& d_plane;
    const std::size_t d_across, d_up;
    const map_description& d_about;
    const map_snapshot& d_shown;
    const map_colours& d_colours;
    const double d_size;
    const std::size_t d_targets, d_dimensions;
    const double d_arrow_s;
};

} // namespace isac
} // namespace gr

#endif
