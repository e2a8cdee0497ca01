/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "model_files.h"
#include "frames.h"

#include <cfisac/nn/dvqvae.h>
#include <cfisac/nn/safetensors.h>
#include <cfisac/signal/device.h>
#include <cfisac/signal/front_end.h>
#include <gnuradio/isac/model_info.h>
#include <utility>

namespace gr {
namespace isac {

namespace {

cfisac::nn::Model load_if(bool centralized,
                          const std::string& file,
                          const cfisac::Scenario& scenario,
                          const std::string& device)
{
    auto model = cfisac::nn::Model::load(
        file, scenario, cfisac::signal::resolve_device(device));
    if (model.centralized() != centralized) {
        throw cfisac::nn::FileError(
            file + ": read-out " +
            cfisac::nn::to_string(model.architecture().read_out) +
            (model.centralized() ? " has no encoders and decoder: it is for the block "
                                   "centralized_cnn, which takes raw echoes"
                                 : " is for the blocks dvqvae_encoder and fusion_decoder; "
                                   "the centralized network has read-out cnn"));
    }
    return model;
}

} // namespace

cfisac::nn::Model load_model(const std::string& file,
                             const cfisac::Scenario& scenario,
                             const std::string& device)
{
    return load_if(false, file, scenario, device);
}

cfisac::nn::Model load_centralized_model(const std::string& file,
                                         const cfisac::Scenario& scenario,
                                         const std::string& device)
{
    return load_if(true, file, scenario, device);
}

cfisac::nn::EngineOptions engine_options(const std::string& precision)
{
    cfisac::nn::EngineOptions options;
    options.precision = cfisac::nn::precision_from_string(precision);
    return options;
}

index_check::index_check(const cfisac::nn::Model& model)
{
    for (std::int64_t m = 0; m < model.network()->receivers(); m++) {
        d_quantizers.push_back(model.network()->quantizer(m));
    }
    if (!model.network()->quantized()) {
        d_words.emplace(model.architecture().latents);
    }
}

bool index_check::accepts(std::size_t receiver, const at::Tensor& indices) const
{
    const auto& quantizer = d_quantizers[receiver];
    return d_words ? quantizer->accepts_positions(indices) &&
                         d_words->accepts(indices.slice(1, quantizer->options().sent()))
                   : quantizer->accepts(indices);
}

std::vector<cfisac::fronthaul::IndexPrior> index_priors(const cfisac::nn::Model& model)
{
    std::vector<cfisac::fronthaul::IndexPrior> priors;
    if (!model.network()->quantized()) {
        return priors; // latents as they are: nothing is known of their words
    }
    for (std::size_t m = 0; m < model.scenario().receive.size(); m++) {
        auto prior = cfisac::fronthaul::message_prior(
            model.codeword_counts(static_cast<std::int64_t>(m)),
            static_cast<std::uint32_t>(model.index_count() - model.vectors_sent()),
            static_cast<std::uint32_t>(model.vectors_sent()),
            static_cast<std::uint32_t>(model.positions()));
        if (prior) {
            priors.push_back(std::move(*prior));
        }
    }
    return priors;
}

cfisac::fronthaul::PacketFormat packet_format(const cfisac::nn::Model& model)
{
    return cfisac::fronthaul::PacketFormat(
        static_cast<std::uint32_t>(model.index_range()),
        static_cast<std::uint32_t>(model.index_count()),
        cfisac::fingerprint(model.scenario()),
        model.fingerprint(),
        index_priors(model));
}

model_info load_model_info(const std::string& path)
{
    const auto model = cfisac::nn::Model::load(path);
    const auto reference = model.architecture().reference;
    model_info info;
    info.path = path;
    info.scenario = model.scenario();
    info.reference = cfisac::signal::to_string(reference);
    info.read_out = cfisac::nn::to_string(model.architecture().read_out);
    info.packet_size = model.centralized() ? 0 : packet_format(model).size();
    info.fingerprint = model.fingerprint();
    info.codewords = model.codewords();
    info.index_count = model.index_count();
    info.index_range = model.index_range();
    info.vectors_sent = model.vectors_sent();
    info.index_priors = index_priors(model);
    info.fronthaul_bits = model.fronthaul_bits();
    info.reference_bits = static_cast<std::size_t>(model.reference_bits());
    info.encoder_reads_transmit =
        !model.centralized() && reference == cfisac::signal::Reference::reference;
    info.decoder_reads_transmit =
        model.centralized() ? model.encoder_needs_transmit() : model.decoder_needs_transmit();
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
