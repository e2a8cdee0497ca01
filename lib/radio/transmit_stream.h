// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_RADIO_TRANSMIT_STREAM_H
#define INCLUDED_RADIO_TRANSMIT_STREAM_H

#include "radio.h"
#include "sample_ring.h"
#include "status_queue.h"
#include "stream_format.h"
#include <atomic>
#include <complex>
#include <cstdint>
#include <mutex>
#include <optional>
#include <vector>

namespace cfisac::radio {

/*! Samples on their way to the antennas of a transmit access point.
 *
 * A burst whose time is known keeps to it: every sample has its time, and those that come
 * after it are dropped. The time is known where it was given with the burst or the
 * activation, and in an environment with `start_s`. Samples of another stream go out one
 * after the other, 10 ms after they are there, and move where there was a gap.
 */
class TransmitStream
{
public:
    //! \param channels of the buffers, in their order; other antennas are silent
    TransmitStream(Radio& radio, std::vector<std::size_t> channels, Format format);
    ~TransmitStream();

    // As in SoapySDR::Device; times are hardware times.
    int activate(std::optional<std::int64_t> time_ns);
    int deactivate();
    int write(const void* const* buffers,
              std::int64_t count,
              bool end_of_burst,
              std::optional<std::int64_t> time_ns,
              long timeout_us);
    int status(std::size_t& channel_mask,
               int& flags,
               long long& time_ns,
               long timeout_us);

private:
    // How far a burst is.
    enum class Burst {
        none,
        waiting, //!< its first sample is yet to come
        running
    };

    //! Begin a burst with sample `start`, or as soon as may be. False when it is late.
    bool begin(std::optional<std::int64_t> start);
    //! Begin a burst, or go on in this one, at a hardware time.
    void begin_at(std::int64_t time_ns);
    void end_burst();
    //! First sample that is not too late.
    std::int64_t earliest() const;
    //! First sample that is too early.
    std::int64_t limit() const;
    /*! What the passing of time did to the burst: samples that are late, or must move.
     * \return samples of the next `count` that are dropped */
    std::int64_t catch_up(std::int64_t count);
    //! Silence up to the next sample, as far as there is room.
    void fill_gap(std::int64_t limit);
    void append(const void* const* buffers, std::int64_t from, std::int64_t count);
    //! Wait for room for `count` samples, for a while or until `deadline_ns`.
    void wait(std::uint32_t progress, std::int64_t count, std::int64_t deadline_ns) const;
    //! Say in lockstep that all before the next sample is final.
    void set_edge() const;
    //! Whether a stream that should have sent has not; taken note of.
    void look_for_underflow();

    Radio& d_radio;
    std::vector<std::size_t> d_channels;
    Format d_format;
    std::size_t d_mask;
    RingWriter d_ring;
    std::mutex d_mutex; //!< of all but `d_active` and `d_status`
    std::atomic<bool> d_active{false};
    Burst d_burst = Burst::none;
    bool d_timed = false;       //!< whether the burst keeps to its time
    bool d_behind = false;      //!< whether it was said that it is late
    bool d_fresh = true;        //!< whether nothing in the rings is of use
    std::int64_t d_next = 0;    //!< the sample that is written next
    std::int64_t d_soonest = 0; //!< lockstep: the first one that the burst may have
    StatusQueue d_status;
    Warning d_underflow_warning;
    Warning d_late_warning;
    std::vector<std::vector<std::complex<float>>> d_scaled; //!< [antenna][mtu]
};

} // namespace cfisac::radio

#endif
