/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_PARAMETER_FUSION_IMPL_H
#define INCLUDED_ISAC_PARAMETER_FUSION_IMPL_H

#include "estimate_outputs.h"
#include "failure.h"
#include "packet_alignment.h"

#include <cfisac/estimators/access_point.h>
#include <gnuradio/isac/parameter_fusion.h>
#include <memory>

namespace gr {
namespace isac {

class parameter_fusion_impl : public parameter_fusion
{
public:
    parameter_fusion_impl(const cfisac::Scenario& scenario,
                          cfisac::estimators::Scheme scheme,
                          const std::vector<int>& absent,
                          bool real_time,
                          double deadline_s);

    std::size_t packet_size() const override { return d_packets.format().size(); }
    std::uint64_t frames() const override { return d_packets.frames(); }
    std::uint64_t frames_lost() const override { return d_packets.frames_lost(); }
    std::uint64_t packets_refused() const override { return d_packets.packets_refused(); }
    std::map<std::string, std::uint64_t> refusals() const override
    {
        return d_packets.refusals();
    }
    std::uint64_t items_unmatched() const override { return d_packets.unmatched(); }
    std::uint64_t frames_skipped() const override { return d_packets.frames_skipped(); }
    std::uint64_t frames_incomplete() const override
    {
        return d_packets.frames_incomplete();
    }
    std::uint64_t packets_late() const override { return d_packets.packets_late(); }
    std::uint64_t duplicates() const override { return d_packets.duplicates(); }
    double latency_s(double share) const override { return d_outputs.latency_s(share); }
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
    //! Fuse the packets of a frame, to an output item and a PDU.
    void fuse(const packet_alignment::turn& turn,
              int item,
              gr_vector_void_star& output_items);

    packet_alignment d_packets;
    const std::unique_ptr<cfisac::estimators::CentralEstimator> d_estimator;
    std::vector<cfisac::estimators::Message> d_messages; //!< [M], empty where absent
    const bool d_real_time;
    estimate_outputs d_outputs;
    failure d_failure;
};

} // namespace isac
} // namespace gr

#endif
