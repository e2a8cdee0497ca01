// SPDX-License-Identifier: GPL-3.0-or-later
//
// Frames of a precoder: how many samples, and their energy per access point.
#include <cfisac/scenario/yaml.h>
#include <gnuradio/blocks/head.h>
#include <gnuradio/blocks/vector_sink.h>
#include <gnuradio/isac/mmse_precoder.h>
#include <gnuradio/isac/payload_source.h>
#include <gnuradio/top_block.h>

#include <complex>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

int main(int, char** argv)
{
    const auto scenario = cfisac::load_scenario(argv[1]);
    const int frames = std::atoi(argv[2]);
    const std::uint64_t seed = 7;
    const auto size = static_cast<unsigned>(scenario.transmit_frame_size());

    auto top = gr::make_top_block("precode");
    auto payload = gr::isac::payload_source::make(scenario, seed);
    auto precoder = gr::isac::mmse_precoder::make(scenario, seed, "cpu");
    for (int k = 0; k < scenario.users.count; ++k) {
        top->connect(payload, k, precoder, k);
    }
    std::vector<gr::blocks::vector_sink_c::sptr> sinks;
    for (std::size_t n = 0; n < scenario.transmit.size(); ++n) {
        auto head = gr::blocks::head::make(size * sizeof(gr_complex), frames);
        sinks.push_back(gr::blocks::vector_sink_c::make(size));
        top->connect(precoder, static_cast<int>(n), head, 0);
        top->connect(head, 0, sinks.back(), 0);
    }
    top->run();
    for (const auto& sink : sinks) {
        const auto samples = sink->data();
        double energy = 0.0;
        for (const auto& sample : samples) {
            energy += std::norm(std::complex<double>(sample));
        }
        std::printf("%zu %.9g\n", samples.size(), energy);
    }
}
