// SPDX-License-Identifier: GPL-3.0-or-later
#include "metadata_keys.h"

#include <cfisac/recording/sigmf.h>
#include <cfisac/scenario/frame_timing.h>
#include <cfisac/scenario/yaml.h>
#include <nlohmann/json.hpp>

#include <cstdio>

namespace cfisac::recording {
namespace {

using Json = nlohmann::ordered_json;

//! Of the metadata format: what is written here is part of every later 1.x.
constexpr const char* sigmf_version = "1.0.0";

void put(Json& object, const char* key, const std::string& text)
{
    if (!text.empty()) {
        object[key] = text;
    }
}

template <typename T>
void put(Json& object, const char* key, const std::optional<T>& value)
{
    if (value) {
        object[key] = *value;
    }
}

std::string hexadecimal(std::uint64_t value)
{
    char text[17];
    std::snprintf(text, sizeof(text), "%016llx", static_cast<unsigned long long>(value));
    return text;
}

Json global_object(const Metadata& metadata)
{
    const auto& setup = metadata.setup;
    Json object;
    object[keys::version] = sigmf_version;
    object[keys::datatype] = to_string(metadata.datatype);
    object[keys::sample_rate] = metadata.sample_rate_hz;
    object[keys::num_channels] = metadata.channels;
    put(object, keys::sha512, metadata.sha512);
    put(object, keys::description, metadata.description);
    put(object, keys::hardware, metadata.hardware);
    put(object, keys::recorder, metadata.recorder);
    put(object, keys::author, metadata.author);
    put(object, keys::license, metadata.license);
    object[keys::extensions] = Json::array({{{"name", keys::extension},
                                             {"version", keys::extension_version},
                                             {"optional", true}}});
    object[keys::role] = setup.receive ? "receive" : "transmit";
    object[keys::access_point] = setup.own().name;
    object[keys::full_scale_dbm] = setup.full_scale_dbm;
    put(object, keys::start_time_s, setup.start_time_s);
    object[keys::frame_period_s] = FrameTiming(setup.scenario).period_s();
    put(object, keys::seed, setup.seed);
    put(object, keys::scene_seed, setup.scene_seed);
    if (setup.first_frame) {
        object[keys::first_frame] = setup.first_frame->frame;
        object[keys::first_frame_sample] = setup.first_frame->sample;
    }
    put(object, keys::clock_source, setup.clock_source);
    put(object, keys::time_source, setup.time_source);
    if (metadata.complete) {
        object[keys::samples] = metadata.samples;
        object[keys::samples_clipped] = metadata.samples_clipped;
    }
    object[keys::fingerprint] = hexadecimal(fingerprint(setup.scenario));
    object[keys::scenario] = to_yaml(setup.scenario);
    return object;
}

} // namespace

std::string to_json(const Metadata& metadata)
{
    Json json;
    json[keys::global] = global_object(metadata);
    json[keys::captures] = Json::array();
    json[keys::annotations] = Json::array();
    std::uint64_t lost = 0; // before this capture
    auto loss = metadata.losses.begin();
    for (const auto& capture : metadata.captures) {
        for (;
             loss != metadata.losses.end() && loss->sample_start <= capture.sample_start;
             ++loss) {
            lost += loss->samples;
        }
        Json object;
        object[keys::sample_start] = capture.sample_start;
        object[keys::global_index] = capture.sample_start + lost;
        object[keys::frequency] = capture.frequency_hz;
        put(object, keys::datetime, capture.datetime);
        if (capture.time) {
            object[keys::time_seconds] = capture.time->seconds;
            object[keys::time_fraction] = capture.time->fraction;
        }
        json[keys::captures].push_back(std::move(object));
    }
    for (const auto& entry : metadata.losses) {
        json[keys::annotations].push_back({{keys::sample_start, entry.sample_start},
                                           {keys::sample_count, 0},
                                           {keys::label, "lost samples"},
                                           {keys::lost_samples, entry.samples}});
    }
    try {
        return json.dump(2) + "\n";
    } catch (const Json::type_error&) {
        throw std::invalid_argument("a text of the metadata is not UTF-8");
    }
}

} // namespace cfisac::recording
