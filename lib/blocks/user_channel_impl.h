/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_USER_CHANNEL_IMPL_H
#define INCLUDED_ISAC_USER_CHANNEL_IMPL_H

#include "device_frames.h"
#include "failure.h"
#include "message.h"

#include <atomic>
#include <cfisac/signal/layout.h>
#include <gnuradio/isac/user_channel.h>

namespace gr {
namespace isac {

class user_channel_impl : public user_channel, public frame_block
{
public:
    user_channel_impl(const cfisac::Scenario& scenario,
                      std::uint64_t seed,
                      const std::string& device);

    void set_noise_dbm(double noise_dbm) override;
    double noise_dbm() const override;
    void set_channel(const std::vector<gr_complex>& channel) override;
    std::uint64_t messages_refused() const override { return d_ports.refused(); }
    std::uint64_t host_copies() const override
    {
        return d_inputs.copies().frames() + d_outputs.copies().frames();
    }
    std::uint64_t host_copied_bytes() const override
    {
        return d_inputs.copies().bytes() + d_outputs.copies().bytes();
    }
    std::string error() const override { return d_failure.text(); }

    at::Device frame_device() const override { return d_queue.device(); }
    bool reads_frames(int) const override { return true; }
    bool writes_frames(int) const override { return true; }

    void setup_rpc() override;
    bool start() override;
    int work(int noutput_items,
             gr_vector_const_void_star& input_items,
             gr_vector_void_star& output_items) override;

private:
    //! What setters change: work() takes a copy of it.
    struct settings {
        double noise_dbm;
        at::Tensor channel; //!< [1, S, N·N_t, K], undefined while it is drawn
    };

    void on_csi(message_reader& reader);
    void on_command(message_reader& reader);
    void pass_tags(int item);

    device_queue d_queue;
    const cfisac::signal::Layout d_layout; //!< on the device
    const std::uint64_t d_seed;
    settings d_settings; //!< guarded by d_setlock
    frame_inputs d_inputs;
    frame_outputs d_outputs;
    message_ports d_ports;
    failure d_failure;
};

} // namespace isac
} // namespace gr

#endif
