/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_MAP_STATE_H
#define INCLUDED_ISAC_MAP_STATE_H

#include "fronthaul_meter.h"
#include "map_frames.h"

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace gr {
namespace isac {

//! Whether a map is dark.
enum class map_theme { automatic, dark, light };

//! \throws std::invalid_argument naming a word that is not "auto", "dark" or "light"
map_theme map_theme_from_string(const std::string& word);
const char* to_string(map_theme theme);

//! What of a map a user may change, from any thread.
struct map_settings {
    std::string title;
    map_theme theme = map_theme::automatic;
    int trail = 20; //!< frames
};

//! All that a picture of the map shows, as it was at one moment.
struct map_snapshot {
    //! Errors of a stream of estimates, or root bound.
    struct series {
        std::vector<error_history::point> points;
        std::optional<double> recent;
    };

    //! Whose fronthaul there is room for.
    static constexpr std::size_t most_access_points = 12;

    map_settings settings;
    std::vector<std::shared_ptr<const map_frame>>
        frames;                             //!< oldest first; trail and last
    std::vector<series> location, velocity; //!< streams, then the bound; m, m/s
    //! Of the first access points, or empty without packets.
    std::vector<fronthaul_meter::state> fronthaul;
    //! Frames per second, of the last seconds; nothing before there are any.
    std::optional<double> frames_per_second;
    std::uint64_t frames_incomplete = 0;
};

//! What does not change while a map lives.
struct map_description {
    cfisac::Scenario scenario;
    std::vector<std::string> names; //!< of the streams of estimates
    bool truth = true;
    bool bound = false;
    std::optional<map_packets> packets;
};

/*! What the flowgraph knows and what the picture shows: for several threads. The picture
 * takes a snapshot, whose frames are shared and do not change, so that the flowgraph does not
 * wait for it.
 */
class map_state
{
public:
    //! \throws std::invalid_argument, see map_frames
    map_state(const map_description& description, const map_settings& settings);

    const map_description& about() const { return d_about; }

    map_settings settings() const;
    //! Each throws std::invalid_argument on what is out of range.
    void set_trail(int frames);
    void set_theme(map_theme theme);
    void set_title(const std::string& title);

    //! What the flowgraph does with frames and packets, on its own.
    template <typename Function>
    void update(Function function)
    {
        const std::lock_guard<std::mutex> lock(d_mutex);
        function(d_frames, d_fronthaul);
        note_rate();
        d_version++;
    }

    map_snapshot snapshot() const;
    //! Rises whenever something has come.
    std::uint64_t version() const { return d_version; }
    std::uint64_t frames() const;
    std::uint64_t frames_incomplete() const;

private:
    //! Frames that were settled at a time.
    struct mark {
        map_frames::time when;
        std::uint64_t frames;
    };

    void note_rate();

    const map_description d_about;
    mutable std::mutex d_mutex; //!< guards what follows
    map_settings d_settings;
    map_frames d_frames;
    std::optional<fronthaul_meter> d_fronthaul;
    std::deque<mark> d_marks;
    std::atomic<std::uint64_t> d_version{0};
};

//! \throws std::invalid_argument unless 0 … 1000
int checked_trail(int frames);

} // namespace isac
} // namespace gr

#endif
