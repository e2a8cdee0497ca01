/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_PARAMETER_FUSION_IMPL_H
#define INCLUDED_ISAC_PARAMETER_FUSION_IMPL_H

#include "estimate_outputs.h"
#include "failure.h"
#include "packet_deadline.h"
#include "packet_streams.h"
#include "real_time.h"

#include <atomic>
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
    std::uint64_t packets_refused() const override { return d_packets.refused(); }
    std::map<std::string, std::uint64_t> refusals() const override
    {
        return d_packets.refusals();
    }
    std::uint64_t items_unmatched() const override { return d_items_unmatched; }
    std::uint64_t frames_skipped() const override { return d_frames_skipped; }
    std::uint64_t frames_incomplete() const override { return d_frames_incomplete; }
    std::uint64_t packets_late() const override { return d_packets_late; }
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
    /*! Fuse the latest packets, to an output item and a PDU.
     * \param present [M'] whose packets belong to the frame
     */
    void fuse(std::uint64_t frame,
              const std::vector<bool>& present,
              int item,
              gr_vector_void_star& output_items);
    //! Frame number of a packet; nothing if it is refused.
    std::optional<std::uint64_t> number(std::size_t stream,
                                        int item,
                                        const gr_vector_const_void_star& input_items);
    //! Fuse what all access points have sent. \return items produced
    int fuse_complete(int most,
                      const gr_vector_int& ninput_items,
                      const gr_vector_const_void_star& input_items,
                      gr_vector_void_star& output_items);
    //! Fuse what has come within the deadline. \return items produced
    int fuse_by_deadline(int most,
                         const gr_vector_int& ninput_items,
                         const gr_vector_const_void_star& input_items,
                         gr_vector_void_star& output_items);
    //! Say who is missing from now on, and who is back.
    void note_present(std::uint64_t frame, const std::vector<bool>& present);

    packet_streams d_packets;
    const std::unique_ptr<cfisac::estimators::CentralEstimator> d_estimator;
    std::vector<cfisac::estimators::Message> d_messages; //!< [M], empty where absent
    const bool d_real_time;
    packet_deadline d_deadline;
    std::vector<bool> d_present; //!< [M'] who took part in the last frame
    int d_skipped = 0;           //!< items of each stream that this call passes over
    std::atomic<std::uint64_t> d_frames_incomplete{0};
    std::atomic<std::uint64_t> d_packets_late{0};
    skip_count d_frames_skipped;
    std::atomic<std::uint64_t> d_items_unmatched{0};
    estimate_outputs d_outputs;
    failure d_failure;
};

} // namespace isac
} // namespace gr

#endif
