/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_MAP_FRAMES_H
#define INCLUDED_ISAC_MAP_FRAMES_H

#include "../estimate_pdu.h"
#include "error_history.h"

#include <cfisac/evaluation/frame_errors.h>
#include <cfisac/scenario/scenario.h>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace gr {
namespace isac {

//! What one stream tells of a frame, and what is known about it.
struct map_estimate {
    std::vector<float> values;     //!< [2, Q, D], m and m/s; empty where there is none
    std::vector<float> confidence; //!< [Q], or empty
    std::vector<float> covariance; //!< [Q, 2D, 2D], or empty
    std::optional<std::vector<std::int32_t>> access_points; //!< that took part
    std::vector<std::size_t> match; //!< [Q], estimate of each target; empty without truth
};

//! A frame of the map.
struct map_frame {
    std::uint64_t frame = 0;
    std::vector<float> truth;            //!< [2, Q, D], or empty
    std::vector<float> bound;            //!< [2, Q], root bound, or empty
    std::vector<map_estimate> estimates; //!< one for each stream
};

/*! Pairs estimates of several streams with truth, bound and PDUs by frame number, and scores
 * them.
 *
 * In each stream numbers rise, but some may be missing. A frame is settled when everything
 * has come to it, or will not come any more: because a stream is at a later frame, has ended,
 * or gives nothing for ten seconds while others do. What is left of the frames before it
 * stays incomplete. Where the numbers of a stream fall, a new run has begun.
 *
 * Not for several threads.
 */
class map_frames
{
public:
    using time = error_history::time;
    //! Frames that may be incomplete; of more, the oldest are given up.
    static constexpr std::size_t most_open = 65536;
    //! PDUs whose estimates have not come by the streams.
    static constexpr std::size_t most_pdus = 4096;
    static constexpr double patience_s = 10.0;

    //! \param streams of estimates; at least one
    map_frames(const cfisac::Scenario& scenario,
               std::size_t streams,
               bool with_truth,
               bool with_bound);

    //! How many settled frames are kept, behind the latest one.
    void set_trail(std::size_t frames);

    // Values as in map_frame.
    void add_truth(std::uint64_t frame, const float* values);
    void add_bound(std::uint64_t frame, const float* values);
    void add_estimate(std::size_t stream,
                      std::uint64_t frame,
                      const float* values,
                      time now);
    //! What is known about estimates that come, or have come, by a stream; it is told from
    //! others of the same frame by its values.
    void add_pdu(estimate_pdu pdu);
    //! Nothing more comes by a stream of estimates.
    void end(std::size_t stream);
    //! Begin a new run: frames are dropped (what is under way is not incomplete), the
    //! errors are kept.
    void restart();

    //! The latest settled frame and its trail, oldest first.
    const std::deque<std::shared_ptr<const map_frame>>& settled() const
    {
        return d_settled;
    }
    //! Frames with an estimate of every stream, and truth and bound where these are expected.
    std::uint64_t frames() const { return d_frames; }
    //! Frames in which something was missing that later ones have.
    std::uint64_t frames_incomplete() const { return d_incomplete; }

    //! Of the estimates of a stream, or of the bound (`stream` is their number), m.
    const error_history& location(std::size_t stream) const { return d_location[stream]; }
    //! The same of the velocity, m/s.
    const error_history& velocity(std::size_t stream) const { return d_velocity[stream]; }
    //! When the latest estimate came.
    time latest() const { return d_latest; }

private:
    //! What is expected to rise in a stream.
    struct progress {
        std::optional<std::uint64_t> frame; //!< the last one
        bool ended = false;
        std::optional<time> when; //!< of the last one
    };
    struct open_frame {
        map_frame known;
        bool scored = false;       //!< some estimate is
        bool bound_scored = false; //!< the bound is
    };

    //! The frame that something comes to; null when it is not drawn any more.
    open_frame* open(progress& stream, std::uint64_t frame);
    //! Score what can be scored; close the frame when it is settled. \return whether it was
    bool settle(open_frame& each);
    void score(open_frame& each);
    bool is_settled(const map_frame& frame) const;
    bool is_complete(const map_frame& frame) const;
    bool is_waited_for(const progress& stream, std::uint64_t frame) const;
    void close(std::uint64_t frame);
    bool take_pdu(map_frame& frame, const estimate_pdu& pdu) const;

    const std::size_t d_targets; //!< Q
    const std::size_t d_values;  //!< 2·D·Q
    const bool d_with_truth;
    const bool d_with_bound;
    const cfisac::evaluation::Matcher d_match;
    std::size_t d_trail = 0;
    progress d_truth, d_bound;
    std::vector<progress> d_streams;
    std::map<std::uint64_t, open_frame> d_open;
    std::optional<std::uint64_t> d_closed; //!< the latest settled frame
    std::deque<std::shared_ptr<const map_frame>> d_settled;
    std::deque<estimate_pdu> d_pdus;                   //!< whose estimates have not come
    std::vector<error_history> d_location, d_velocity; //!< streams, then the bound
    std::optional<time> d_first;                       //!< estimate of this run
    time d_latest{};
    std::uint64_t d_frames = 0;
    std::uint64_t d_incomplete = 0;
};

} // namespace isac
} // namespace gr

#endif
