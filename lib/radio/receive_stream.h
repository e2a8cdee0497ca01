// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_RADIO_RECEIVE_STREAM_H
#define INCLUDED_RADIO_RECEIVE_STREAM_H

#include "radio.h"
#include "reception.h"
#include "stream_format.h"
#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <vector>

namespace cfisac::radio {

/*! Samples from the antennas of a receive access point, computed when they are read from
 * what the transmitters have written.
 *
 * In real time samples are there 2 ms after their time. A reader that is behind by more
 * than `Radio::behind_ns` is told of the overflow once and goes on with the present.
 */
class ReceiveStream
{
public:
    //! \param channels of the buffers, in their order
    ReceiveStream(Radio& radio, std::vector<std::size_t> channels, Format format);
    ~ReceiveStream();

    // As in SoapySDR::Device; times are hardware times.
    //! \param count samples after which the stream ends, 0 for none
    int activate(std::optional<std::int64_t> time_ns, std::int64_t count);
    int deactivate();
    int read(void* const* buffers,
             std::int64_t count,
             int& flags,
             long long& time_ns,
             long timeout_us);

private:
    //! Samples that are there from the next one on, of `wanted`.
    std::int64_t available(std::int64_t wanted) const;
    //! Real time: whether the reader is too slow; it goes on with the present then.
    bool overflows();
    void wait(std::uint32_t progress, std::int64_t count, std::int64_t deadline_ns) const;
    void deliver(void* const* buffers, std::int64_t count);
    void set_edge() const;

    Radio& d_radio;
    std::vector<std::size_t> d_channels;
    Format d_format;
    Reception d_reception;
    std::mutex d_mutex; //!< of all but `d_active`
    std::atomic<bool> d_active{false};
    std::int64_t d_next = 0; //!< the sample that is read next
    std::int64_t d_end = INT64_MAX;
    std::int64_t d_watched_ns = 0; //!< when it was looked whether somebody died
    Warning d_overflow_warning;
    std::vector<std::vector<std::complex<float>>> d_received; //!< [antenna][mtu]
};

} // namespace cfisac::radio

#endif
