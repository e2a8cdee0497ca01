// SPDX-License-Identifier: GPL-3.0-or-later
#include "receiver.h"
#include "common.h"

#include <gnuradio/blocks/null_sink.h>
#include <nlohmann/json.hpp>

namespace isac::apps {

const std::vector<ReceiverKind>& receiver_kinds()
{
    static const std::vector<ReceiverKind> kinds{
        {"dvqvae",
         "access points send codewords",
         {"model",
          "precision",
          "batch",
          "entropy-coding",
          "without-access-point",
          "replay"}},
        {"dvae",
         "access points send latents that are not quantized",
         {"model", "precision", "batch", "without-access-point", "replay"}},
        {"cnn", "access points send raw echoes to one network", {"model", "batch"}},
        {"music",
         "access points send paths found by MUSIC",
         {"reference", "without-access-point", "replay"}},
        {"cs",
         "access points send paths found by compressed sensing",
         {"reference", "without-access-point", "replay"}},
        {"ml",
         "access points send maximum-likelihood estimates with their information",
         {"reference", "without-access-point", "replay"}},
        {"monostatic", "one full-duplex base station, locations only", {}},
    };
    return kinds;
}

const std::set<std::string>& receiver_options()
{
    static const auto all = [] {
        std::set<std::string> options;
        for (const auto& kind : receiver_kinds()) {
            options.insert(kind.options.begin(), kind.options.end());
        }
        return options;
    }();
    return all;
}

const ReceiverKind& receiver_kind(const std::string& name)
{
    std::string available;
    for (const auto& kind : receiver_kinds()) {
        if (kind.name == name) {
            return kind;
        }
        available += (available.empty() ? "" : ", ") + kind.name;
    }
    throw UsageError("--receiver '" + name + "' is none; available: " + available);
}

std::unique_ptr<Receiver> Receiver::make(const ReceiverSettings& settings)
{
    const auto& name = receiver_kind(settings.name).name;
    return name == "dvqvae" || name == "dvae" ? make_encoder_receiver(settings)
           : name == "cnn"                    ? make_cnn_receiver(settings)
           : name == "monostatic"             ? make_monostatic_receiver(settings)
                                              : make_estimator_receiver(settings);
}

void Receiver::add_figures(nlohmann::ordered_json&) const {}

void Receiver::connect_all(const Sources& sources,
                           const std::vector<Output>& streams,
                           const gr::basic_block_sptr& block,
                           int first)
{
    for (const auto& stream : streams) {
        sources.top->connect(stream.block, stream.port, block, first++);
    }
}

void Receiver::discard_echo(const Sources& sources, int m) const
{
    if (sources.echoes[m].block) {
        const auto size = d_scenario.receive_frame_size() * sizeof(gr_complex);
        connect_all(sources, {sources.echoes[m]}, gr::blocks::null_sink::make(size), 0);
    }
}

} // namespace isac::apps
