/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_FRONTHAUL_SINK_IMPL_H
#define INCLUDED_ISAC_FRONTHAUL_SINK_IMPL_H

#include "failure.h"
#include "moved_counts.h"

#include <cfisac/fronthaul/sender.h>
#include <gnuradio/isac/fronthaul_sink.h>
#include <memory>

namespace gr {
namespace isac {

class fronthaul_sink_impl : public fronthaul_sink
{
public:
    fronthaul_sink_impl(const cfisac::fronthaul::SenderOptions& options,
                        std::unique_ptr<cfisac::fronthaul::Sender> sender);

    std::uint64_t packets_sent() const override { return d_sender->counts().sent; }
    std::uint64_t packets_dropped() const override { return d_sender->counts().dropped; }
    std::uint64_t connections_refused() const override
    {
        return d_sender->counts().refused;
    }
    bool connected() const override { return d_sender->connected(); }
    std::string error() const override { return d_failure.text(); }

    void setup_rpc() override;
    bool start() override;
    bool stop() override;
    int work(int noutput_items,
             gr_vector_const_void_star& input_items,
             gr_vector_void_star& output_items) override;

private:
    const std::size_t d_packet_size;
    const std::string d_address;
    const std::unique_ptr<cfisac::fronthaul::Sender> d_sender;
    moved_counts d_moved;
    failure d_failure;
};

} // namespace isac
} // namespace gr

#endif
