// SPDX-License-Identifier: GPL-3.0-or-later
#include "checksum.h"
#include "json_object.h"
#include "metadata_keys.h"
#include "scenario/detail.h"
#include "scenario/json_depth.h"

#include <cfisac/scenario/frame_timing.h>
#include <cfisac/scenario/yaml.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>

namespace cfisac::recording {
namespace {

using cfisac::detail::quoted;
using nlohmann::json;

// Of lists and objects: SigMF needs three, extensions of others perhaps more.
constexpr std::size_t most_nested = 32;

constexpr auto any = std::numeric_limits<std::uint64_t>::max();

bool is_hexadecimal(const std::string& text, std::size_t digits)
{
    return text.size() == digits &&
           text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

//! Refuse what this reader does not follow: it would take wrong bytes for samples.
void check_layout(const JsonObject& global, const std::string& where)
{
    const auto version = global.text(keys::version);
    if (version.compare(0, 2, "1.") != 0) {
        global.refuse(keys::version, quoted(version) + " is not SigMF 1.x");
    }
    if (global.has(keys::dataset)) {
        global.refuse(keys::dataset, "the data must be in the file of the same name");
    }
    if (global.has(keys::trailing_bytes) && global.count(keys::trailing_bytes, any) > 0) {
        global.refuse(keys::trailing_bytes, "data with other bytes are not supported");
    }
    if (global.has(keys::metadata_only) && global.at(keys::metadata_only) != false) {
        global.refuse(keys::metadata_only, "there are no data");
    }
    for (const auto& entry : global.list(keys::extensions, 256)) {
        const JsonObject extension(entry, where + ": " + keys::extensions);
        const auto name = extension.text("name");
        const auto& optional = extension.at("optional");
        if (!optional.is_boolean()) {
            extension.refuse("optional", "want true or false");
        }
        if (name == keys::extension) {
            const auto own = extension.text("version");
            if (own.compare(0, 2, "1.") != 0) {
                extension.refuse("version",
                                 quoted(own) + " of the extension isac is not 1.x");
            }
        } else if (optional != true) {
            extension.refuse("name",
                             "the extension " + quoted(name) + " is not supported");
        }
    }
}

//! What the extension `isac` says.
Setup read_setup(const JsonObject& global, const std::string& where)
{
    Setup setup;
    const auto yaml = global.text(keys::scenario);
    try {
        setup.scenario = parse_scenario(yaml, where + ": " + keys::scenario);
    } catch (const ScenarioError& error) {
        throw RecordingError(error.what());
    }
    try {
        find_access_point(setup, global.text(keys::access_point));
    } catch (const std::invalid_argument& error) {
        global.refuse(keys::access_point, error.what());
    }
    const auto role = global.text(keys::role);
    if (role != (setup.receive ? "receive" : "transmit")) {
        global.refuse(keys::role,
                      quoted(role) + " is not that of the access point " +
                          setup.own().name);
    }
    setup.full_scale_dbm = global.number(keys::full_scale_dbm);
    setup.start_time_s = global.optional_number(keys::start_time_s);
    setup.seed = global.optional_count(keys::seed, any);
    setup.scene_seed = global.optional_count(keys::scene_seed, any);
    if (global.has(keys::first_frame)) {
        setup.first_frame = {global.count(keys::first_frame, any),
                             global.count(keys::first_frame_sample, any)};
    }
    setup.clock_source = global.text_or_empty(keys::clock_source);
    setup.time_source = global.text_or_empty(keys::time_source);
    const auto digits = global.text(keys::fingerprint);
    if (!is_hexadecimal(digits, 16) ||
        std::stoull(digits, nullptr, 16) != fingerprint(setup.scenario)) {
        global.refuse(keys::fingerprint, quoted(digits) + " is not that of the scenario");
    }
    return setup;
}

//! Whether samples are those of the scenario's radio.
void check_radio(const JsonObject& global, const Metadata& metadata)
{
    const auto& setup = metadata.setup;
    const FrameTiming timing(setup.scenario);
    const auto close = [](double a, double b) {
        return std::abs(a - b) <= 1e-9 * std::abs(b);
    };
    if (!close(metadata.sample_rate_hz, timing.sample_rate_hz)) {
        global.refuse(keys::sample_rate,
                      global.at(keys::sample_rate).dump() +
                          " Hz, but the scenario's radio has " +
                          json(timing.sample_rate_hz).dump());
    }
    if (metadata.channels != setup.own().total_antennas()) {
        global.refuse(keys::num_channels,
                      std::to_string(metadata.channels) + " channels, but " +
                          setup.own().name + " has " +
                          std::to_string(setup.own().total_antennas()) + " antennas");
    }
    if (!metadata.foreign &&
        !close(global.number(keys::frame_period_s), timing.period_s())) {
        global.refuse(keys::frame_period_s,
                      global.at(keys::frame_period_s).dump() +
                          " s is not that of the scenario");
    }
}

std::vector<Capture> read_captures(const JsonObject& top, const std::string& source)
{
    std::vector<Capture> captures;
    top.at(keys::captures);
    for (const auto& entry : top.list(keys::captures, RecordingLimits::captures)) {
        const auto where =
            source + ": " + keys::captures + "[" + std::to_string(captures.size()) + "]";
        const JsonObject object(entry, where);
        Capture capture;
        capture.sample_start = object.count(keys::sample_start, RecordingLimits::samples);
        if (captures.empty() ? capture.sample_start != 0
                             : capture.sample_start <= captures.back().sample_start) {
            object.refuse(keys::sample_start,
                          std::to_string(capture.sample_start) + ": captures must " +
                              "begin with sample 0 and ascend");
        }
        if (object.has(keys::header_bytes) && object.count(keys::header_bytes, any) > 0) {
            object.refuse(keys::header_bytes, "data with other bytes are not supported");
        }
        capture.frequency_hz = object.optional_number(keys::frequency).value_or(0.0);
        capture.datetime = object.text_or_empty(keys::datetime);
        if (object.has(keys::time_seconds) || object.has(keys::time_fraction)) {
            const RadioTime time{object.count(keys::time_seconds,
                                              std::numeric_limits<std::int64_t>::max()),
                                 object.number(keys::time_fraction)};
            if (!(time.fraction >= 0.0 && time.fraction < 1.0)) {
                object.refuse(keys::time_fraction,
                              object.at(keys::time_fraction).dump() +
                                  " s is not from 0 to 1");
            }
            capture.time = time;
        }
        captures.push_back(std::move(capture));
    }
    if (captures.empty()) {
        captures.emplace_back();
    }
    return captures;
}

std::vector<Loss> read_losses(const JsonObject& top, const std::string& source)
{
    std::vector<Loss> losses;
    std::size_t number = 0;
    const auto& list = top.list(keys::annotations, 4 * RecordingLimits::captures);
    for (const auto& entry : list) {
        const JsonObject object(entry,
                                source + ": " + keys::annotations + "[" +
                                    std::to_string(number++) + "]");
        const auto start = object.count(keys::sample_start, RecordingLimits::samples);
        if (object.has(keys::lost_samples)) {
            losses.push_back({start, object.count(keys::lost_samples, any)});
        }
    }
    std::stable_sort(losses.begin(), losses.end(), [](const Loss& a, const Loss& b) {
        return a.sample_start < b.sample_start;
    });
    return losses;
}

std::string read_file(const std::string& path)
{
    std::error_code error;
    if (!std::filesystem::is_regular_file(path, error)) {
        throw RecordingError(path + ": there is no such file");
    }
    const auto size = std::filesystem::file_size(path, error);
    if (error || size > RecordingLimits::metadata_bytes) {
        throw RecordingError(
            path + ": " +
            (error ? error.message() : std::to_string(size) + " bytes are too many"));
    }
    std::ifstream stream(path, std::ios::binary);
    std::string text(std::istreambuf_iterator<char>(stream), {});
    if (!stream.good() && !stream.eof()) {
        throw RecordingError(path + ": cannot be read");
    }
    return text;
}

//! Compare the size of the data with what the metadata say, and note how many there are.
void check_size(Metadata& metadata, const RecordingFiles& files)
{
    std::error_code error;
    const auto size = std::filesystem::file_size(files.data, error);
    if (error) {
        throw RecordingError(files.data + ": cannot be read: " + error.message());
    }
    const auto unit = metadata.sample_bytes();
    const auto bytes = [&](std::uint64_t samples) {
        return std::to_string(samples) + " samples of " + std::to_string(unit) + " bytes";
    };
    const auto whole = std::uint64_t{size} / unit;
    // One that was killed may have left a part of its last sample.
    const bool killed = !metadata.foreign && !metadata.complete;
    if (size % unit != 0 && !killed) {
        throw RecordingError(files.data + ": " + std::to_string(size) +
                             " bytes are not a whole number of samples of " +
                             std::to_string(unit) + " bytes: truncated?");
    }
    if (metadata.complete && whole != metadata.samples) {
        throw RecordingError(files.data + ": has " + bytes(whole) + ", but " +
                             files.metadata + " promises " +
                             std::to_string(metadata.samples) + ": truncated?");
    }
    const auto last = metadata.captures.back().sample_start;
    if (whole < last) {
        throw RecordingError(files.data + ": has " + bytes(whole) +
                             ", but a capture begins at sample " + std::to_string(last) +
                             ": truncated?");
    }
    metadata.samples = whole;
}

void check_sum(const Metadata& metadata, const RecordingFiles& files)
{
    if (metadata.sha512.empty() || !Checksum::available()) {
        return;
    }
    Checksum checksum;
    std::ifstream stream(files.data, std::ios::binary);
    std::vector<char> bytes(std::size_t{1} << 20);
    while (stream) {
        stream.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        checksum.add(bytes.data(), static_cast<std::size_t>(stream.gcount()));
    }
    if (!stream.eof()) {
        throw RecordingError(files.data + ": cannot be read");
    }
    if (checksum.digits() != metadata.sha512) {
        throw RecordingError(files.data + ": " + keys::sha512 + " of " + files.metadata +
                             " is that of other data");
    }
}

json parse_json(const std::string& text, const std::string& source)
{
    if (cfisac::detail::nested_deeper(text, most_nested)) {
        throw RecordingError(source + ": lists and objects more than " +
                             std::to_string(most_nested) + " deep");
    }
    try {
        return json::parse(text);
    } catch (const json::exception& error) {
        throw RecordingError(source +
                             ": is not JSON: " + cfisac::detail::printable(error.what()));
    }
}

} // namespace

Metadata parse_metadata(const std::string& text,
                        const std::string& source,
                        const std::optional<Setup>& foreign)
{
    const auto document = parse_json(text, source);
    const JsonObject top(document, source);
    const auto where = source + ": " + keys::global;
    const JsonObject global(top.at(keys::global), where);
    check_layout(global, where);
    Metadata metadata;
    try {
        metadata.datatype = datatype_from_string(global.text(keys::datatype));
    } catch (const std::invalid_argument& error) {
        global.refuse(keys::datatype, error.what());
    }
    metadata.channels = static_cast<int>(
        global.optional_count(keys::num_channels, ScenarioLimits::antennas).value_or(1));
    if (metadata.channels == 0) {
        global.refuse(keys::num_channels, "0 channels");
    }
    metadata.sample_rate_hz = global.number(keys::sample_rate);
    if (!(metadata.sample_rate_hz > 0.0) ||
        metadata.sample_rate_hz > RecordingLimits::sample_rate_hz) {
        global.refuse(keys::sample_rate,
                      global.at(keys::sample_rate).dump() + " Hz is not a sample rate");
    }
    metadata.sha512 = global.text_or_empty(keys::sha512);
    std::transform(metadata.sha512.begin(),
                   metadata.sha512.end(),
                   metadata.sha512.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (!metadata.sha512.empty() && !is_hexadecimal(metadata.sha512, 128)) {
        global.refuse(keys::sha512, "is not 128 hexadecimal digits");
    }
    metadata.description = global.text_or_empty(keys::description);
    metadata.hardware = global.text_or_empty(keys::hardware);
    metadata.recorder = global.text_or_empty(keys::recorder);
    metadata.author = global.text_or_empty(keys::author);
    metadata.license = global.text_or_empty(keys::license);

    metadata.foreign = !global.has(keys::scenario);
    if (!metadata.foreign) {
        metadata.setup = read_setup(global, where);
        metadata.complete = global.has(keys::samples);
        if (metadata.complete) {
            metadata.samples = global.count(keys::samples, RecordingLimits::samples);
            metadata.samples_clipped = global.count(keys::samples_clipped, any);
        }
    } else if (foreign) {
        metadata.setup = *foreign;
    } else {
        global.refuse(
            keys::scenario,
            "is missing: no recording of this project; sigmf_source.make_foreign() "
            "reads it, given scenario, access point and power of full scale");
    }
    try {
        validate(metadata.setup);
    } catch (const std::exception& error) {
        throw RecordingError(where + ": " + error.what());
    }
    check_radio(global, metadata);
    metadata.captures = read_captures(top, source);
    metadata.losses = read_losses(top, source);
    return metadata;
}

Metadata read_metadata(const std::string& path,
                       const std::optional<Setup>& foreign,
                       bool checksum)
{
    const auto files = recording_files(path);
    auto metadata = parse_metadata(read_file(files.metadata), files.metadata, foreign);
    metadata.path = path;
    check_size(metadata, files);
    if (checksum) {
        check_sum(metadata, files);
    }
    return metadata;
}

} // namespace cfisac::recording
