// SPDX-License-Identifier: GPL-3.0-or-later
#include "scenario/detail.h"
#include "scenario/json_depth.h"

#include <cfisac/nn/architecture.h>

#include <nlohmann/json.hpp>

#include <cmath>
#include <map>
#include <set>
#include <stdexcept>

namespace cfisac::nn {

namespace {

using Json = nlohmann::ordered_json;

using Limits = ArchitectureLimits;

constexpr size_t most_nested = 2;

// One list of names and members serves writing and reading.
template <typename Visitor>
void visit_sizes(Architecture& a, Visitor&& visit)
{
    visit("", "codeword_dim", a.codeword_dim);
    visit("", "codewords", a.codewords);
    visit("dense", "stem_channels", a.dense.stem_channels);
    visit("dense", "hidden_channels", a.dense.hidden_channels);
    visit("dense", "downsampling_layers", a.dense.downsampling_layers);
    visit("dense", "residual_layers", a.dense.residual_layers);
    visit("dense", "residual_channels", a.dense.residual_channels);
    visit("dense", "latent_residual_layers", a.dense.latent_residual_layers);
    visit("dense", "transmit_residual_layers", a.dense.transmit_residual_layers);
    visit("dense", "flat_features", a.dense.flat_features);
    visit("dense", "fully_connected", a.dense.fully_connected);
    visit("grid", "cells", a.grid.cells);
    visit("grid", "doppler_lines", a.grid.doppler_lines);
    visit("grid", "hidden_channels", a.grid.hidden_channels);
    visit("grid", "encoder_layers", a.grid.encoder_layers);
    visit("grid", "codewords_per_vector", a.grid.codewords_per_vector);
    visit("grid", "vectors_sent", a.grid.vectors_sent);
    visit("grid", "profiles", a.grid.profiles);
    visit("grid", "cell_features", a.grid.cell_features);
    visit("grid", "decoder_channels", a.grid.decoder_channels);
    visit("grid", "decoder_layers", a.grid.decoder_layers);
    visit("grid", "velocity_steps", a.grid.velocity_steps);
    visit("cnn", "first_channels", a.cnn.first_channels);
    visit("cnn", "second_channels", a.cnn.second_channels);
    visit("cnn", "kernel", a.cnn.kernel);
    visit("cnn", "stride", a.cnn.stride);
    visit("cnn", "pooling", a.cnn.pooling);
    visit("cnn", "fully_connected", a.cnn.fully_connected);
}

// Zero vectors sent stand for all of them.
bool may_be_zero(const std::string& key) { return key == "vectors_sent"; }

int64_t largest(const std::string& key)
{
    static const std::string end = "_layers";
    const bool layers = key.size() > end.size() &&
                        key.compare(key.size() - end.size(), std::string::npos, end) == 0;
    return layers ? Limits::layers : Limits::size;
}

[[noreturn]] void refuse(const std::string& key, const std::string& why)
{
    throw std::invalid_argument("architecture: " +
                                cfisac::detail::printable(key + ": " + why));
}

void check_keys(const Json& object,
                const std::string& name,
                const std::set<std::string>& known)
{
    if (!object.is_object()) {
        refuse(name, "must be an object, got " + object.dump());
    }
    for (const auto& item : object.items()) {
        if (known.count(item.key()) == 0) {
            refuse(item.key(), "unknown key");
        }
    }
}

const Json* find(const Json& json, const std::string& group, const std::string& key)
{
    const Json* object = &json;
    if (!group.empty()) {
        const auto inner = json.find(group);
        if (inner == json.end()) {
            return nullptr;
        }
        object = &*inner;
    }
    const auto value = object->find(key);
    return value == object->end() ? nullptr : &*value;
}

} // namespace

const char* to_string(ReadOut read_out)
{
    return read_out == ReadOut::dense  ? "dense"
           : read_out == ReadOut::grid ? "grid"
                                       : "cnn";
}

const char* to_string(Latents latents)
{
    return latents == Latents::quantized ? "quantized"
           : latents == Latents::float32 ? "float32"
                                         : "float16";
}

Latents latents_from_string(const std::string& name)
{
    for (const auto latents : {Latents::quantized, Latents::float32, Latents::float16}) {
        if (name == to_string(latents)) {
            return latents;
        }
    }
    throw std::invalid_argument("latents must be quantized, float32 or float16, got " +
                                cfisac::detail::quoted(name));
}

Architecture Architecture::preset(const std::string& name)
{
    Architecture architecture;
    if (name == "paper") {
        return architecture;
    }
    if (name == "lite") {
        architecture.read_out = ReadOut::grid;
        architecture.reference = signal::Reference::reference;
        architecture.shared_encoder = true;
        architecture.codeword_dim = 32;
        architecture.codewords = 1024;
        architecture.grid.codewords_per_vector = 2;
        architecture.grid.vectors_sent = 170;
        architecture.grid.encoder_layers = 1;
        architecture.grid.velocity_steps = 11;
        return architecture;
    }
    if (name == "cnn") {
        architecture.read_out = ReadOut::cnn;
        architecture.reference = signal::Reference::reference;
        return architecture;
    }
    throw std::invalid_argument("architecture must be paper, lite or cnn, got '" + name +
                                "'");
}

std::string Architecture::to_json() const
{
    Json json;
    json["read_out"] = nn::to_string(read_out);
    json["reference"] = signal::to_string(reference);
    // What a read-out has no use for is left out where older model files have none of it:
    // their fingerprints are made of this text.
    const bool centralized = read_out == ReadOut::cnn;
    if (!centralized) {
        json["shared_encoder"] = shared_encoder;
    }
    if (latents != Latents::quantized) {
        json["latents"] = nn::to_string(latents);
    }
    auto copy = *this;
    visit_sizes(copy, [&](const std::string& group, const char* key, int64_t& value) {
        if ((group == "cnn") == centralized) {
            (group.empty() ? json : json[group])[key] = value;
        }
    });
    if (!centralized) {
        json["grid"]["doppler_spacing_hz"] = grid.doppler_spacing_hz;
    }
    return json.dump();
}

Architecture Architecture::from_json(const std::string& text)
{
    if (text.size() > Limits::bytes || cfisac::detail::nested_deeper(text, most_nested)) {
        throw std::invalid_argument("architecture: more than " +
                                    std::to_string(Limits::bytes) + " bytes, or than " +
                                    std::to_string(most_nested) +
                                    " objects within one another");
    }
    const auto json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (json.is_discarded()) {
        throw std::invalid_argument("architecture: not JSON: " +
                                    cfisac::detail::quoted(text));
    }
    Architecture a;
    std::set<std::string> top = {
        "read_out", "reference", "shared_encoder", "latents", "dense", "grid", "cnn"};
    std::map<std::string, std::set<std::string>> groups = {
        {"grid", {"doppler_spacing_hz"}}};
    visit_sizes(a, [&](const std::string& group, const char* key, int64_t&) {
        (group.empty() ? top : groups[group]).insert(key);
    });
    check_keys(json, "architecture", top);
    for (const auto& [name, known] : groups) {
        if (json.contains(name)) {
            check_keys(json[name], name, known);
        }
    }
    visit_sizes(a, [&](const std::string& group, const char* key, int64_t& value) {
        if (const auto* found = find(json, group, key)) {
            const int64_t smallest = may_be_zero(key) ? 0 : 1;
            if (!found->is_number_integer() || found->get<int64_t>() < smallest ||
                found->get<int64_t>() > largest(key)) {
                refuse(key,
                       "must be an integer from " + std::to_string(smallest) + " to " +
                           std::to_string(largest(key)) + ", got " + found->dump());
            }
            value = found->get<int64_t>();
        }
    });
    if (const auto* found = find(json, "grid", "doppler_spacing_hz")) {
        if (!found->is_number() || !(found->get<double>() > 0.0)) {
            refuse("doppler_spacing_hz",
                   "must be a positive number, got " + found->dump());
        }
        a.grid.doppler_spacing_hz = found->get<double>();
    }
    if (const auto* found = find(json, "", "shared_encoder")) {
        if (!found->is_boolean()) {
            refuse("shared_encoder", "must be true or false, got " + found->dump());
        }
        a.shared_encoder = found->get<bool>();
    }
    if (const auto* found = find(json, "", "read_out")) {
        if (*found == "grid") {
            a.read_out = ReadOut::grid;
        } else if (*found == "cnn") {
            a.read_out = ReadOut::cnn;
        } else if (*found != "dense") {
            refuse("read_out", "must be dense, grid or cnn, got " + found->dump());
        }
    }
    if (const auto* found = find(json, "", "reference")) {
        if (!found->is_string()) {
            refuse("reference", "must be a string, got " + found->dump());
        }
        a.reference = signal::reference_from_string(found->get<std::string>());
    }
    if (const auto* found = find(json, "", "latents")) {
        if (!found->is_string()) {
            refuse("latents", "must be a string, got " + found->dump());
        }
        a.latents = latents_from_string(found->get<std::string>());
    }
    return a;
}

} // namespace cfisac::nn
