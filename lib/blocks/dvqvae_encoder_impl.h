/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_DVQVAE_ENCODER_IMPL_H
#define INCLUDED_ISAC_DVQVAE_ENCODER_IMPL_H

#include "device_frames.h"
#include "failure.h"
#include "real_time.h"

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
    std::uint64_t frames_refused() const override { return d_frames_refused; }
    std::uint64_t frames_unmatched() const override { return d_frames_unmatched; }
    std::uint64_t frames_skipped() const override { return d_frames_skipped; }
    std::uint64_t host_copies() const override { return d_inputs.copies().frames(); }
    std::uint64_t host_copied_bytes() const override { return d_inputs.copies().bytes(); }
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

    //! A frame that is to be encoded.
    struct task {
        std::uint64_t frame;
        std::int64_t capture_time_ns;
        double power;
        at::Tensor echo;     //!< Y_m [1, M_r, S, T]
        at::Tensor transmit; //!< X [1, N, N_t, S, T], undefined for `raw`
    };

    //! The task of these items, one for each input; nothing if a sample is not finite.
    std::optional<task> make_task(std::uint64_t frame,
                                  const std::vector<int>& items,
                                  const gr_vector_const_void_star& input_items);
    //! Encode at once and write the packets one after the other.
    void encode(const std::vector<task>& work, std::uint8_t* packets);
    //! X [1, N, N_t, S, T] that a pilot access point makes itself.
    at::Tensor make_pilot(const std::vector<tag_t>& tags,
                          std::uint64_t offset,
                          std::uint64_t frame) const;
    std::int64_t capture_time_ns(const std::vector<tag_t>& tags,
                                 std::uint64_t offset,
                                 std::uint64_t frame) const;
    //! Whether all samples are finite; if not, the frame is logged and counted.
    bool accept(double power, std::uint64_t frame, const char* what);

    device_queue d_queue;
    const std::string d_model_file;
    const cfisac::fronthaul::PacketFormat d_format;
    const cfisac::signal::Layout d_layout; //!< of the flowgraph, on the device
    const int d_access_point;
    const std::uint64_t d_seed;
    const bool d_pilot;
    const bool d_reference;
    cfisac::nn::EncoderEngine d_engine;
    //! of the access point, in d_format; null for plain packets
    const cfisac::fronthaul::IndexPrior* const d_prior;
    cfisac::fronthaul::Packet d_packet;
    const bool d_real_time;
    const int d_batch;
    frame_inputs d_inputs;
    skip_count d_frames_skipped;
    std::atomic<std::uint64_t> d_frames{0};
    std::atomic<std::uint64_t> d_coded_bits{0};
    std::atomic<std::uint64_t> d_frames_refused{0};
    std::atomic<std::uint64_t> d_frames_unmatched{0};
    log_limiter d_log_limiter;
    failure d_failure;
};

} // namespace isac
} // namespace gr

#endif
