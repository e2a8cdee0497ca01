/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_FUSION_DECODER_IMPL_H
#define INCLUDED_ISAC_FUSION_DECODER_IMPL_H

#include "device_frames.h"
#include "estimate_outputs.h"
#include "failure.h"
#include "model_files.h"
#include "packet_alignment.h"

#include <atomic>
#include <cfisac/nn/engine.h>
#include <deque>
#include <gnuradio/isac/fusion_decoder.h>

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
                        int batch,
                        double deadline_s);

    std::size_t packet_size() const override { return d_packets.format().size(); }
    std::uint64_t frames() const override { return d_packets.frames(); }
    std::uint64_t frames_lost() const override { return d_packets.frames_lost(); }
    std::uint64_t packets_refused() const override { return d_packets.packets_refused(); }
    std::map<std::string, std::uint64_t> refusals() const override
    {
        return d_packets.refusals();
    }
    std::uint64_t items_unmatched() const override
    {
        return d_packets.unmatched() + d_frames_unmatched;
    }
    std::uint64_t frames_skipped() const override { return d_packets.frames_skipped(); }
    std::uint64_t frames_incomplete() const override
    {
        return d_packets.frames_incomplete();
    }
    std::uint64_t packets_late() const override { return d_packets.packets_late(); }
    std::uint64_t duplicates() const override { return d_packets.duplicates(); }
    double latency_s(double share) const override { return d_outputs.latency_s(share); }
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
                        double deadline_s,
                        const cfisac::nn::Model& model);

    //! What the engine made of transmit frames before their packets came.
    struct prepared_frame {
        std::uint64_t item; //!< number of the item at the first transmit input
        std::uint64_t frame;
        at::Tensor value;
    };

    //! A frame whose packets have come.
    struct task {
        packet_alignment::turn turn;
        std::int64_t capture_time_ns;
        //! [M'] of [1, L], int64, on the processor; undefined of those that are missing
        std::vector<at::Tensor> indices;
        at::Tensor prepared; //!< see prepared()
    };

    //! The task of the latest packets.
    task make_task(const packet_alignment::turn& turn, const at::Tensor& prepared) const;
    //! Decode what takes the same access points at once, to output items from `item` on
    //! and PDUs.
    void decode(const std::vector<task>& work,
                int item,
                gr_vector_void_star& output_items);
    //! What became of the search for a frame's transmit frames.
    enum class partner { found, awaited, gone };
    /*! Pass over the transmit frames before this one.
     * \param taken [N] items done with, of each transmit input
     */
    partner find_transmit(std::uint64_t frame,
                          const gr_vector_int& ninput_items,
                          std::vector<int>& taken);
    //! Decode the frames that are there. \return items produced
    int decode_next(int most,
                    const gr_vector_int& ninput_items,
                    const gr_vector_const_void_star& input_items,
                    std::vector<int>& taken,
                    gr_vector_void_star& output_items);
    //! Whether transmit frames are waiting at all inputs that are not prepared yet.
    bool is_preparation_due() const;
    //! \return whether there was anything to prepare
    bool prepare_next(const gr_vector_int& ninput_items,
                      const gr_vector_const_void_star& input_items);
    //! The engine's preparation of these items, one for each transmit input.
    at::Tensor prepared(std::uint64_t frame,
                        const std::vector<int>& items,
                        const gr_vector_const_void_star& input_items);

    const cfisac::Scenario d_scenario;
    const std::string d_model_file;
    device_queue d_queue;
    const bool d_needs_transmit;
    cfisac::nn::DecoderEngine d_engine;
    packet_alignment d_packets;
    const std::size_t d_access_points;                //!< M', streams of packets
    std::atomic<std::uint64_t> d_frames_unmatched{0}; //!< of the transmit inputs
    std::deque<prepared_frame> d_prepared;            //!< in the order of their items
    const bool d_real_time;
    const int d_batch;
    estimate_outputs d_outputs;
    frame_inputs d_inputs;
    failure d_failure;
};

} // namespace isac
} // namespace gr

#endif
