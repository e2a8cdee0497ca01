// SPDX-License-Identifier: GPL-3.0-or-later
#include "check.h"
#include "scenario/detail.h"

#include <cfisac/nn/dvqvae.h>
#include <cfisac/nn/latent_words.h>
#include <cfisac/nn/model.h>
#include <cfisac/nn/model_io.h>
#include <cfisac/nn/safetensors.h>
#include <cfisac/scenario/yaml.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <iomanip>
#include <sstream>

namespace cfisac::nn {

namespace {

constexpr const char* format_name = "cfisac-dvqvae";
constexpr const char* format_version = "1";

class Fnv1a
{
public:
    void add(const void* data, size_t size)
    {
        // Word by word: a model may have a gigabyte.
        const auto* bytes = static_cast<const unsigned char*>(data);
        while (size > 0) {
            uint64_t word = 0;
            const size_t step = std::min(size, sizeof word);
            std::memcpy(&word, bytes, step);
            d_hash = (d_hash ^ word) * 0x100000001b3ULL;
            d_hash ^= d_hash >> 32;
            bytes += step;
            size -= step;
        }
    }
    uint64_t value() const { return d_hash; }

private:
    uint64_t d_hash = 0xcbf29ce484222325ULL;
};

void require_finite_frames(const at::Tensor& echo, const at::Tensor& transmit)
{
    detail::require_finite(at::view_as_real(echo), "echo", "samples");
    if (transmit.defined()) {
        detail::require_finite(at::view_as_real(transmit), "transmit", "samples");
    }
}

std::string hexadecimal(uint64_t value)
{
    std::ostringstream text;
    text << std::hex << std::setw(16) << std::setfill('0') << value;
    return text.str();
}

const std::string& metadata_of(const SafeTensors& file, const char* key)
{
    const auto found = file.metadata.find(key);
    if (found == file.metadata.end()) {
        throw FileError(file.source + ": metadata: " + key + " is missing");
    }
    return found->second;
}

// Of a network that gives labels of exactly Q targets.
Estimates estimates_of(const LabelRange& range, const at::Tensor& labels)
{
    const auto [location, velocity] = range.restore(labels);
    return {location,
            velocity,
            at::ones({location.size(0), location.size(1)}, location.options())};
}

void require_metadata(const SafeTensors& file,
                      const char* key,
                      const std::string& expected)
{
    const auto& value = metadata_of(file, key);
    if (value != expected) {
        throw FileError(file.source + ": metadata: " + key + " is " +
                        cfisac::detail::quoted(value) + ", must be '" + expected + "'");
    }
}

} // namespace

Model::Model(const Scenario& scenario, const Architecture& architecture, uint64_t seed)
    : Model(scenario,
            architecture,
            std::make_shared<DVqVaeImpl>(scenario, architecture, seed))
{
}

Model::Model(const Scenario& scenario,
             const Architecture& architecture,
             std::shared_ptr<DVqVaeImpl> network)
    : d_scenario(scenario), d_architecture(architecture), d_network(std::move(network))
{
    d_network->eval();
}

Model Model::load(const std::string& path, const std::string& device)
{
    const auto file = read_safetensors(path);
    require_metadata(file, "format", format_name);
    require_metadata(file, "format_version", format_version);
    try {
        const auto scenario =
            parse_scenario(metadata_of(file, "scenario"), path + ": scenario");
        const auto architecture =
            Architecture::from_json(metadata_of(file, "architecture"));
        require_metadata(
            file, "scenario_fingerprint", hexadecimal(cfisac::fingerprint(scenario)));
        Model model(scenario, architecture, 0);
        if (!(LabelRange::from_json(metadata_of(file, "labels")) ==
              model.d_network->labels())) {
            throw FileError(path + ": metadata: labels are not the scenario's prior");
        }
        load_state(*model.d_network, file);
        model.check_counts();
        require_metadata(file, "model_fingerprint", hexadecimal(model.fingerprint()));
        model.d_network->to(at::Device(device));
        return model;
    } catch (const FileError&) {
        throw;
    } catch (const std::exception& error) {
        throw FileError(path + ": " + error.what());
    }
}

Model Model::load(const std::string& path,
                  const Scenario& scenario,
                  const std::string& device)
{
    auto model = load(path, device);
    const auto own = cfisac::fingerprint(model.scenario());
    const auto expected = cfisac::fingerprint(scenario);
    if (own != expected) {
        throw FileError(path + ": made for scenario '" + model.scenario().name +
                        "' (fingerprint " + hexadecimal(own) + "), not for '" +
                        scenario.name + "' (fingerprint " + hexadecimal(expected) + ")");
    }
    return model;
}

void Model::save(const std::string& path) const
{
    write_safetensors(
        path,
        state_of(*d_network),
        {{"format", format_name},
         {"format_version", format_version},
         {"scenario", to_yaml(d_scenario)},
         {"scenario_fingerprint", hexadecimal(cfisac::fingerprint(d_scenario))},
         {"architecture", d_architecture.to_json()},
         {"labels", d_network->labels().to_json()},
         {"model_fingerprint", hexadecimal(fingerprint())}});
}

at::Device Model::device() const { return d_network->parameters().front().device(); }

uint64_t Model::fingerprint() const
{
    Fnv1a hash;
    const auto architecture = d_architecture.to_json();
    hash.add(architecture.data(), architecture.size());
    const uint64_t scenario = cfisac::fingerprint(d_scenario);
    hash.add(&scenario, sizeof scenario);
    for (const auto& [name, tensor] : state_of(*d_network)) {
        hash.add(name.data(), name.size());
        const auto values = tensor.to(at::kCPU).contiguous();
        hash.add(values.data_ptr(), values.nbytes());
    }
    return hash.value();
}

int64_t Model::index_count() const { return d_network->index_count(); }

int64_t Model::codewords() const
{
    return centralized() ? 0 : d_network->quantizer(0)->options().codewords();
}

int64_t Model::index_range() const
{
    return centralized()            ? 0
           : d_network->quantized() ? d_network->quantizer(0)->index_range()
                                    : LatentWords::range;
}

int64_t Model::vectors_sent() const
{
    return centralized() ? 0 : d_network->quantizer(0)->options().sent();
}

int64_t Model::positions() const { return d_network->positions(); }

int64_t Model::fronthaul_bits() const
{
    return centralized() ? static_cast<int64_t>(d_scenario.raw_echo_bits())
                         : index_count() * bits_per_index();
}

int64_t Model::reference_bits() const
{
    return centralized() ? 0
                         : static_cast<int64_t>(signal::reference_bits(
                               d_scenario, d_architecture.reference));
}

void Model::require_encoders(const char* what) const
{
    detail::require(!centralized(),
                    what,
                    ": the cnn read-out takes the raw echoes of all access points at the "
                    "central unit; nothing is encoded or decoded");
}

bool Model::accepts(int64_t receiver, const at::Tensor& indices) const
{
    require_encoders("accepts");
    auto& quantizer = d_network->quantizer(receiver);
    if (d_network->quantized()) {
        return quantizer->accepts(indices);
    }
    return quantizer->accepts_positions(indices) &&
           LatentWords(d_architecture.latents)
               .accepts(indices.slice(1, quantizer->options().sent()));
}

at::Tensor Model::codewords_of(int64_t receiver, const at::Tensor& indices) const
{
    require_encoders("codewords_of");
    return d_network->quantized() ? d_network->quantizer(receiver)->codewords_of(indices)
                                  : indices.slice(1, 0, 0);
}

int64_t Model::bits_per_index() const
{
    return centralized()            ? 0
           : d_network->quantized() ? d_network->quantizer(0)->bits_per_index()
                                    : LatentWords::bits;
}

std::vector<float> Model::codeword_counts(int64_t receiver) const
{
    if (!d_network->quantized()) {
        return {};
    }
    const auto counts =
        d_network->quantizer(receiver)->counts().to(at::kCPU, at::kFloat).contiguous();
    const auto* values = counts.data_ptr<float>();
    return {values, values + counts.numel()};
}

void Model::check_counts() const
{
    for (int64_t m = 0; m < d_network->receivers(); m++) {
        for (const float count : codeword_counts(m)) {
            detail::require(std::isfinite(count) && count >= 0.0f,
                            "the codeword counts of access point ",
                            m,
                            " must be finite and not negative, one is ",
                            count);
        }
    }
}

bool Model::decoder_needs_transmit() const
{
    return d_architecture.read_out == ReadOut::dense;
}

bool Model::encoder_needs_transmit() const
{
    return d_architecture.reference != signal::Reference::raw;
}

at::Tensor Model::encode(int64_t receiver,
                         const at::Tensor& echo,
                         const at::Tensor& transmit) const
{
    torch::NoGradGuard no_grad;
    require_encoders("encode");
    require_finite_frames(echo, encoder_needs_transmit() ? transmit : at::Tensor());
    const auto input = d_network->front_end(receiver, echo, transmit);
    return message_of(receiver, d_network->encode(receiver, input));
}

// Latent [B, H, …] → what travels [B, L]
at::Tensor Model::message_of(int64_t receiver, const at::Tensor& latent) const
{
    auto& quantizer = d_network->quantizer(receiver);
    if (d_network->quantized()) {
        return quantizer->indices(latent);
    }
    const auto sent = quantizer->unquantized(latent);
    const auto words = LatentWords(d_architecture.latents).to_words(sent.elements);
    return sent.positions.defined() ? at::cat({sent.positions, words}, 1) : words;
}

// What travels [B, L] → latent [B, G·D, …]
at::Tensor Model::latent_of(int64_t receiver, const at::Tensor& message) const
{
    auto& quantizer = d_network->quantizer(receiver);
    if (d_network->quantized()) {
        return quantizer->lookup(message, d_network->latent_shape());
    }
    detail::require(message.dim() == 2 && message.size(1) == index_count() &&
                        message.scalar_type() == at::kLong,
                    "words of access point ",
                    receiver,
                    " must be [batch, ",
                    index_count(),
                    "] of int64, got ",
                    message.sizes(),
                    " of ",
                    message.scalar_type());
    detail::require(accepts(receiver, message),
                    "words of access point ",
                    receiver,
                    " must give finite ",
                    to_string(d_architecture.latents),
                    " values after positions that ascend");
    const auto chosen = quantizer->options().sent();
    UnquantizedLatent latent;
    if (chosen > 0) {
        latent.positions = message.slice(1, 0, chosen);
    }
    latent.elements =
        LatentWords(d_architecture.latents).from_words(message.slice(1, chosen));
    return quantizer->restore(latent, d_network->latent_shape());
}

std::pair<std::vector<at::Tensor>, at::Tensor> Model::latents_of(
    const std::vector<at::Tensor>& indices) const
{
    detail::require(static_cast<int64_t>(indices.size()) == d_network->receivers(),
                    "indices of ",
                    d_network->receivers(),
                    " access points are needed, got ",
                    indices.size());
    int64_t batch = -1;
    for (const auto& each : indices) {
        batch = each.defined() ? each.size(0) : batch;
    }
    detail::require(batch >= 0, "the indices of every access point are missing");
    const auto& shape = d_network->latent_shape();
    std::vector<at::Tensor> latents(indices.size());
    auto present = at::ones({batch, static_cast<int64_t>(indices.size())}, device());
    bool complete = true;
    for (size_t m = 0; m < indices.size(); m++) {
        if (indices[m].defined()) {
            latents[m] = latent_of(m, indices[m]);
            continue;
        }
        complete = false;
        present.select(1, m).zero_();
        const auto& options = d_network->quantizer(m)->options();
        std::vector<int64_t> sizes = {batch, options.groups() * options.codeword_dim()};
        sizes.insert(sizes.end(), shape.begin(), shape.end());
        latents[m] = at::zeros(sizes, device());
    }
    return {latents, complete ? at::Tensor() : present};
}

Estimates Model::decode(const std::vector<at::Tensor>& indices,
                        const at::Tensor& transmit) const
{
    torch::NoGradGuard no_grad;
    require_encoders("decode");
    const auto [latents, present] = latents_of(indices);
    if (d_architecture.read_out == ReadOut::grid) {
        auto peaks = read_peaks(d_network->decode_grid(latents, present),
                                d_network->grid_decoder().geometry(),
                                d_scenario.targets.count);
        return {peaks.location, peaks.velocity, peaks.confidence};
    }
    detail::require(transmit.defined(), "the dense decoder needs the transmitted frames");
    return estimates_of(d_network->labels(),
                        d_network->decode_dense(latents, transmit, present));
}

Estimates Model::estimate(const at::Tensor& echoes, const at::Tensor& transmit) const
{
    torch::NoGradGuard no_grad;
    const auto receivers = d_network->receivers();
    detail::require(echoes.dim() == 5 && echoes.size(1) == receivers,
                    "echoes must be [B, M, M_r, S, T] of ",
                    receivers,
                    " access points, got ",
                    echoes.sizes());
    std::vector<at::Tensor> received; // inputs of the centralized network, or indices
    if (centralized()) {
        require_finite_frames(echoes, encoder_needs_transmit() ? transmit : at::Tensor());
        for (int64_t m = 0; m < receivers; m++) {
            received.push_back(d_network->front_end(m, echoes.select(1, m), transmit));
        }
        return estimates_of(d_network->labels(), d_network->decode_centralized(received));
    }
    for (int64_t m = 0; m < receivers; m++) {
        received.push_back(encode(m, echoes.select(1, m), transmit));
    }
    return decode(received, transmit);
}

std::vector<Detections> Model::detect(const std::vector<at::Tensor>& indices,
                                      const at::Tensor& /*transmit*/,
                                      double threshold) const
{
    torch::NoGradGuard no_grad;
    require_encoders("detect");
    detail::require(d_architecture.read_out == ReadOut::grid,
                    "the ",
                    to_string(d_architecture.read_out),
                    " read-out estimates exactly ",
                    d_scenario.targets.count,
                    " targets; to detect an unknown number needs the grid read-out");
    const auto [latents, present] = latents_of(indices);
    return read_peaks_above(d_network->decode_grid(latents, present),
                            d_network->grid_decoder().geometry(),
                            threshold);
}

} // namespace cfisac::nn
