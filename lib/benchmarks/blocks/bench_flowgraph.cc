// SPDX-License-Identifier: GPL-3.0-or-later
//
// The whole flowgraph of lite.yml with the shipped model, as fast as it goes. Time is from
// the first estimate after the warm-up to the last one; what is counted, is counted there.
#include "../../blocks/tensor_memory.h"
#include <support/device.h>

#include <benchmark/benchmark.h>
#include <cfisac/scenario/yaml.h>
#include <chrono>
#include <gnuradio/blocks/copy.h>
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
#include <stdexcept>
#include <thread>
#ifdef ISAC_QT
#include <QApplication>
#include <QWidget>
#include <atomic>
#include <cstdlib>
#include <gnuradio/isac/map_sink.h>
#endif

namespace {

namespace isac = gr::isac;

constexpr std::uint64_t warm_up = 100;
constexpr std::uint64_t measured = 300;
constexpr std::uint64_t seed = 1;

struct Options {
    bool scores = false; //!< with error meter and bound
    bool copy = false;   //!< with a stock block on every stream of echoes
    int batch = 1;
    bool map = false; //!< with the map in a window
};

class Flowgraph
{
public:
    explicit Flowgraph(const Options& options)
        : d_scenario(
              cfisac::load_scenario(CFISAC_SOURCE_DIR "/examples/scenarios/lite.yml")),
          d_model(isac::load_model_info(CFISAC_SOURCE_DIR
                                        "/examples/models/lite.safetensors")),
          d_top(gr::make_top_block("flowgraph")),
          d_precoder(isac::mmse_precoder::make(d_scenario, seed, device())),
          d_channel(isac::bistatic_channel::make(d_scenario, seed, device())),
          d_decoder(isac::fusion_decoder::make(
              d_scenario, d_model.path, device(), {}, "float32", false, options.batch))
    {
        const auto items = (warm_up + measured) *
                           d_scenario.waveform.sensed_subcarriers() *
                           d_scenario.waveform.sensed_symbols();
        const auto source = isac::payload_source::make(d_scenario, seed);
        for (int k = 0; k < d_scenario.users.count; k++) {
            const auto head = gr::blocks::head::make(sizeof(gr_complex), items);
            d_top->connect(source, k, head, 0);
            d_top->connect(head, 0, d_precoder, k);
        }
        const int transmitters = static_cast<int>(d_scenario.transmit.size());
        const int receivers = static_cast<int>(d_scenario.receive.size());
        for (int n = 0; n < transmitters; n++) {
            d_top->connect(d_precoder, n, d_channel, n);
            if (d_model.decoder_reads_transmit) {
                d_top->connect(d_precoder, n, d_decoder, receivers + n);
            }
        }
        for (int m = 0; m < receivers; m++) {
            connect_encoder(m, transmitters, options);
        }
        connect_sinks(receivers, options.scores);
#ifdef ISAC_QT
        if (options.map) {
            connect_map(receivers);
        }
#endif
    }

    //! \return seconds of the measured frames
    double run()
    {
        using clock = std::chrono::steady_clock;
        d_top->start();
        while (d_decoder->frames() < warm_up && error().empty()) {
            std::this_thread::yield();
        }
        const auto frames = d_decoder->frames();
        const auto taken = isac::tensor_memory_taken();
        const auto start = clock::now();
        wait();
        const std::chrono::duration<double> elapsed = clock::now() - start;
        if (!error().empty() || d_decoder->frames() != warm_up + measured) {
            throw std::runtime_error("the flowgraph has lost frames: " + error());
        }
        d_frames = d_decoder->frames() - frames;
        d_taken = isac::tensor_memory_taken() - taken;
        return elapsed.count();
    }

    double frames() const { return static_cast<double>(d_frames); }
    double interval_s() const { return d_scenario.waveform.interval_s(); }
    //! Pieces of memory that tensors have taken from the system.
    double memory_taken() const { return static_cast<double>(d_taken); }
    double host_copies_per_frame() const
    {
        auto copies = d_precoder->host_copies() + d_channel->host_copies() +
                      d_decoder->host_copies();
        for (const auto& encoder : d_encoders) {
            copies += encoder->host_copies();
        }
        return static_cast<double>(copies) / (warm_up + measured);
    }

    //! Times that the map was painted.
    double redraws() const
    {
#ifdef ISAC_QT
        return d_map ? static_cast<double>(d_map->redraws()) : 0.0;
#else
        return 0.0;
#endif
    }

private:
    static std::string device() { return cfisac::benchmarks::device_word(); }

    void connect_encoder(int m, int transmitters, const Options& options)
    {
        const auto encoder = isac::dvqvae_encoder::make(d_scenario,
                                                        d_model.path,
                                                        m,
                                                        seed,
                                                        device(),
                                                        false,
                                                        "float32",
                                                        false,
                                                        options.batch);
        if (options.copy) {
            const auto copy = gr::blocks::copy::make(d_scenario.receive_frame_size() *
                                                     sizeof(gr_complex));
            d_top->connect(d_channel, m, copy, 0);
            d_top->connect(copy, 0, encoder, 0);
        } else {
            d_top->connect(d_channel, m, encoder, 0);
        }
        for (int n = 0; d_model.encoder_reads_transmit && n < transmitters; n++) {
            d_top->connect(d_precoder, n, encoder, 1 + n);
        }
        d_top->connect(encoder, 0, d_decoder, m);
        d_encoders.push_back(encoder);
    }

    //! Until the flowgraph has ended, with Qt at work where there is a map.
    void wait()
    {
#ifdef ISAC_QT
        if (d_map) {
            std::atomic<bool> ended{false};
            std::thread waiting([&] {
                d_top->wait();
                ended = true;
            });
            while (!ended) {
                QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents);
            }
            waiting.join();
            return;
        }
#endif
        d_top->wait();
    }

#ifdef ISAC_QT
    void connect_map(int receivers)
    {
        setenv("QT_QPA_PLATFORM", "offscreen", 0);
        d_map = isac::map_sink::make(
            d_scenario, {"D-VQVAE"}, true, true, isac::packets_of(d_model));
        d_top->connect(d_decoder, 0, d_map, 0);
        d_top->connect(d_channel, receivers, d_map, 1);
        d_top->connect(d_channel, receivers + 1, d_map, 2);
        for (int m = 0; m < receivers; m++) {
            d_top->connect(d_encoders[m], 0, d_map, 3 + m);
        }
        d_top->msg_connect(d_decoder, "estimates", d_map, "estimates");
        d_map->qwidget()->resize(1200, 800);
        d_map->qwidget()->show();
    }
#endif

    void connect_sinks(int receivers, bool scores)
    {
        if (scores) {
            const auto meter = isac::error_meter::make(d_scenario);
            d_top->connect(d_channel, receivers, meter, 0);
            d_top->connect(d_decoder, 0, meter, 1);
            d_top->connect(d_channel, receivers + 1, meter, 2);
            d_top->connect(d_decoder, 1, meter, 3);
            return;
        }
        const auto sink = [&](gr::basic_block_sptr block, int output) {
            const auto size = block->output_signature()->sizeof_stream_item(output);
            d_top->connect(block, output, gr::blocks::null_sink::make(size), 0);
        };
        sink(d_channel, receivers);
        sink(d_decoder, 0);
    }

    std::string error() const
    {
        std::string text = d_precoder->error() + d_channel->error() + d_decoder->error();
        for (const auto& encoder : d_encoders) {
            text += encoder->error();
        }
        return text;
    }

    const cfisac::Scenario d_scenario;
    const isac::model_info d_model;
    gr::top_block_sptr d_top;
    isac::mmse_precoder::sptr d_precoder;
    isac::bistatic_channel::sptr d_channel;
    isac::fusion_decoder::sptr d_decoder;
    std::vector<isac::dvqvae_encoder::sptr> d_encoders;
#ifdef ISAC_QT
    isac::map_sink::sptr d_map;
#endif
    std::uint64_t d_frames = 0;
    std::uint64_t d_taken = 0;
};

void run(benchmark::State& state, const Options& options)
{
    for (auto _ : state) {
        Flowgraph flowgraph(options);
        const double seconds = flowgraph.run();
        state.SetIterationTime(seconds);
        const double rate = flowgraph.frames() / seconds;
        state.counters["frames_per_second"] = rate;
        state.counters["real_time_factor"] = rate * flowgraph.interval_s();
        state.counters["host_copies_per_frame"] = flowgraph.host_copies_per_frame();
        state.counters["tensor_memory_taken"] = flowgraph.memory_taken();
    }
}

#ifdef ISAC_QT
//! One after the other with the scores alone and with the map beside them.
void run_map(benchmark::State& state)
{
    Options options;
    options.scores = true;
    for (auto _ : state) {
        Flowgraph without(options);
        const double seconds_without = without.run();
        const double before = without.frames() / seconds_without;
        options.map = true;
        Flowgraph with(options);
        const double seconds = with.run();
        state.SetIterationTime(seconds);
        const double rate = with.frames() / seconds;
        state.counters["frames_per_second"] = rate;
        state.counters["share_of_rate_without_map"] = rate / before;
        state.counters["redraws_per_second"] = with.redraws() / seconds;
    }
}
#endif

Options with_scores(Options options)
{
    options.scores = true;
    return options;
}

Options with_copy(Options options)
{
    options.copy = true;
    return options;
}

Options with_batch(Options options)
{
    options.batch = 8;
    return options;
}

#define FLOWGRAPH(name, options)          \
    BENCHMARK_CAPTURE(run, name, options) \
        ->Name("Flowgraph/lite/" #name)   \
        ->Iterations(1)                   \
        ->UseManualTime()                 \
        ->Unit(benchmark::kMillisecond)

FLOWGRAPH(estimates, Options());
FLOWGRAPH(estimates_with_copy, with_copy(Options()));
FLOWGRAPH(estimates_in_batches, with_batch(Options()));
FLOWGRAPH(scores, with_scores(Options()));
FLOWGRAPH(scores_with_copy, with_copy(with_scores(Options())));
#ifdef ISAC_QT
BENCHMARK(run_map)
    ->Name("Flowgraph/lite/scores_with_map")
    ->Iterations(1)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);
#endif

} // namespace
