// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_APPS_SIMULATION_H
#define INCLUDED_APPS_SIMULATION_H

#include "codebook_counter.h"
#include "common.h"

#include <chrono>
#include <future>
#include <gnuradio/blocks/head.h>
#include <gnuradio/blocks/null_sink.h>
#include <gnuradio/isac/bistatic_channel.h>
#include <gnuradio/isac/dvqvae_encoder.h>
#include <gnuradio/isac/error_meter.h>
#include <gnuradio/isac/fusion_decoder.h>
#include <gnuradio/isac/mmse_precoder.h>
#include <gnuradio/isac/model_info.h>
#include <gnuradio/isac/payload_source.h>
#include <gnuradio/top_block.h>
#include <set>
#include <utility>

namespace isac::apps {

//! What the simulated chain is made of.
struct SimulationOptions {
    std::int64_t frames;
    std::uint64_t seed;
    std::string device;    //!< of all blocks
    std::string precision; //!< of the networks
    bool entropy_coding;
    bool real_time;
    int batch;            //!< most frames that a network works on at once
    std::set<int> absent; //!< receive access points that send nothing
};

/*! payload_source → mmse_precoder → bistatic_channel → dvqvae_encoder × M →
 * fusion_decoder → error_meter, for a number of frames. An absent access point has no
 * encoder.
 */
class Simulation
{
public:
    Simulation(const cfisac::Scenario& scenario,
               const gr::isac::model_info& model,
               const SimulationOptions& options)
        : d_top(gr::make_top_block("isac_simulate")),
          d_precoder(
              gr::isac::mmse_precoder::make(scenario, options.seed, options.device)),
          d_channel(gr::isac::bistatic_channel::make(
              scenario, options.seed, options.device, options.real_time)),
          d_decoder(gr::isac::fusion_decoder::make(
              scenario,
              model.path,
              options.device,
              {options.absent.begin(), options.absent.end()},
              options.precision,
              options.real_time,
              options.batch)),
          d_meter(gr::isac::error_meter::make(scenario))
    {
        const int N = static_cast<int>(scenario.transmit.size());
        const int M = static_cast<int>(scenario.receive.size());
        const int present = M - static_cast<int>(options.absent.size());
        const auto items =
            static_cast<std::uint64_t>(options.frames) *
            static_cast<std::uint64_t>(scenario.waveform.sensed_subcarriers()) *
            static_cast<std::uint64_t>(scenario.waveform.sensed_symbols());

        const auto source = gr::isac::payload_source::make(scenario, options.seed);
        for (int k = 0; k < scenario.users.count; ++k) {
            const auto head = gr::blocks::head::make(sizeof(gr_complex), items);
            d_top->connect(source, k, head, 0);
            d_top->connect(head, 0, d_precoder, k);
        }
        for (int n = 0; n < N; ++n) {
            d_top->connect(d_precoder, n, d_channel, n);
            if (model.decoder_reads_transmit) {
                d_top->connect(d_precoder, n, d_decoder, present + n);
            }
        }
        for (int m = 0; m < M; ++m) {
            if (options.absent.count(m)) {
                const auto size = scenario.receive_frame_size() * sizeof(gr_complex);
                d_top->connect(d_channel, m, gr::blocks::null_sink::make(size), 0);
                continue;
            }
            const auto encoder = gr::isac::dvqvae_encoder::make(scenario,
                                                                model.path,
                                                                m,
                                                                options.seed,
                                                                options.device,
                                                                options.entropy_coding,
                                                                options.precision,
                                                                options.real_time,
                                                                options.batch);
            d_top->connect(d_channel, m, encoder, 0);
            for (int n = 0; model.encoder_reads_transmit && n < N; ++n) {
                d_top->connect(d_precoder, n, encoder, 1 + n);
            }
            const auto counter =
                CodebookCounter::make(packet_format(scenario, model),
                                      static_cast<std::size_t>(model.codewords),
                                      static_cast<std::size_t>(model.vectors_sent));
            d_top->connect(encoder, 0, d_decoder, static_cast<int>(d_encoders.size()));
            d_top->connect(encoder, 0, counter, 0);
            d_encoders.push_back(encoder);
            d_counters.push_back({m, counter});
        }
        d_top->connect(d_channel, M, d_meter, 0);
        d_top->connect(d_decoder, 0, d_meter, 1);
        d_top->connect(d_channel, M + 1, d_meter, 2);
        d_top->connect(d_decoder, 1, d_meter, 3);
    }

    /*! Run to the end.
     * \return seconds from start to end
     * \throws std::runtime_error with what a block says has ended the flowgraph
     */
    double run(std::int64_t frames)
    {
        const InterruptGuard guard;
        Progress progress(frames, "frames");
        const auto start = std::chrono::steady_clock::now();
        d_top->start();
        auto ended = std::async(std::launch::async, [this] { d_top->wait(); });
        while (ended.wait_for(std::chrono::milliseconds(50)) !=
               std::future_status::ready) {
            progress.update(static_cast<std::int64_t>(d_decoder->frames()));
            if (guard.requested()) {
                d_top->stop();
                ended.wait();
                throw Interrupted();
            }
        }
        const std::chrono::duration<double> elapsed =
            std::chrono::steady_clock::now() - start;
        check_errors();
        return elapsed.count();
    }

    const gr::isac::error_meter& meter() const { return *d_meter; }
    const gr::isac::bistatic_channel& channel() const { return *d_channel; }
    const gr::isac::fusion_decoder& decoder() const { return *d_decoder; }
    //! Frames that any block has skipped, in real time.
    std::uint64_t frames_skipped() const
    {
        return sum(&gr::isac::dvqvae_encoder::frames_skipped,
                   d_channel->frames_skipped() + d_decoder->frames_skipped());
    }
    //! Frames copied to or from items by all blocks.
    std::uint64_t host_copies() const
    {
        return sum(&gr::isac::dvqvae_encoder::host_copies,
                   d_precoder->host_copies() + d_channel->host_copies() +
                       d_decoder->host_copies());
    }
    //! Bytes of these frames.
    std::uint64_t host_copied_bytes() const
    {
        return sum(&gr::isac::dvqvae_encoder::host_copied_bytes,
                   d_precoder->host_copied_bytes() + d_channel->host_copied_bytes() +
                       d_decoder->host_copied_bytes());
    }
    //! With the number of its access point, one per receive access point that is not
    //! absent.
    const std::vector<std::pair<int, std::shared_ptr<CodebookCounter>>>& counters() const
    {
        return d_counters;
    }
    //! Bits of payload of a packet when it is entropy coded, mean over frames and access
    //! points.
    double entropy_coded_bits() const
    {
        std::uint64_t bits = 0;
        std::uint64_t packets = 0;
        for (const auto& [m, counter] : d_counters) {
            bits += counter->coded_bits();
            packets += counter->packets();
        }
        return static_cast<double>(bits) / static_cast<double>(packets);
    }

private:
    static cfisac::fronthaul::PacketFormat packet_format(
        const cfisac::Scenario& scenario, const gr::isac::model_info& model)
    {
        return {static_cast<std::uint32_t>(model.index_range),
                static_cast<std::uint32_t>(model.index_count),
                cfisac::fingerprint(scenario),
                model.fingerprint,
                model.index_priors};
    }

    std::uint64_t sum(std::uint64_t (gr::isac::dvqvae_encoder::*count)() const,
                      std::uint64_t others) const
    {
        for (const auto& encoder : d_encoders) {
            others += ((*encoder).*count)();
        }
        return others;
    }

    void check_errors() const
    {
        std::vector<std::string> errors{
            d_precoder->error(), d_channel->error(), d_decoder->error()};
        for (const auto& encoder : d_encoders) {
            errors.push_back(encoder->error());
        }
        for (const auto& error : errors) {
            if (!error.empty()) {
                throw std::runtime_error(error);
            }
        }
    }

    gr::top_block_sptr d_top;
    gr::isac::mmse_precoder::sptr d_precoder;
    gr::isac::bistatic_channel::sptr d_channel;
    gr::isac::fusion_decoder::sptr d_decoder;
    gr::isac::error_meter::sptr d_meter;
    std::vector<gr::isac::dvqvae_encoder::sptr> d_encoders;
    std::vector<std::pair<int, std::shared_ptr<CodebookCounter>>> d_counters;
};

} // namespace isac::apps

#endif
