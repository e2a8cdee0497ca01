/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "fronthaul_sink_impl.h"
#include "exported_count.h"
#include "fronthaul_security.h"

#include <algorithm>
#include <gnuradio/io_signature.h>

namespace gr {
namespace isac {

fronthaul_sink::sptr fronthaul_sink::make(std::size_t packet_size,
                                          const std::string& address,
                                          const std::string& security,
                                          const std::string& key_file,
                                          const std::string& server_key_file,
                                          int queue)
{
    cfisac::fronthaul::SenderOptions options;
    options.linger = std::chrono::seconds(3);
    options.packet_size = packet_size;
    options.address = address;
    options.queue = static_cast<std::size_t>(std::max(queue, 0));
    if (is_encrypted(security,
                     {{"key_file", key_file}, {"server_key_file", server_key_file}})) {
        options.keys = cfisac::fronthaul::read_key_pair(key_file);
        options.server_key = cfisac::fronthaul::read_public_key(server_key_file);
    }
    return gnuradio::make_block_sptr<fronthaul_sink_impl>(
        options, std::make_unique<cfisac::fronthaul::Sender>(options));
}

fronthaul_sink_impl::fronthaul_sink_impl(
    const cfisac::fronthaul::SenderOptions& options,
    std::unique_ptr<cfisac::fronthaul::Sender> sender)
    : gr::sync_block("fronthaul_sink",
                     gr::io_signature::make(1, 1, static_cast<int>(options.packet_size)),
                     gr::io_signature::make(0, 0, 0)),
      d_packet_size(options.packet_size),
      d_address(options.address),
      d_sender(std::move(sender)),
      d_moved({"dropped", "connections refused"})
{
}

void fronthaul_sink_impl::setup_rpc()
{
#ifdef GR_CTRLPORT
    add_rpc_variable(exported_count(alias(),
                                    "packets_sent",
                                    &fronthaul_sink::packets_sent,
                                    "packets",
                                    "packets sent"));
    add_rpc_variable(exported_count(alias(),
                                    "packets_dropped",
                                    &fronthaul_sink::packets_dropped,
                                    "packets",
                                    "packets that made room for newer ones"));
    add_rpc_variable(exported_count(alias(),
                                    "connections_refused",
                                    &fronthaul_sink::connections_refused,
                                    "connections",
                                    "connections that the central unit has refused"));
#endif
}

bool fronthaul_sink_impl::start()
{
    d_failure.clear();
    try {
        d_sender->open();
    } catch (const std::exception& cause) {
        d_failure.end(d_logger, cause);
    }
    return true;
}

bool fronthaul_sink_impl::stop()
{
    d_sender->close();
    return true;
}

int fronthaul_sink_impl::work(int noutput_items,
                              gr_vector_const_void_star& input_items,
                              gr_vector_void_star&)
{
    if (!d_failure.text().empty()) {
        return WORK_DONE;
    }
    const auto* packets = static_cast<const std::uint8_t*>(input_items[0]);
    try {
        for (int i = 0; i < noutput_items; i++) {
            d_sender->send(packets + i * d_packet_size);
        }
    } catch (const std::exception& cause) {
        return d_failure.end(d_logger, cause);
    }
    const auto counts = d_sender->counts();
    const auto news = d_moved.news({counts.dropped, counts.refused});
    if (!news.empty()) {
        d_logger->warn("packets to {:s}: {:s}; sent {:d}, {:s}",
                       d_address,
                       news,
                       counts.sent,
                       connected() ? "connected" : "not connected");
    }
    return noutput_items;
}

} // namespace isac
} // namespace gr
