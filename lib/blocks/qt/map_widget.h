/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_MAP_WIDGET_H
#define INCLUDED_ISAC_MAP_WIDGET_H

#include "map_screen.h"

#include <QElapsedTimer>
#include <QPixmap>
#include <QPointF>
#include <QTimer>
#include <QWidget>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

class QActionGroup;

namespace gr {
namespace isac {

/*! Shows a map: takes a snapshot at most as often as it is to be painted, and paints it. It
 * belongs to Qt's thread, and needs nothing of the block.
 *
 * Its actions are in the menu of the right mouse button; the wheel zooms, dragging moves, a
 * double click shows everything again.
 */
class map_widget : public QWidget
{
public:
    //! \param rate most redraws in a second
    map_widget(std::shared_ptr<map_state> state,
               std::shared_ptr<map_screen> screen,
               int rate);

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void showEvent(QShowEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;

private:
    void make_actions();
    //! A choice among some words in a menu of its own.
    QActionGroup* make_choice(
        const char* name,
        const std::vector<std::pair<const char*, std::function<void()>>>& choices);
    void look();
    void take_snapshot();
    void show_everything();
    void ask_where_to_save();
    //! The picture as it is shown.
    map_picture picture() const;
    //! Paint what seldom changes, from a pixmap that is made anew when it does.
    void paint_still(QPainter& painter, const map_picture& shown);

    //! What the still part of a picture depends on.
    struct still_key {
        QSize size;
        double pixel_ratio = 0.0;
        const map_colours* colours = nullptr;
        double zoom = 0.0, across_m = 0.0, up_m = 0.0;
        bool has_ellipses = false;
        std::vector<bool> missing;

        bool operator==(const still_key& other) const
        {
            return size == other.size && pixel_ratio == other.pixel_ratio &&
                   colours == other.colours && zoom == other.zoom &&
                   across_m == other.across_m && up_m == other.up_m &&
                   has_ellipses == other.has_ellipses && missing == other.missing;
        }
    };

    const std::shared_ptr<map_state> d_state;
    const std::shared_ptr<map_screen> d_screen;
    map_snapshot d_shown;
    std::uint64_t d_version = 0; //!< of d_shown
    QTimer d_timer;
    QElapsedTimer d_since_side; //!< when what is beside the map was updated
    still_key d_still_key;
    QPixmap d_still;
    QPointF d_dragged; //!< where the mouse was
};

} // namespace isac
} // namespace gr

#endif
