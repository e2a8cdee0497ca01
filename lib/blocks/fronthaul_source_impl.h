/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_FRONTHAUL_SOURCE_IMPL_H
#define INCLUDED_ISAC_FRONTHAUL_SOURCE_IMPL_H

#include "failure.h"
#include "moved_counts.h"

#include <atomic>
#include <cfisac/fronthaul/receiver.h>
#include <gnuradio/isac/fronthaul_source.h>
#include <memory>

namespace gr {
namespace isac {

class fronthaul_source_impl : public fronthaul_source
{
public:
    fronthaul_source_impl(const cfisac::fronthaul::ReceiverOptions& options,
                          std::unique_ptr<cfisac::fronthaul::Receiver> receiver);

    void end() override { d_ending = true; }
    std::string address() const override { return d_receiver->address(); }
    std::uint64_t packets_received() const override { return counts().received; }
    std::uint64_t packets_lost() const override { return counts().lost; }
    std::uint64_t packets_late() const override { return counts().late; }
    std::uint64_t packets_duplicate() const override { return counts().duplicate; }
    std::uint64_t packets_corrupt() const override { return counts().corrupt; }
    std::uint64_t packets_foreign() const override { return counts().foreign; }
    std::uint64_t packets_refused() const override { return counts().refused; }
    std::uint64_t connections_refused() const override
    {
        return counts().connections_refused;
    }
    std::string error() const override { return d_failure.text(); }

    void setup_rpc() override;
    bool start() override;
    bool stop() override;
    int work(int noutput_items,
             gr_vector_const_void_star& input_items,
             gr_vector_void_star& output_items) override;

private:
    cfisac::fronthaul::ReceiverCounts counts() const { return d_receiver->counts(); }
    void log();

    const int d_access_point;
    const std::size_t d_queue;
    std::atomic<bool> d_ending{false};
    std::size_t d_rest = 0; //!< packets that may still be passed on once it ends
    const std::unique_ptr<cfisac::fronthaul::Receiver> d_receiver;
    moved_counts d_moved;
    std::string d_logged_refusal;
    failure d_failure;
};

} // namespace isac
} // namespace gr

#endif
