/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_TRANSMIT_REFERENCE_IMPL_H
#define INCLUDED_ISAC_TRANSMIT_REFERENCE_IMPL_H

#include "device_frames.h"
#include "failure.h"
#include "message.h"

#include <atomic>
#include <cfisac/signal/layout.h>
#include <gnuradio/isac/transmit_reference.h>

namespace gr {
namespace isac {

class transmit_reference_impl : public transmit_reference, public frame_block
{
public:
    transmit_reference_impl(const cfisac::Scenario& scenario,
                            std::uint64_t seed,
                            const std::string& device);

    void set_transmit_power_dbm(double power_dbm) override;
    double transmit_power_dbm() const override { return d_power_dbm; }
    std::uint64_t messages_refused() const override { return d_ports.refused(); }
    std::string error() const override { return d_failure.text(); }

    at::Device frame_device() const override { return d_queue.device(); }
    bool reads_frames(int) const override { return false; }
    bool writes_frames(int) const override { return true; }

    bool start() override;
    int work(int noutput_items,
             gr_vector_const_void_star& input_items,
             gr_vector_void_star& output_items) override;

private:
    void on_command(message_reader& reader);

    device_queue d_queue;
    const cfisac::signal::Layout d_layout; //!< on the device
    const std::uint64_t d_seed;
    const std::int64_t d_centre; //!< subcarrier that stays empty, or -1
    std::atomic<double> d_power_dbm;
    frame_outputs d_outputs;
    message_ports d_ports;
    failure d_failure;
};

} // namespace isac
} // namespace gr

#endif
