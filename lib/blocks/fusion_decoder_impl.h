/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_FUSION_DECODER_IMPL_H
#define INCLUDED_ISAC_FUSION_DECODER_IMPL_H

#include "device_frames.h"
#include "failure.h"
#include "model_files.h"
#include "real_time.h"

#include <atomic>
#include <cfisac/fronthaul/packet.h>
#include <cfisac/nn/engine.h>
#include <deque>
#include <gnuradio/isac/fusion_decoder.h>
#include <optional>

namespace gr {
namespace isac {

class fusion_decoder_impl : public fusion_decoder, public frame_block
{
public:
    fusion_decoder_impl(const cfisac::Scenario& scenario,
                        const std::string& model_file,
                        const std::string& device,
                        const std::vector<int>& absent,
                        const std::string& precision,
                        bool real_time,
                        int batch);

    std::size_t packet_size() const override { return d_format.size(); }
    std::uint64_t frames() const override { return d_frames; }
    std::uint64_t frames_lost() const override { return d_frames_lost; }
    std::uint64_t packets_refused() const override { return d_packets_refused; }
    std::map<std::string, std::uint64_t> refusals() const override;
    std::uint64_t items_unmatched() const override { return d_items_unmatched; }
    std::uint64_t frames_skipped() const override { return d_frames_skipped; }
    double latency_s(double share) const override;
    std::uint64_t host_copies() const override { return d_inputs.copies().frames(); }
    std::uint64_t host_copied_bytes() const override { return d_inputs.copies().bytes(); }
    std::string error() const override { return d_failure.text(); }

    at::Device frame_device() const override { return d_queue.device(); }
    bool reads_frames(int input) const override
    {
        return input >= static_cast<int>(d_access_points);
    }
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
    fusion_decoder_impl(const cfisac::Scenario& scenario,
                        const std::string& model_file,
                        const std::vector<int>& absent,
                        const std::string& precision,
                        bool real_time,
                        int batch,
                        const cfisac::nn::Model& model);

    //! What the engine made of transmit frames before their packets came.
    struct prepared_frame {
        std::uint64_t item; //!< number of the item at the first transmit input
        std::uint64_t frame;
        at::Tensor value;
    };

    //! A packet that was read but whose item is not consumed yet.
    struct head {
        std::optional<std::uint64_t>
            item; //!< number of the item that `packet` was read from
        cfisac::fronthaul::Packet packet;
    };

    //! Frame number of packet `item`, now in d_heads[stream]; nothing if it is refused.
    std::optional<std::uint64_t> read_packet(std::size_t stream,
                                             std::uint64_t item,
                                             const std::uint8_t* data);
    void refuse(std::size_t stream, const char* reason);
    void note_seen(std::uint64_t frame);
    void note_decoded(std::uint64_t frame);
    //! A frame whose packets have all come.
    struct task {
        std::uint64_t frame;
        std::int64_t capture_time_ns;
        std::vector<at::Tensor> indices; //!< [M'] of [1, L], int64, on the processor
        at::Tensor prepared;             //!< see prepared()
    };

    //! The task of the packets in d_heads.
    task make_task(std::uint64_t frame, const at::Tensor& prepared) const;
    //! Decode at once, to output items from `item` on and PDUs.
    void decode(const std::vector<task>& work,
                int item,
                gr_vector_void_star& output_items);
    //! Write out what was decoded. \param values item of estimates and confidence
    void give_out(const task& each,
                  const float* values,
                  int item,
                  gr_vector_void_star& output_items);
    //! Whether transmit frames are waiting at all inputs that are not prepared yet.
    bool is_preparation_due() const;
    void prepare_next(const gr_vector_int& ninput_items,
                      const gr_vector_const_void_star& input_items);
    //! The engine's preparation of these items, one for each transmit input.
    at::Tensor prepared(std::uint64_t frame,
                        const std::vector<int>& items,
                        const gr_vector_const_void_star& input_items);
    void note_latency(const task& each);
    //! Indices of the packet in d_heads[stream], [1, L] int64 on the CPU.
    at::Tensor indices_of(std::size_t stream) const;

    const cfisac::Scenario d_scenario;
    const std::string d_model_file;
    device_queue d_queue;
    const bool d_needs_transmit;
    cfisac::nn::DecoderEngine d_engine;
    const index_check d_index_check;
    const cfisac::fronthaul::PacketFormat d_format;
    const std::vector<std::size_t> d_receivers; //!< [M'] access point of each stream
    const std::size_t d_access_points;          //!< M'
    std::vector<head> d_heads;                  //!< [M']
    bool d_first_frame = true;                  //!< no packet seen yet
    bool d_decoded = false;                     //!< a frame was decoded
    std::uint64_t d_next = 0; //!< frame that comes next when none is lost
    mutable std::mutex d_refusals_mutex;
    std::map<std::string, std::uint64_t> d_refusals; //!< guarded by d_refusals_mutex
    std::atomic<std::uint64_t> d_frames{0};
    std::atomic<std::uint64_t> d_frames_lost{0};
    std::atomic<std::uint64_t> d_packets_refused{0};
    std::atomic<std::uint64_t> d_items_unmatched{0};
    log_limiter d_log_limiter;
    std::deque<prepared_frame> d_prepared; //!< in the order of their items
    const bool d_real_time;
    const int d_batch;
    skip_count d_frames_skipped;
    latency_record d_latency;
    frame_inputs d_inputs;
    failure d_failure;
};

} // namespace isac
} // namespace gr

#endif
