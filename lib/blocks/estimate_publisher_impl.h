/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_ESTIMATE_PUBLISHER_IMPL_H
#define INCLUDED_ISAC_ESTIMATE_PUBLISHER_IMPL_H

#include "failure.h"

#include <atomic>
#include <cfisac/fronthaul/publisher.h>
#include <gnuradio/isac/estimate_publisher.h>
#include <string>

namespace gr {
namespace isac {

class estimate_publisher_impl : public estimate_publisher
{
public:
    estimate_publisher_impl(const cfisac::Scenario& scenario,
                            const std::string& zmq_address,
                            const std::string& udp_address,
                            int queue);

    std::string zmq_address() const override { return d_publisher.zmq_address(); }
    std::uint64_t published() const override { return d_publisher.counts().published; }
    std::uint64_t datagrams_dropped() const override
    {
        return d_publisher.counts().datagrams_dropped;
    }
    std::uint64_t messages_refused() const override { return d_refused; }

    void setup_rpc() override;
    bool stop() override;

private:
    void take(const pmt::pmt_t& pdu);

    const std::size_t d_dimensions;
    const std::size_t d_targets;
    cfisac::fronthaul::Publisher d_publisher;
    std::atomic<std::uint64_t> d_refused{0};
    log_limiter d_log_limiter;
};

} // namespace isac
} // namespace gr

#endif
