/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_ACCESS_POINT_ESTIMATOR_IMPL_H
#define INCLUDED_ISAC_ACCESS_POINT_ESTIMATOR_IMPL_H

#include "failure.h"
#include "received_frames.h"

#include <atomic>
#include <cfisac/estimators/access_point.h>
#include <cfisac/fronthaul/packet.h>
#include <gnuradio/isac/access_point_estimator.h>
#include <memory>

namespace gr {
namespace isac {

//! The block of every scheme; what it computes is a matter of the estimator.
class access_point_estimator_impl : virtual public access_point_estimator,
                                    public frame_block
{
public:
    access_point_estimator_impl(cfisac::estimators::Scheme scheme,
                                const cfisac::Scenario& scenario,
                                int access_point,
                                const std::string& device,
                                bool real_time,
                                cfisac::estimators::StaticClutter static_clutter);

    std::size_t packet_size() const override { return d_format.size(); }
    std::size_t fronthaul_bits() const override
    {
        return std::size_t{d_format.bits_per_index()} * d_format.index_count();
    }
    std::uint64_t frames() const override { return d_frames; }
    std::uint64_t frames_refused() const override { return d_frames_in.refused(); }
    std::uint64_t frames_unmatched() const override { return d_frames_in.unmatched(); }
    std::uint64_t frames_skipped() const override { return d_frames_in.skipped(); }
    std::uint64_t host_copies() const override { return d_frames_in.copies().frames(); }
    std::uint64_t host_copied_bytes() const override
    {
        return d_frames_in.copies().bytes();
    }
    std::string error() const override { return d_failure.text(); }

    at::Device frame_device() const override { return d_queue.device(); }
    bool reads_frames(int) const override { return true; }
    bool writes_frames(int) const override { return false; }

    void setup_rpc() override;
    bool start() override;
    bool check_topology(int ninputs, int noutputs) override;
    void forecast(int noutput_items, gr_vector_int& ninput_items_required) override;
    int general_work(int noutput_items,
                     gr_vector_int& ninput_items,
                     gr_vector_const_void_star& input_items,
                     gr_vector_void_star& output_items) override;

private:
    //! Estimate and write the packet.
    void send(const received_frame& frame, std::uint8_t* packet);

    device_queue d_queue;
    const cfisac::fronthaul::PacketFormat d_format;
    const std::unique_ptr<cfisac::estimators::AccessPointEstimator> d_estimator;
    cfisac::fronthaul::Packet d_packet;
    received_frames d_frames_in;
    std::atomic<std::uint64_t> d_frames{0};
    failure d_failure;
};

} // namespace isac
} // namespace gr

#endif
