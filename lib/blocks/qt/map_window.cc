/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "map_window.h"
#include "map_widget.h"

#include <QApplication>
#include <QPointer>
#include <QThread>
#include <stdexcept>

namespace gr {
namespace isac {

namespace {

constexpr int largest = 16384; // pixels

} // namespace

struct map_window::parts {
    std::shared_ptr<map_state> state;
    std::shared_ptr<map_screen> screen = std::make_shared<map_screen>();
    int rate;
    QPointer<map_widget> widget;
};

map_window::map_window(std::shared_ptr<map_state> state, int rate)
    : d_parts(new parts{std::move(state), std::make_shared<map_screen>(), rate, {}})
{
}

map_window::~map_window()
{
    // A widget that was put somewhere belongs to that; without an application it cannot be
    // deleted any more.
    map_widget* widget = d_parts->widget;
    if (!widget || widget->parent() || !QCoreApplication::instance()) {
        return;
    }
    if (widget->thread() == QThread::currentThread()) {
        delete widget;
    } else {
        widget->deleteLater();
    }
}

QWidget* map_window::widget()
{
    if (!d_parts->widget) {
        require_application();
        if (QThread::currentThread() != QCoreApplication::instance()->thread()) {
            throw std::runtime_error(
                "qwidget(): the widget is made in the thread of the QApplication");
        }
        d_parts->widget = new map_widget(d_parts->state, d_parts->screen, d_parts->rate);
    }
    return d_parts->widget;
}

void map_window::save_png(const std::string& path, int width, int height) const
{
    const auto screen = d_parts->screen->get();
    if (width == 0 && height == 0) {
        width = static_cast<int>(screen.width);
        height = static_cast<int>(screen.height);
    }
    if (width < map_picture::least_width || height < map_picture::least_height ||
        width > largest || height > largest) {
        throw std::invalid_argument(
            "save_png: " + std::to_string(width) + " x " + std::to_string(height) +
            " pixels are not between 160 x 120 and 16384 x 16384");
    }
    require_application();
    map_view view = screen.view;
    view.paused = false; // it shows this moment, whatever the widget shows
    save_picture(
        path, d_parts->state->about(), d_parts->state->snapshot(), view, width, height);
}

std::uint64_t map_window::redraws() const { return d_parts->screen->redraws; }

} // namespace isac
} // namespace gr
