/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "map_widget.h"
#include "plane_painter.h"

#include <QAction>
#include <QActionGroup>
#include <QFileDialog>
#include <QMenu>
#include <QMessageBox>
#include <QMouseEvent>
#include <QPaintEvent>
#include <QPainter>
#include <QRegion>
#include <QWheelEvent>
#include <algorithm>
#include <cmath>

namespace gr {
namespace isac {

namespace {

constexpr int side_interval_ms = 200;

} // namespace

map_widget::map_widget(std::shared_ptr<map_state> state,
                       std::shared_ptr<map_screen> screen,
                       int rate)
    : d_state(std::move(state)), d_screen(std::move(screen))
{
    // Every pixel is painted: Qt need not clear it before.
    setAttribute(Qt::WA_OpaquePaintEvent);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
    setContextMenuPolicy(Qt::ActionsContextMenu);
    setWindowTitle("ISAC map");
    setAccessibleName("ISAC map");
    make_actions();
    take_snapshot();
    connect(&d_timer, &QTimer::timeout, this, [this] { look(); });
    d_timer.setTimerType(Qt::PreciseTimer);
    d_timer.start(static_cast<int>(std::ceil(1000.0 / rate)));
}

QSize map_widget::sizeHint() const { return {960, 640}; }

QSize map_widget::minimumSizeHint() const { return {240, 180}; }

// -------------------------------------------------------------------- menu

void map_widget::make_actions()
{
    auto* save = new QAction("Save picture…", this);
    connect(save, &QAction::triggered, this, [this] { ask_where_to_save(); });
    addAction(save);

    auto* pause = new QAction("Pause", this);
    pause->setCheckable(true);
    connect(pause, &QAction::toggled, this, [this](bool on) {
        d_screen->change([on](map_screen::state& s) { s.view.paused = on; });
        update();
    });
    addAction(pause);

    const auto theme = [this](map_theme value) {
        return [this, value] {
            d_state->set_theme(value);
            d_shown.settings.theme = value; // also while it is paused
            update();
        };
    };
    QActionGroup* themes = make_choice("Theme",
                                       {{"As the desktop", theme(map_theme::automatic)},
                                        {"Dark", theme(map_theme::dark)},
                                        {"Light", theme(map_theme::light)}});
    themes->actions()[static_cast<int>(d_state->settings().theme)]->setChecked(true);

    if (d_state->about().truth) {
        const auto error = [this](map_quantity value) {
            return [this, value] {
                d_screen->change(
                    [value](map_screen::state& s) { s.view.quantity = value; });
                update();
            };
        };
        QActionGroup* errors = make_choice("Plot the error of",
                                           {{"Location", error(map_quantity::location)},
                                            {"Velocity", error(map_quantity::velocity)}});
        errors->actions()[static_cast<int>(d_screen->get().view.quantity)]->setChecked(
            true);
    }

    auto* everything = new QAction("Show everything", this);
    connect(everything, &QAction::triggered, this, [this] { show_everything(); });
    addAction(everything);
}

QActionGroup* map_widget::make_choice(
    const char* name,
    const std::vector<std::pair<const char*, std::function<void()>>>& choices)
{
    auto* menu = new QMenu(name, this);
    auto* group = new QActionGroup(menu);
    for (const auto& [word, chosen] : choices) {
        QAction* action = menu->addAction(word);
        action->setCheckable(true);
        group->addAction(action);
        connect(action, &QAction::triggered, this, chosen);
    }
    addAction(menu->menuAction());
    return group;
}

void map_widget::ask_where_to_save()
{
    // The picture of this moment, and not of when the user has found a name.
    const map_snapshot shown = d_shown;
    const auto screen = d_screen->get();
    QString path = QFileDialog::getSaveFileName(
        this, "Save picture", "map.png", "Portable Network Graphics (*.png)");
    if (path.isEmpty()) {
        return;
    }
    if (!path.endsWith(".png", Qt::CaseInsensitive)) {
        path += ".png";
    }
    try {
        save_picture(path.toStdString(),
                     d_state->about(),
                     shown,
                     screen.view,
                     static_cast<int>(screen.width),
                     static_cast<int>(screen.height));
    } catch (const std::exception& cause) {
        QMessageBox::warning(this, "Save picture", cause.what());
    }
}

// ---------------------------------------------------------------- painting

void map_widget::look()
{
    const bool changed = d_version != d_state->version();
    if (!changed || !isVisible() || d_screen->get().view.paused) {
        return;
    }
    take_snapshot();
    // Numbers and plots are not read thirty times a second.
    const map_rect side = picture().side();
    if (side.is_empty() || !d_since_side.isValid() ||
        d_since_side.elapsed() >= side_interval_ms) {
        d_since_side.start();
        update();
        return;
    }
    QRegion rest(rect());
    update(
        rest.subtracted(QRectF(side.x, side.y, side.width, side.height).toAlignedRect()));
}

void map_widget::take_snapshot()
{
    d_version = d_state->version();
    d_shown = d_state->snapshot();
}

map_picture map_widget::picture() const
{
    return {d_state->about(),
            d_shown,
            d_screen->get().view,
            static_cast<double>(width()),
            static_cast<double>(height())};
}

void map_widget::paintEvent(QPaintEvent* event)
{
    QPainter painter(this);
    const map_picture shown = picture();
    paint_still(painter, shown);
    shown.paint_moving(painter);
    const map_rect& side = shown.side();
    if (event->region().intersects(
            QRectF(side.x, side.y, side.width, side.height).toRect())) {
        shown.paint_side(painter);
    }
    d_screen->redraws++;
}

void map_widget::paint_still(QPainter& painter, const map_picture& shown)
{
    const map_view view = d_screen->get().view;
    const still_key key{size(),
                        devicePixelRatioF(),
                        &map_colours::of(d_shown.settings.theme),
                        view.zoom,
                        view.across_m,
                        view.up_m,
                        shown.has_ellipses(),
                        missing_access_points(d_state->about(), d_shown)};
    if (!(key == d_still_key)) {
        d_still = QPixmap(size() * key.pixel_ratio);
        d_still.setDevicePixelRatio(key.pixel_ratio);
        QPainter still(&d_still);
        shown.paint_still(still);
        d_still_key = key;
    }
    painter.drawPixmap(0, 0, d_still);
}

void map_widget::resizeEvent(QResizeEvent*)
{
    d_screen->change([this](map_screen::state& s) {
        s.width = std::max<double>(width(), map_picture::least_width);
        s.height = std::max<double>(height(), map_picture::least_height);
    });
}

void map_widget::showEvent(QShowEvent* event)
{
    if (!d_screen->get().view.paused) {
        take_snapshot();
    }
    QWidget::showEvent(event);
}

// ------------------------------------------------------------------- mouse

void map_widget::wheelEvent(QWheelEvent* event)
{
    // What is below the mouse stays there.
    const auto at = event->position();
    const auto before = picture().plan().scene(at.x(), at.y());
    const double factor = std::pow(1.2, event->angleDelta().y() / 120.0);
    d_screen->change([factor](map_screen::state& s) {
        s.view.zoom = std::clamp(s.view.zoom * factor, 0.5, 100.0);
    });
    const auto after = picture().plan().scene(at.x(), at.y());
    d_screen->change([&](map_screen::state& s) {
        s.view.across_m += before.x - after.x;
        s.view.up_m += before.y - after.y;
    });
    update();
    event->accept();
}

void map_widget::mousePressEvent(QMouseEvent* event) { d_dragged = event->localPos(); }

void map_widget::mouseMoveEvent(QMouseEvent* event)
{
    if (!(event->buttons() & Qt::LeftButton)) {
        return;
    }
    const auto moved = event->localPos() - d_dragged;
    d_dragged = event->localPos();
    const double scale = picture().plan().scale_across();
    d_screen->change([&](map_screen::state& s) {
        s.view.across_m -= moved.x() / scale;
        s.view.up_m += moved.y() / scale;
    });
    update();
}

void map_widget::mouseDoubleClickEvent(QMouseEvent*) { show_everything(); }

void map_widget::show_everything()
{
    d_screen->change([](map_screen::state& s) {
        s.view.zoom = 1.0;
        s.view.across_m = s.view.up_m = 0.0;
    });
    update();
}

} // namespace isac
} // namespace gr
