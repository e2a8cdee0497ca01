// SPDX-License-Identifier: GPL-3.0-or-later
#include "simulation.h"
#include "common.h"

#include <chrono>
#include <future>
#include <gnuradio/blocks/head.h>
#include <gnuradio/isac/payload_source.h>
#include <stdexcept>

namespace isac::apps {
namespace {

Sources make_sources(const cfisac::Scenario& scenario, const ReceiverSettings& settings)
{
    return {gr::make_top_block("isac_simulate"),
            gr::isac::mmse_precoder::make(scenario, settings.seed, settings.device),
            gr::isac::bistatic_channel::make(
                scenario, settings.seed, settings.device, settings.real_time)};
}

} // namespace

Simulation::Simulation(const ReceiverSettings& settings, std::int64_t frames)
    : d_frames(frames),
      d_receiver(Receiver::make(settings)),
      d_sources(make_sources(d_receiver->scenario(), settings)),
      d_meter(gr::isac::error_meter::make(d_receiver->scenario(),
                                          d_receiver->location_only()))
{
    const auto& scenario = d_receiver->scenario();
    const auto& top = d_sources.top;
    const auto items =
        static_cast<std::uint64_t>(frames) *
        static_cast<std::uint64_t>(scenario.waveform.sensed_subcarriers()) *
        static_cast<std::uint64_t>(scenario.waveform.sensed_symbols());
    const auto source = gr::isac::payload_source::make(scenario, settings.seed);
    for (int k = 0; k < scenario.users.count; ++k) {
        const auto head = gr::blocks::head::make(sizeof(gr_complex), items);
        top->connect(source, k, head, 0);
        top->connect(head, 0, d_sources.precoder, k);
    }
    for (int n = 0; n < static_cast<int>(scenario.transmit.size()); ++n) {
        top->connect(d_sources.precoder, n, d_sources.channel, n);
    }
    d_receiver->connect(d_sources);
    const int M = static_cast<int>(scenario.receive.size());
    top->connect(d_sources.channel, M, d_meter, 0);
    top->connect(d_receiver->estimates(), 0, d_meter, 1);
    top->connect(d_sources.channel, M + 1, d_meter, 2);
    top->connect(d_receiver->estimates(), 1, d_meter, 3);
}

double Simulation::run()
{
    const InterruptGuard guard;
    Progress progress(d_frames, "frames");
    const auto start = std::chrono::steady_clock::now();
    d_sources.top->start();
    auto ended = std::async(std::launch::async, [this] { d_sources.top->wait(); });
    while (ended.wait_for(std::chrono::milliseconds(50)) != std::future_status::ready) {
        progress.update(static_cast<std::int64_t>(d_receiver->frames()));
        if (guard.requested()) {
            d_sources.top->stop();
            ended.wait();
            throw Interrupted();
        }
    }
    const std::chrono::duration<double> elapsed =
        std::chrono::steady_clock::now() - start;
    check_errors();
    return elapsed.count();
}

void Simulation::check_errors() const
{
    auto errors = d_receiver->errors();
    errors.insert(errors.begin(), {d_sources.precoder->error(), channel().error()});
    for (const auto& error : errors) {
        if (!error.empty()) {
            throw std::runtime_error(error);
        }
    }
}

} // namespace isac::apps
