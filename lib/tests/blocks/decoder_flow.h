/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_TEST_DECODER_FLOW_H
#define INCLUDED_ISAC_TEST_DECODER_FLOW_H

#include "flowgraph.h"

#include <cfisac/fronthaul/packet.h>
#include <cfisac/nn/model.h>
#include <gnuradio/blocks/message_debug.h>
#include <gnuradio/isac/fusion_decoder.h>

namespace gr {
namespace isac {
namespace test {

using bytes = std::vector<std::uint8_t>;

//! Indices of one access point in a frame, that follow from frame and place: positions,
//! if the model sends any, and codewords.
inline std::vector<std::uint32_t> make_indices(const cfisac::nn::Model& model,
                                               int access_point,
                                               std::uint64_t frame)
{
    std::vector<std::uint32_t> indices(model.index_count());
    const auto sent = static_cast<std::size_t>(model.vectors_sent());
    for (std::size_t k = 0; k < indices.size(); k++) {
        indices[k] = k < sent ? 2 * k + (frame + access_point) % 2
                              : (k * k + 3 * frame + access_point) % model.codewords();
    }
    return indices;
}

//! A tensor [1, L] for cfisac::nn::Model::decode().
inline at::Tensor row_of(const std::vector<std::uint32_t>& indices)
{
    const std::vector<std::int64_t> values(indices.begin(), indices.end());
    return at::tensor(values, at::kLong).unsqueeze(0);
}

/*! Packets of one access point for some frames, see make_indices().
 * \param start the frame that has the number 0
 */
inline bytes make_packets(const cfisac::nn::Model& model,
                          int access_point,
                          const std::vector<std::uint64_t>& frames,
                          std::uint64_t start = 0)
{
    cfisac::fronthaul::Packet packet;
    packet.access_point = static_cast<std::uint16_t>(access_point);
    packet.bits_per_index = static_cast<std::uint8_t>(model.bits_per_index());
    packet.scale = 1.0f;
    packet.scenario_fingerprint = cfisac::fingerprint(model.scenario());
    packet.model_fingerprint = model.fingerprint();
    const auto size =
        cfisac::fronthaul::packet_size(packet.bits_per_index, model.index_count());
    bytes stream(frames.size() * size);
    for (std::size_t i = 0; i < frames.size(); i++) {
        packet.frame = frames[i] - start;
        packet.capture_time_ns = static_cast<std::int64_t>(frames[i]) * 500000000;
        packet.indices = make_indices(model, access_point, frames[i]);
        cfisac::fronthaul::encode(packet, stream.data() + i * size, size);
    }
    return stream;
}

struct decoded {
    std::vector<std::uint64_t> frames;         //!< from the tags
    std::vector<std::vector<float>> estimates; //!< one entry per frame
    std::vector<float> confidence;             //!< two per frame
    std::vector<pmt::pmt_t> pdus;

    //! Access points that took part in each frame.
    std::vector<std::vector<std::int32_t>> access_points() const
    {
        std::vector<std::vector<std::int32_t>> lists;
        for (const auto& pdu : pdus) {
            lists.push_back(pmt::s32vector_elements(pmt::dict_ref(
                pmt::car(pdu), pmt::intern("access_points"), pmt::PMT_NIL)));
        }
        return lists;
    }
};

//! What has come out.
inline decoded decoded_of(const blocks::vector_sink_f::sptr& sink,
                          const blocks::message_debug::sptr& messages)
{
    decoded result;
    const auto values = sink->data();
    for (std::size_t i = 0; i + 8 <= values.size(); i += 8) {
        result.estimates.emplace_back(values.begin() + i, values.begin() + i + 8);
    }
    for (const auto& number : tag_values(sink->tags(), names::frame())) {
        result.frames.push_back(pmt::to_uint64(number));
    }
    EXPECT_TRUE(
        wait_for([&] { return messages->num_messages() >= result.frames.size(); }));
    for (std::size_t i = 0; i < messages->num_messages(); i++) {
        result.pdus.push_back(messages->get_message(i));
    }
    return result;
}

inline decoded run_decoder(fusion_decoder::sptr decoder,
                           const std::vector<bytes>& packets,
                           const at::Tensor& sent = {},
                           const std::vector<tag_t>& tags = {})
{
    auto flowgraph = gr::make_top_block("decoder");
    int port = 0;
    for (const bytes& stream : packets) {
        flowgraph->connect(
            blocks::vector_source_b::make(stream, false, decoder->packet_size()),
            0,
            decoder,
            port++);
    }
    if (sent.defined()) {
        for (const auto& source : frame_sources(sent, tags)) {
            flowgraph->connect(source, 0, decoder, port++);
        }
    }
    auto sink = blocks::vector_sink_f::make(8);
    flowgraph->connect(decoder, 0, sink, 0);
    auto confidence = blocks::vector_sink_f::make(2);
    flowgraph->connect(decoder, 1, confidence, 0);
    auto messages = blocks::message_debug::make();
    flowgraph->msg_connect(decoder, "estimates", messages, "store");
    flowgraph->run();

    decoded result = decoded_of(sink, messages);
    result.confidence = confidence->data();
    return result;
}

} // namespace test
} // namespace isac
} // namespace gr

#endif
