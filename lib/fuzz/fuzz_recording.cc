// SPDX-License-Identifier: GPL-3.0-or-later
//
// Metadata of recordings. What is accepted is in range and is written as JSON that gives
// the same metadata; what is refused, is refused with a text that can be shown. All is tried
// as a recording of this project and as one of another program.

#include "fuzz.h"
#include "same_scenario.h"

#include <cfisac/recording/sigmf.h>
#include <cfisac/scenario/yaml.h>

#include <tuple>

namespace {

using namespace cfisac;
using namespace cfisac::recording;
using fuzz::require;

const Setup& foreign_setup()
{
    static const Setup setup = [] {
        Setup made;
        made.scenario =
            load_scenario(CFISAC_SOURCE_DIR "/examples/scenarios/sdr_2x2.yml");
        find_access_point(made, "rx0");
        made.full_scale_dbm = -20.0;
        return made;
    }();
    return setup;
}

auto members(const RadioTime& t) { return std::tie(t.seconds, t.fraction); }
auto members(const FrameStart& f) { return std::tie(f.frame, f.sample); }
auto members(const Loss& l) { return std::tie(l.sample_start, l.samples); }

template <typename T>
bool same(const T& a, const T& b)
{
    return members(a) == members(b);
}

template <typename T>
bool same(const std::optional<T>& a, const std::optional<T>& b)
{
    return a.has_value() == b.has_value() && (!a || same(*a, *b));
}

bool same(const Capture& a, const Capture& b)
{
    return a.sample_start == b.sample_start && same(a.time, b.time) &&
           a.frequency_hz == b.frequency_hz && a.datetime == b.datetime;
}

bool same(const Setup& a, const Setup& b)
{
    const auto rest = [](const Setup& s) {
        return std::tie(s.receive,
                        s.access_point,
                        s.full_scale_dbm,
                        s.start_time_s,
                        s.seed,
                        s.scene_seed,
                        s.clock_source,
                        s.time_source);
    };
    return fuzz::same(a.scenario, b.scenario) && rest(a) == rest(b) &&
           same(a.first_frame, b.first_frame);
}

template <typename T>
bool same(const std::vector<T>& a, const std::vector<T>& b)
{
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const T& x, const T& y) {
        return same(x, y);
    });
}

//! But for `foreign`: what is written is one of this project.
bool same(const Metadata& a, const Metadata& b)
{
    const auto rest = [](const Metadata& m) {
        return std::tie(m.datatype,
                        m.channels,
                        m.sample_rate_hz,
                        m.samples,
                        m.complete,
                        m.samples_clipped,
                        m.sha512,
                        m.description,
                        m.hardware,
                        m.recorder,
                        m.author,
                        m.license);
    };
    return rest(a) == rest(b) && same(a.setup, b.setup) && same(a.captures, b.captures) &&
           same(a.losses, b.losses);
}

void check(const std::string& text, const std::optional<Setup>& foreign)
{
    Metadata metadata;
    try {
        metadata = parse_metadata(text, "input", foreign);
    } catch (const RecordingError& error) {
        require(fuzz::is_plain_text(error.what()), "an error text can be shown");
        return;
    }
    validate(metadata.setup);
    require(metadata.channels == metadata.setup.own().total_antennas(),
            "a channel per antenna");
    require(metadata.samples <= RecordingLimits::samples, "samples within the limit");
    require(!metadata.captures.empty() && metadata.captures[0].sample_start == 0,
            "the first capture starts the recording");
    const auto json = to_json(metadata);
    const auto again = parse_metadata(json, "again");
    require(same(again, metadata), "JSON gives the same metadata");
    require(to_json(again) == json, "the same metadata give the same JSON");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string text(data, data + size);
    check(text, std::nullopt);
    check(text, foreign_setup());
    return 0;
}
