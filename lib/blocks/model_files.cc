/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "model_files.h"
#include "frames.h"

#include <cfisac/signal/device.h>
#include <cfisac/signal/front_end.h>
#include <gnuradio/isac/model_info.h>

namespace gr {
namespace isac {

cfisac::nn::Model load_model(const std::string& file,
                             const cfisac::Scenario& scenario,
                             const std::string& device)
{
    return cfisac::nn::Model::load(
        file, scenario, cfisac::signal::resolve_device(device));
}

std::vector<cfisac::fronthaul::FrequencyTable> frequency_tables(
    const cfisac::nn::Model& model)
{
    std::vector<cfisac::fronthaul::FrequencyTable> tables;
    if (model.codewords() > 1) {
        for (std::size_t m = 0; m < model.scenario().receive.size(); m++) {
            tables.emplace_back(model.codeword_counts(static_cast<std::int64_t>(m)));
        }
    }
    return tables;
}

cfisac::fronthaul::PacketFormat packet_format(const cfisac::nn::Model& model)
{
    return cfisac::fronthaul::PacketFormat(
        static_cast<std::uint32_t>(model.codewords()),
        static_cast<std::uint32_t>(model.index_count()),
        cfisac::fingerprint(model.scenario()),
        model.fingerprint(),
        frequency_tables(model));
}

model_info load_model_info(const std::string& path)
{
    const auto model = cfisac::nn::Model::load(path);
    const auto reference = model.architecture().reference;
    model_info info;
    info.path = path;
    info.scenario = model.scenario();
    info.reference = cfisac::signal::to_string(reference);
    info.packet_size = packet_format(model).size();
    info.fingerprint = model.fingerprint();
    info.codewords = model.codewords();
    info.index_count = model.index_count();
    info.frequency_tables = frequency_tables(model);
    info.fronthaul_bits = model.fronthaul_bits();
    info.reference_bits = cfisac::signal::reference_bits(model.scenario(), reference);
    info.encoder_reads_transmit = reference == cfisac::signal::Reference::reference;
    info.decoder_reads_transmit = model.decoder_needs_transmit();
    return info;
}

void write_fresh_model(const std::string& path,
                       const cfisac::Scenario& scenario,
                       const std::string& architecture,
                       const std::string& reference,
                       std::uint64_t seed)
{
    auto sizes = architecture.rfind('{', 0) == 0
                     ? cfisac::nn::Architecture::from_json(architecture)
                     : cfisac::nn::Architecture::preset(architecture);
    if (!reference.empty()) {
        sizes.reference = cfisac::signal::reference_from_string(reference);
    }
    cfisac::nn::Model(scenario, sizes, seed).save(path);
}

} // namespace isac
} // namespace gr
