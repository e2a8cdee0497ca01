/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_MAP_WINDOW_H
#define INCLUDED_ISAC_MAP_WINDOW_H

#include "map_state.h"

#include <memory>
#include <string>

class QWidget;

namespace gr {
namespace isac {

/*! The widget of a map, which is made when it is asked for, for a block that sees nothing of
 * Qt's headers.
 */
class map_window
{
public:
    map_window(std::shared_ptr<map_state> state, int rate);
    ~map_window();

    //! See map_sink.
    QWidget* widget();
    void save_png(const std::string& path, int width, int height) const;
    std::uint64_t redraws() const;

private:
    struct parts;
    const std::unique_ptr<parts> d_parts;
};

} // namespace isac
} // namespace gr

#endif
