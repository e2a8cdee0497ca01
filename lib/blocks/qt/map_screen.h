/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_MAP_SCREEN_H
#define INCLUDED_ISAC_MAP_SCREEN_H

#include "map_picture.h"

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

namespace gr {
namespace isac {

/*! What is known of the widget to who is not in its thread: how the user looks at the map. It
 * lives as long as widget or block need it.
 */
class map_screen
{
public:
    struct state {
        map_view view;
        double width = 1200.0, height = 800.0; //!< pixels
    };

    state get() const
    {
        const std::lock_guard<std::mutex> lock(d_mutex);
        return d_state;
    }
    template <typename Function>
    void change(Function function)
    {
        const std::lock_guard<std::mutex> lock(d_mutex);
        function(d_state);
    }

    std::atomic<std::uint64_t> redraws{0};

private:
    mutable std::mutex d_mutex;
    state d_state;
};

/*! Create a QApplication where there is none, on Qt's platform `offscreen` where no display is
 * known.
 * \throws std::runtime_error where there is an application that cannot paint
 */
void require_application();

/*! Paint to a PNG file.
 * \throws std::runtime_error naming the file that cannot be written
 */
void save_picture(const std::string& path,
                  const map_description& about,
                  const map_snapshot& shown,
                  const map_view& view,
                  int width,
                  int height);

} // namespace isac
} // namespace gr

#endif
