/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "map_screen.h"

#include <QApplication>
#include <QImage>
#include <QImageWriter>
#include <stdexcept>

namespace gr {
namespace isac {

void require_application()
{
    if (QCoreApplication::instance()) {
        if (!qobject_cast<QApplication*>(QCoreApplication::instance())) {
            throw std::runtime_error(
                "the map needs a QApplication, and there is an application of Qt that "
                "has no windows");
        }
        return;
    }
#if defined(Q_OS_LINUX)
    // Without it, Qt would end the process.
    if (qEnvironmentVariableIsEmpty("DISPLAY") &&
        qEnvironmentVariableIsEmpty("WAYLAND_DISPLAY") &&
        qEnvironmentVariableIsEmpty("QT_QPA_PLATFORM")) {
        qputenv("QT_QPA_PLATFORM", "offscreen");
    }
#endif
    // It must live as long as any widget: until the process ends.
    static int argc = 1;
    static char name[] = "gr-isac";
    static char* argv[] = {name, nullptr};
    new QApplication(argc, argv);
}

void save_picture(const std::string& path,
                  const map_description& about,
                  const map_snapshot& shown,
                  const map_view& view,
                  int width,
                  int height)
{
    QImage image(width, height, QImage::Format_RGB32);
    QPainter painter(&image);
    map_picture(about, shown, view, width, height).paint(painter);
    painter.end();
    QImageWriter writer(QString::fromStdString(path), "png");
    if (!writer.write(image)) {
        throw std::runtime_error(path + ": " + writer.errorString().toStdString());
    }
}

} // namespace isac
} // namespace gr
