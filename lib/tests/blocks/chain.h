/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_TEST_CHAIN_H
#define INCLUDED_ISAC_TEST_CHAIN_H

#include "flowgraph.h"

#include <cmath>
#include <gnuradio/blocks/copy.h>
#include <gnuradio/blocks/head.h>
#include <gnuradio/isac/bistatic_channel.h>
#include <gnuradio/isac/dvqvae_encoder.h>
#include <gnuradio/isac/fusion_decoder.h>
#include <gnuradio/isac/mmse_precoder.h>
#include <gnuradio/isac/payload_source.h>

namespace gr {
namespace isac {
namespace test {

//! Where a stock block stands between two of ours.
enum class stock { nowhere, after_precoder, after_channel, both };

struct chain_options {
    stock copies = stock::nowhere;
    bool real_time = false;
    int batch = 1;
};

//! payload_source → mmse_precoder → bistatic_channel → dvqvae_encoder × M →
//! fusion_decoder → sinks.
class chain
{
public:
    chain(const cfisac::Scenario& scenario,
          const std::string& model,
          std::uint64_t frames,
          const chain_options& options = {})
        : d_options(options),
          top(gr::make_top_block("chain")),
          precoder(mmse_precoder::make(scenario, 5, "cpu")),
          channel(bistatic_channel::make(scenario, 5, "cpu", options.real_time)),
          decoder(fusion_decoder::make(
              scenario, model, "cpu", {}, "float32", options.real_time, options.batch))
    {
        const auto info = load_model_info(model);
        const int transmitters = static_cast<int>(scenario.transmit.size());
        const int receivers = static_cast<int>(scenario.receive.size());
        const auto items = frames * scenario.waveform.sensed_subcarriers() *
                           scenario.waveform.sensed_symbols();
        auto payload = payload_source::make(scenario, 5);
        for (int k = 0; k < scenario.users.count; k++) {
            auto head = blocks::head::make(sizeof(gr_complex), items);
            top->connect(payload, k, head, 0);
            top->connect(head, 0, precoder, k);
        }
        for (int m = 0; m < receivers; m++) {
            encoders.push_back(dvqvae_encoder::make(scenario,
                                                    model,
                                                    m,
                                                    5,
                                                    "cpu",
                                                    false,
                                                    "float32",
                                                    options.real_time,
                                                    options.batch));
            packets.push_back(blocks::vector_sink_b::make(info.packet_size));
            top->connect(encoders[m], 0, decoder, m);
            top->connect(encoders[m], 0, packets[m], 0);
            connect_frames(channel,
                           m,
                           scenario.receive_frame_size(),
                           {{encoders[m], 0}},
                           stock::after_channel);
        }
        for (int n = 0; n < transmitters; n++) {
            std::vector<std::pair<gr::basic_block_sptr, int>> readers{{channel, n}};
            for (int m = 0; info.encoder_reads_transmit && m < receivers; m++) {
                readers.push_back({encoders[m], 1 + n});
            }
            if (info.decoder_reads_transmit) {
                readers.push_back({decoder, receivers + n});
            }
            connect_frames(precoder,
                           n,
                           scenario.transmit_frame_size(),
                           readers,
                           stock::after_precoder);
        }
        const auto values =
            decoder->output_signature()->sizeof_stream_item(0) / sizeof(float);
        estimates = blocks::vector_sink_f::make(values);
        truth = blocks::vector_sink_f::make(values);
        top->connect(decoder, 0, estimates, 0);
        top->connect(channel, receivers, truth, 0);
    }

    std::uint64_t host_copies() const
    {
        auto sum =
            precoder->host_copies() + channel->host_copies() + decoder->host_copies();
        for (const auto& encoder : encoders) {
            sum += encoder->host_copies();
        }
        return sum;
    }

    //! What ended the flowgraph, of all blocks.
    std::string errors() const
    {
        auto text = precoder->error() + channel->error() + decoder->error();
        for (const auto& encoder : encoders) {
            text += encoder->error();
        }
        return text;
    }

private:
    void connect_frames(gr::basic_block_sptr from,
                        int output,
                        std::size_t items,
                        const std::vector<std::pair<gr::basic_block_sptr, int>>& readers,
                        stock place)
    {
        gr::basic_block_sptr source = from;
        int port = output;
        if (d_options.copies == place || d_options.copies == stock::both) {
            source = blocks::copy::make(items * sizeof(gr_complex));
            top->connect(from, output, source, 0);
            port = 0;
        }
        for (const auto& [reader, input] : readers) {
            top->connect(source, port, reader, input);
        }
    }

    const chain_options d_options;

public:
    gr::top_block_sptr top;
    mmse_precoder::sptr precoder;
    bistatic_channel::sptr channel;
    fusion_decoder::sptr decoder;
    std::vector<dvqvae_encoder::sptr> encoders;
    std::vector<blocks::vector_sink_b::sptr> packets;
    blocks::vector_sink_f::sptr estimates, truth;
};

} // namespace test
} // namespace isac
} // namespace gr

#endif
