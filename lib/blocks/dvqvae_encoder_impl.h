/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_DVQVAE_ENCODER_IMPL_H
#define INCLUDED_ISAC_DVQVAE_ENCODER_IMPL_H

#include "failure.h"
#include "received_frames.h"

#include <atomic>
#include <cfisac/fronthaul/packet.h>
#include <cfisac/nn/engine.h>
#include <cfisac/signal/layout.h>
#include <gnuradio/isac/dvqvae_encoder.h>

namespace gr {
namespace isac {

class dvqvae_encoder_impl : public dvqvae_encoder, public frame_block
{
public:
    dvqvae_encoder_impl(const cfisac::Scenario& scenario,
                        const std::string& model_file,
                        int access_point,
                        std::uint64_t seed,
                        const std::string& device,
                        bool entropy_coding,
                        const std::string& precision,
                        bool real_time,
                        int batch);

    std::size_t packet_size() const override { return d_format.size(); }
    std::uint64_t frames() const override { return d_frames; }
    std::uint64_t coded_bits() const override { return d_coded_bits; }
    std::uint64_t frames_refused() const override { return d_frames_in.refused(); }
    std::uint64_t frames_unmatched() const override { return d_frames_in.unmatched(); }
    std::uint64_t frames_skipped() const override { return d_frames_in.skipped(); }
    std::uint64_t host_copies() const override { return d_frames_in.copies().frames(); }
    std::uint64_t host_copied_bytes() const override
    {
        return d_frames_in.copies().bytes();
    }
    std::string error() const override { return d_failure.text(); }

    at::Device frame_device() const override { return d_queue.device(); }
    bool reads_frames(int) const override { return true; }
    bool writes_frames(int) const override { return false; }

    void setup_rpc() override;
    bool start() override;
    bool check_topology(int ninputs, int noutputs) override;
    void forecast(int noutput_items, gr_vector_int& ninput_items_required) override;
    int general_work(int noutput_items,
                     gr_vector_int& ninput_items,
                     gr_vector_const_void_star& input_items,
                     gr_vector_void_star& output_items) override;

private:
    dvqvae_encoder_impl(const cfisac::Scenario& scenario,
                        const std::string& model_file,
                        int access_point,
                        std::uint64_t seed,
                        bool entropy_coding,
                        const std::string& precision,
                        bool real_time,
                        int batch,
                        const cfisac::nn::Model& model);

    //! Encode at once and write the packets one after the other.
    void encode(const std::vector<received_frame>& work, std::uint8_t* packets);
    //! X [1, N, N_t, S, T] that a pilot access point makes itself.
    at::Tensor make_pilot(const received_frame& next) const;

    device_queue d_queue;
    const std::string d_model_file;
    const cfisac::fronthaul::PacketFormat d_format;
    const cfisac::signal::Layout d_layout; //!< of the flowgraph, on the device
    const std::uint64_t d_seed;
    const bool d_pilot;
    cfisac::nn::EncoderEngine d_engine;
    //! of the access point, in d_format; null for plain packets
    const cfisac::fronthaul::IndexPrior* const d_prior;
    cfisac::fronthaul::Packet d_packet;
    received_frames d_frames_in;
    std::atomic<std::uint64_t> d_frames{0};
    std::atomic<std::uint64_t> d_coded_bits{0};
    failure d_failure;
};

} // namespace isac
} // namespace gr

#endif
