/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_FRAME_SYNC_IMPL_H
#define INCLUDED_ISAC_FRAME_SYNC_IMPL_H

#include "failure.h"

#include <atomic>
#include <cfisac/signal/synchronisation.h>
#include <gnuradio/isac/frame_sync.h>
#include <memory>
#include <optional>
#include <vector>

namespace gr {
namespace isac {

class frame_sync_impl : public frame_sync
{
public:
    frame_sync_impl(const cfisac::Scenario& scenario,
                    int access_point,
                    const cfisac::signal::SynchronisationSettings& settings);

    void set_misses_allowed(int misses_allowed) override;
    int misses_allowed() const override { return d_misses_allowed; }
    bool locked() const override { return d_locked; }
    std::uint64_t frames() const override { return d_frames; }
    std::uint64_t frames_missed() const override { return d_missed; }
    std::uint64_t frames_dropped() const override { return d_dropped; }
    std::uint64_t locks() const override { return d_locks; }
    std::uint64_t losses() const override { return d_losses; }
    std::string error() const override { return d_failure.text(); }

    void setup_rpc() override;
    bool start() override;
    void forecast(int noutput_items, gr_vector_int& ninput_items_required) override;
    int general_work(int noutput_items,
                     gr_vector_int& ninput_items,
                     gr_vector_const_void_star& input_items,
                     gr_vector_void_star& output_items) override;

private:
    //! Where the next tag rx_time after `taken` items is, or `available`; one that stands at
    //! `taken` is taken notice of.
    int until_time(int taken, int available);
    //! Tags and message of the frame whose first sample goes out as item `item`.
    void tell(const cfisac::signal::SynchronisedFrame& frame, int item);
    void log(const cfisac::signal::SynchronisationEvent& event);
    void note_counts();

    const cfisac::Scenario d_scenario;
    const int d_access_point;
    const cfisac::signal::SynchronisationSettings d_settings;
    std::unique_ptr<cfisac::signal::Synchroniser> d_synchroniser;
    std::optional<std::uint64_t> d_timed; //!< item of the last rx_time taken notice of
    bool d_told = false;                  //!< whether the frame's tags are out
    log_limiter d_missed_lines;
    std::atomic<int> d_misses_allowed;
    std::atomic<bool> d_locked{false};
    std::atomic<std::uint64_t> d_frames{0};
    std::atomic<std::uint64_t> d_missed{0};
    std::atomic<std::uint64_t> d_dropped{0};
    std::atomic<std::uint64_t> d_locks{0};
    std::atomic<std::uint64_t> d_losses{0};
    failure d_failure;
};

} // namespace isac
} // namespace gr

#endif
