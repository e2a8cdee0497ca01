/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "fronthaul_source_impl.h"
#include "checks.h"
#include "exported_count.h"
#include "frames.h"
#include "fronthaul_security.h"

#include <algorithm>
#include <boost/thread/thread.hpp>
#include <gnuradio/io_signature.h>

namespace gr {
namespace isac {

namespace {

//! A flowgraph that stops waits for this at most.
constexpr auto longest_wait = std::chrono::milliseconds(100);

} // namespace

fronthaul_source::sptr fronthaul_source::make(const cfisac::Scenario& scenario,
                                              int access_point,
                                              std::size_t packet_size,
                                              std::uint64_t fingerprint,
                                              const std::string& address,
                                              const std::string& security,
                                              const std::string& key_file,
                                              const std::string& authorised_file,
                                              int queue)
{
    checked_access_point(scenario.receive, access_point);
    cfisac::fronthaul::ReceiverOptions options;
    options.address = address;
    options.access_point = static_cast<std::uint16_t>(access_point);
    options.packet_size = packet_size;
    options.scenario_fingerprint = cfisac::fingerprint(scenario);
    options.model_fingerprint = fingerprint;
    options.queue = static_cast<std::size_t>(std::max(queue, 0));
    if (is_encrypted(security,
                     {{"key_file", key_file}, {"authorised_file", authorised_file}})) {
        options.keys = cfisac::fronthaul::read_key_pair(key_file);
        options.authorised = cfisac::fronthaul::read_authorised_keys(authorised_file);
    }
    return gnuradio::make_block_sptr<fronthaul_source_impl>(
        options, std::make_unique<cfisac::fronthaul::Receiver>(options));
}

fronthaul_source_impl::fronthaul_source_impl(
    const cfisac::fronthaul::ReceiverOptions& options,
    std::unique_ptr<cfisac::fronthaul::Receiver> receiver)
    : gr::sync_block("fronthaul_source",
                     gr::io_signature::make(0, 0, 0),
                     gr::io_signature::make(1, 1, static_cast<int>(options.packet_size))),
      d_access_point(options.access_point),
      d_queue(options.queue),
      d_receiver(std::move(receiver)),
      d_moved({"lost",
               "late",
               "duplicate",
               "corrupt",
               "foreign",
               "refused",
               "connections refused"})
{
    set_min_output_buffer(items_in_whole_pages(options.packet_size));
}

void fronthaul_source_impl::setup_rpc()
{
#ifdef GR_CTRLPORT
    const auto packets = [this](const char* name,
                                std::uint64_t (fronthaul_source::*count)() const,
                                const char* text) {
        add_rpc_variable(exported_count(alias(), name, count, "packets", text));
    };
    packets("packets_received", &fronthaul_source::packets_received, "packets passed on");
    packets("packets_lost", &fronthaul_source::packets_lost, "frame numbers passed over");
    packets("packets_late", &fronthaul_source::packets_late, "packets come too late");
    packets(
        "packets_duplicate", &fronthaul_source::packets_duplicate, "packets come again");
    packets("packets_corrupt", &fronthaul_source::packets_corrupt, "damaged packets");
    packets("packets_foreign",
            &fronthaul_source::packets_foreign,
            "packets of another scenario or model");
    packets("packets_refused",
            &fronthaul_source::packets_refused,
            "packets of another access point");
    add_rpc_variable(exported_count(alias(),
                                    "connections_refused",
                                    &fronthaul_source::connections_refused,
                                    "connections",
                                    "attempts without the authorised key"));
#endif
}

bool fronthaul_source_impl::start()
{
    d_failure.clear();
    d_ending = false;
    d_rest = d_queue;
    try {
        d_receiver->open();
    } catch (const std::exception& cause) {
        d_failure.end(d_logger, cause);
    }
    return true;
}

bool fronthaul_source_impl::stop()
{
    d_receiver->close();
    return true;
}

void fronthaul_source_impl::log()
{
    const auto now = counts();
    const auto news = d_moved.news({now.lost,
                                    now.late,
                                    now.duplicate,
                                    now.corrupt,
                                    now.foreign,
                                    now.refused,
                                    now.connections_refused});
    if (news.empty()) {
        return;
    }
    d_logger->warn("packets of access point {:d}: {:s}; received {:d}",
                   d_access_point,
                   news,
                   now.received);
    const auto refusal = d_receiver->last_refusal();
    if (refusal != d_logged_refusal) {
        d_logged_refusal = refusal;
        d_logger->error("refused: {:s}", refusal);
    }
}

int fronthaul_source_impl::work(int noutput_items,
                                gr_vector_const_void_star&,
                                gr_vector_void_star& output_items)
{
    if (!d_failure.text().empty()) {
        return WORK_DONE;
    }
    try {
        // GNU Radio asks a source that has returned nothing again after a quarter of a second.
        for (;;) {
            const bool ending = d_ending;
            auto most = static_cast<std::size_t>(noutput_items);
            if (ending) {
                most = std::min(most, d_rest);
            }
            if (most == 0) {
                return WORK_DONE;
            }
            const auto read =
                d_receiver->receive(static_cast<std::uint8_t*>(output_items[0]),
                                    most,
                                    ending ? std::chrono::milliseconds(0) : longest_wait);
            log();
            d_rest -= ending ? read : 0;
            if (read > 0) {
                return static_cast<int>(read);
            }
            if (ending) {
                return WORK_DONE;
            }
            boost::this_thread::interruption_point();
        }
    } catch (const std::exception& cause) {
        return d_failure.end(d_logger, cause);
    }
}

} // namespace isac
} // namespace gr
