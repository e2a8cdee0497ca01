// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_RADIO_STATUS_QUEUE_H
#define INCLUDED_RADIO_STATUS_QUEUE_H

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>

namespace cfisac::radio {

//! What a transmit stream has to say to readStreamStatus().
struct StatusEvent {
    int code;            //!< 0 or an error of SoapySDR
    int flags;           //!< SOAPY_SDR_HAS_TIME, SOAPY_SDR_END_BURST
    std::int64_t sample; //!< what it is about
};

//! The last events, of which the oldest are forgotten when nobody asks.
class StatusQueue
{
public:
    static constexpr std::size_t capacity = 256;

    void push(const StatusEvent& event)
    {
        const std::lock_guard<std::mutex> lock(d_mutex);
        if (d_events.size() == capacity) {
            d_events.pop_front();
        }
        d_events.push_back(event);
        d_changed.notify_one();
    }

    //! Put the one that was taken back.
    void put_back(const StatusEvent& event)
    {
        const std::lock_guard<std::mutex> lock(d_mutex);
        d_events.push_front(event);
    }

    //! The oldest one, waiting for it up to `timeout`.
    std::optional<StatusEvent> pop(std::chrono::nanoseconds timeout)
    {
        std::unique_lock<std::mutex> lock(d_mutex);
        d_changed.wait_for(lock, timeout, [this] { return !d_events.empty(); });
        if (d_events.empty()) {
            return std::nullopt;
        }
        const auto event = d_events.front();
        d_events.pop_front();
        return event;
    }

private:
    std::mutex d_mutex;
    std::condition_variable d_changed;
    std::deque<StatusEvent> d_events;
};

} // namespace cfisac::radio

#endif
