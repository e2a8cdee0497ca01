/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "estimate_publisher_impl.h"
#include "estimate_json.h"
#include "exported_count.h"

#include <algorithm>
#include <gnuradio/io_signature.h>
#include <gnuradio/isac/names.h>

namespace gr {
namespace isac {

namespace {

cfisac::fronthaul::PublisherOptions options(const cfisac::Scenario& scenario,
                                            const std::string& zmq_address,
                                            const std::string& udp_address,
                                            int queue)
{
    cfisac::fronthaul::PublisherOptions result;
    result.zmq_address = zmq_address;
    result.udp_address = udp_address;
    result.largest =
        longest_estimates_json(static_cast<std::size_t>(scenario.dimensions),
                               static_cast<std::size_t>(scenario.targets.count),
                               scenario.receive.size());
    result.queue = static_cast<std::size_t>(std::max(queue, 0));
    return result;
}

} // namespace

estimate_publisher::sptr estimate_publisher::make(const cfisac::Scenario& scenario,
                                                  const std::string& zmq_address,
                                                  const std::string& udp_address,
                                                  int queue)
{
    return gnuradio::make_block_sptr<estimate_publisher_impl>(
        scenario, zmq_address, udp_address, queue);
}

estimate_publisher_impl::estimate_publisher_impl(const cfisac::Scenario& scenario,
                                                 const std::string& zmq_address,
                                                 const std::string& udp_address,
                                                 int queue)
    : gr::block("estimate_publisher",
                gr::io_signature::make(0, 0, 0),
                gr::io_signature::make(0, 0, 0)),
      d_dimensions(static_cast<std::size_t>(scenario.dimensions)),
      d_targets(static_cast<std::size_t>(scenario.targets.count)),
      d_publisher(options(scenario, zmq_address, udp_address, queue))
{
    message_port_register_in(names::estimates_port());
    set_msg_handler(names::estimates_port(),
                    [this](const pmt::pmt_t& pdu) { take(pdu); });
}

void estimate_publisher_impl::setup_rpc()
{
#ifdef GR_CTRLPORT
    const auto add = [this](const char* name,
                            std::uint64_t (estimate_publisher::*count)() const,
                            const char* unit,
                            const char* text) {
        add_rpc_variable(exported_count(alias(), name, count, unit, text));
    };
    add("published", &estimate_publisher::published, "frames", "frames published");
    add("datagrams_dropped",
        &estimate_publisher::datagrams_dropped,
        "datagrams",
        "datagrams not taken by the operating system");
    add("messages_refused",
        &estimate_publisher::messages_refused,
        "messages",
        "messages that were no estimates");
#endif
}

bool estimate_publisher_impl::stop()
{
    // What was posted before the thread of this block ended.
    while (const auto pdu = delete_head_nowait(names::estimates_port())) {
        take(pdu);
    }
    return true;
}

void estimate_publisher_impl::take(const pmt::pmt_t& pdu)
{
    try {
        d_publisher.publish(estimates_to_json(pdu, d_dimensions, d_targets, published()));
    } catch (const std::exception& cause) {
        d_refused++;
        if (d_log_limiter.pass()) {
            d_logger->error("message at port estimates refused: {:s} ({:d} so far)",
                            cause.what(),
                            d_refused.load());
        }
    }
}

} // namespace isac
} // namespace gr
