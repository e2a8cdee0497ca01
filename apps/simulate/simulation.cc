// SPDX-License-Identifier: GPL-3.0-or-later
#include "simulation.h"
#include "flowgraph.h"

#include <gnuradio/blocks/head.h>
#include <gnuradio/isac/payload_source.h>

namespace isac::apps {
namespace {

std::vector<Output> outputs_of(const gr::basic_block_sptr& block, std::size_t count)
{
    std::vector<Output> outputs;
    for (std::size_t port = 0; port < count; ++port) {
        outputs.push_back({block, static_cast<int>(port)});
    }
    return outputs;
}

} // namespace

Simulation::Simulation(const ReceiverSettings& settings,
                       std::int64_t frames,
                       const std::string& estimates)
    : d_frames(frames),
      d_top(gr::make_top_block("isac_simulate")),
      d_receiver(Receiver::make(settings)),
      d_precoder(gr::isac::mmse_precoder::make(
          d_receiver->scenario(), settings.seed, settings.device)),
      d_channel(gr::isac::bistatic_channel::make(
          d_receiver->scenario(), settings.seed, settings.device, settings.real_time)),
      d_meter(gr::isac::error_meter::make(d_receiver->scenario(),
                                          d_receiver->location_only()))
{
    const auto& scenario = d_receiver->scenario();
    const auto items =
        static_cast<std::uint64_t>(frames) *
        static_cast<std::uint64_t>(scenario.waveform.sensed_subcarriers()) *
        static_cast<std::uint64_t>(scenario.waveform.sensed_symbols());
    const auto source = gr::isac::payload_source::make(scenario, settings.seed);
    for (int k = 0; k < scenario.users.count; ++k) {
        const auto head = gr::blocks::head::make(sizeof(gr_complex), items);
        d_top->connect(source, k, head, 0);
        d_top->connect(head, 0, d_precoder, k);
    }
    for (int n = 0; n < static_cast<int>(scenario.transmit.size()); ++n) {
        d_top->connect(d_precoder, n, d_channel, n);
    }
    const auto transmit = outputs_of(d_precoder, scenario.transmit.size());
    d_receiver->connect({d_top,
                         outputs_of(d_channel, scenario.receive.size()),
                         std::vector(scenario.receive.size(), transmit),
                         transmit});
    const int M = static_cast<int>(scenario.receive.size());
    d_top->connect(d_channel, M, d_meter, 0);
    d_top->connect(d_receiver->estimates(), 0, d_meter, 1);
    d_top->connect(d_channel, M + 1, d_meter, 2);
    d_top->connect(d_receiver->estimates(), 1, d_meter, 3);
    if (!estimates.empty()) {
        d_writer = EstimateWriter::make(scenario, estimates, settings.absent);
        d_writer->connect_to(*d_top, d_receiver->estimates());
    }
}

double Simulation::run()
{
    const double seconds =
        run_to_end(*d_top, d_frames, [this] { return d_receiver->frames(); });
    auto errors = d_receiver->errors();
    errors.insert(errors.begin(), {d_precoder->error(), d_channel->error()});
    throw_first(errors);
    if (d_writer) {
        d_writer->finish();
    }
    return seconds;
}

} // namespace isac::apps
