/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_DIRECT_PATH_CANCELLER_IMPL_H
#define INCLUDED_ISAC_DIRECT_PATH_CANCELLER_IMPL_H

#include "failure.h"
#include "message.h"
#include "received_frames.h"

#include <atomic>
#include <cfisac/signal/direct_path.h>
#include <gnuradio/isac/direct_path_canceller.h>

namespace gr {
namespace isac {

class direct_path_canceller_impl : public direct_path_canceller
{
public:
    //! What is removed.
    enum class removal_kind { none, direct, projection };

    direct_path_canceller_impl(const cfisac::Scenario& scenario,
                               int access_point,
                               removal_kind removal,
                               bool measure,
                               const std::string& device);

    void set_removal(const std::string& removal) override;
    std::string removal() const override;
    std::uint64_t frames() const override { return d_frames; }
    std::uint64_t frames_without_direct_path() const override { return d_frames_without; }
    std::uint64_t frames_unmatched() const override { return d_frames_in.unmatched(); }
    std::uint64_t frames_refused() const override { return d_frames_in.refused(); }
    std::uint64_t messages_refused() const override { return d_ports.refused(); }
    std::string error() const override { return d_failure.text(); }

    void setup_rpc() override;
    bool start() override;
    bool check_topology(int ninputs, int noutputs) override;
    void forecast(int noutput_items, gr_vector_int& ninput_items_required) override;
    int general_work(int noutput_items,
                     gr_vector_int& ninput_items,
                     gr_vector_const_void_star& input_items,
                     gr_vector_void_star& output_items) override;

private:
    void on_command(message_reader& reader);
    //! Offsets of the tags of an echo's item, [N]; zero where there are none.
    std::vector<cfisac::signal::ClockOffset> tagged_offsets(std::uint64_t offset) const;
    void process(const received_frame& frame,
                 int item,
                 gr_vector_void_star& output_items);
    void publish(std::uint64_t frame,
                 const std::vector<cfisac::signal::DirectPath>& paths,
                 int item,
                 std::uint64_t input_offset);

    device_queue d_queue;
    const cfisac::signal::Layout d_layout; //!< on the device
    const int d_receiver;
    const bool d_measure;
    std::atomic<removal_kind> d_removal;
    received_frames d_frames_in;
    std::atomic<std::uint64_t> d_frames{0};
    std::atomic<std::uint64_t> d_frames_without{0};
    message_ports d_ports;
    log_limiter d_weak_log;
    failure d_failure;
};

} // namespace isac
} // namespace gr

#endif
