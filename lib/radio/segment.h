// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_RADIO_SEGMENT_H
#define INCLUDED_RADIO_SEGMENT_H

#include "arguments.h"
#include <atomic>
#include <cfisac/scenario/frame_timing.h>
#include <complex>
#include <cstddef>
#include <cstdint>

namespace cfisac::radio {

/*! What lies in the shared memory of an environment: a `SegmentHeader`, a `RadioSlot` for
 * each access point of the scenario, transmit ones first, then for every antenna of every
 * transmit access point a ring of `capacity` samples, sqrt(W) at the antenna connector.
 * Sample k of a radio's own clock lies at k modulo `capacity`.
 *
 * Whatever changes while radios stream is atomic and free of locks, so that a process may
 * end anywhere.
 */

static_assert(std::atomic<std::int64_t>::is_always_lock_free);
static_assert(std::atomic<double>::is_always_lock_free);

//! Environment time before all others, ns: nothing is known yet.
constexpr std::int64_t never_ns = INT64_MIN;

//! How far a stream is.
enum class StreamState : std::uint32_t {
    off,
    starting, //!< it has not yet said from where it needs or has samples
    on
};

//! What one radio tells the others.
struct RadioSlot {
    std::atomic<std::int32_t> process; //!< 0 for a place that is free
    std::atomic<StreamState> stream;
    std::atomic<bool> joined; //!< whether there has been an active stream
    //! Lockstep: whether time waits for this transmit stream
    std::atomic<bool> holding;
    /*! Environment time, ns: of a transmit stream, up to where samples are final; of a
     * receive stream, from where on it still needs them */
    std::atomic<std::int64_t> edge_ns;
    // The radio's clock.
    std::atomic<double> clock_ppm;
    std::atomic<double> clock_offset_s;
    /*! A transmit stream's samples: silence before `first` and from `written` on. Those
     * before `reserved` - capacity have been or are being overwritten. */
    std::atomic<std::int64_t> first;
    std::atomic<std::int64_t> written;
    std::atomic<std::int64_t> reserved;
};

struct SegmentHeader {
    static constexpr std::uint64_t magic_number = 0x69736163'72616430; //!< "isacrad0"
    static constexpr std::uint32_t current_version = 1;

    std::atomic<std::uint64_t> magic; //!< written last
    std::uint32_t version;
    std::uint64_t scenario; //!< fingerprint of everything in it
    char scenario_name[ScenarioLimits::name_bytes + 1];
    TimeMode time;
    SceneMode scene;
    std::uint64_t seed;
    bool has_start;
    double start_s;
    std::int32_t participants;
    std::int64_t capacity; //!< samples of a ring
    std::int64_t epoch_ns; //!< environment time 0 on the machine's steady clock
    // Lockstep.
    std::atomic<std::uint32_t> progress;  //!< counts changes, to be waited on
    std::atomic<bool> started;            //!< whether all participants have streamed
    std::atomic<std::int64_t> horizon_ns; //!< what receivers were told to be final
    std::atomic<std::int64_t> final_ns;   //!< latest edge of streams that no longer hold
};

//! Sizes of an environment's segment.
struct SegmentLayout {
    SegmentLayout(const Scenario& scenario, const FrameTiming& timing);

    std::size_t transmitters;
    std::size_t receivers;
    std::size_t antennas;  //!< of a transmit access point
    std::int64_t capacity; //!< see SegmentHeader
    std::size_t slots_at;  //!< bytes from the start of the segment
    std::size_t rings_at;
    std::size_t bytes; //!< of the whole

    //! Where the ring of an antenna of transmit access point n starts, bytes.
    std::size_t ring_at(std::size_t n, std::size_t antenna) const
    {
        return rings_at + (n * antennas + antenna) * static_cast<std::size_t>(capacity) *
                              sizeof(std::complex<float>);
    }
};

//! Samples that a stream handles at a time.
constexpr std::int64_t stream_mtu = 8192;
//! Longest ring of an antenna, samples (32 MiB) and seconds.
constexpr std::int64_t max_ring_samples = std::int64_t{1} << 22;
constexpr double max_ring_s = 0.5;

//! Fingerprint of a scenario with everything in it but the calibration of its receivers,
//! which is what some radio found and not what the environment is like.
std::uint64_t environment_fingerprint(const Scenario& scenario);

} // namespace cfisac::radio

#endif
