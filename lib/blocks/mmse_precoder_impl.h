/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_MMSE_PRECODER_IMPL_H
#define INCLUDED_ISAC_MMSE_PRECODER_IMPL_H

#include "device_frames.h"
#include "failure.h"
#include "message.h"

#include <atomic>
#include <cfisac/signal/layout.h>
#include <gnuradio/isac/mmse_precoder.h>

namespace gr {
namespace isac {

class mmse_precoder_impl : public mmse_precoder, public frame_block
{
public:
    mmse_precoder_impl(const cfisac::Scenario& scenario,
                       std::uint64_t seed,
                       const std::string& device);

    void set_transmit_power_dbm(double power_dbm) override;
    double transmit_power_dbm() const override;
    void set_channel(const std::vector<gr_complex>& channel) override;
    std::uint64_t messages_refused() const override { return d_ports.refused(); }
    std::uint64_t host_copies() const override { return d_outputs.copies().frames(); }
    std::uint64_t host_copied_bytes() const override
    {
        return d_outputs.copies().bytes();
    }
    std::string error() const override { return d_failure.text(); }

    at::Device frame_device() const override { return d_queue.device(); }
    bool reads_frames(int) const override { return false; }
    bool writes_frames(int) const override { return true; }

    void setup_rpc() override;
    bool start() override;
    int work(int noutput_items,
             gr_vector_const_void_star& input_items,
             gr_vector_void_star& output_items) override;

private:
    //! What setters change: work() takes a copy of it.
    struct settings {
        double power_dbm;
        at::Tensor channel; //!< [1, S, N·N_t, K], undefined while it is drawn
    };

    void on_csi(message_reader& reader);
    void on_command(message_reader& reader);
    //! X [1, N, N_t, S, T] of one frame.
    at::Tensor make_frame(const settings& now,
                          std::uint64_t frame,
                          const at::Tensor& symbols);
    void tag_frame(const settings& now, std::uint64_t frame);

    device_queue d_queue;
    const cfisac::signal::Layout d_layout; //!< on the device
    const std::uint64_t d_seed;
    settings d_settings;           //!< guarded by d_setlock
    at::Tensor d_precoder_channel; //!< channel that d_precoder was made for
    at::Tensor d_precoder;         //!< [1, S, N·N_t, K], kept while the channel stays
    double d_precoder_power_dbm = 0.0;
    frame_outputs d_outputs;
    message_ports d_ports;
    failure d_failure;
};

} // namespace isac
} // namespace gr

#endif
