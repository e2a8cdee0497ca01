// SPDX-License-Identifier: GPL-3.0-or-later
#include "background_file.h"
#include "sample_format.h"

#include <cfisac/recording/recorder.h>
#include <cfisac/scenario/frame_timing.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <unistd.h>

namespace cfisac::recording {
namespace {

constexpr std::size_t most_at_once = std::size_t{1} << 14; // samples of an antenna
constexpr std::chrono::seconds progress_interval{1};

[[noreturn]] void fail(const std::string& path)
{
    throw RecordingError(path + ": cannot be written: " + std::strerror(errno));
}

void put_on_disk(const std::string& path, int flags)
{
    const int file = ::open(path.c_str(), flags | O_CLOEXEC);
    const bool good = file >= 0 && ::fsync(file) == 0;
    const int error = errno;
    if (file >= 0) {
        ::close(file);
    }
    if (!good) {
        errno = error;
        fail(path);
    }
}

//! Replace a file by a text, whatever happens meanwhile; `durably` also at a loss of power.
void replace_file(const std::string& path, const std::string& text, bool durably)
{
    const auto temporary = path + ".new";
    {
        std::ofstream stream(temporary, std::ios::binary | std::ios::trunc);
        stream << text;
        stream.close();
        if (!stream) {
            const int error = errno;
            std::remove(temporary.c_str());
            errno = error;
            fail(path);
        }
    }
    if (durably) {
        put_on_disk(temporary, O_RDWR);
    }
    if (std::rename(temporary.c_str(), path.c_str()) != 0) {
        fail(path);
    }
    if (durably) {
        const auto folder = std::filesystem::absolute(path).parent_path();
        put_on_disk(folder.string(), O_RDONLY | O_DIRECTORY);
    }
}

//! By the machine's clock, ISO 8601.
std::string datetime_now()
{
    const auto now = std::chrono::system_clock::now();
    const auto seconds = std::chrono::system_clock::to_time_t(now);
    const auto rest = std::chrono::duration_cast<std::chrono::microseconds>(
        now - std::chrono::system_clock::from_time_t(seconds));
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    char text[32];
    const auto size = std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &parts);
    std::snprintf(
        text + size, sizeof(text) - size, ".%06dZ", static_cast<int>(rest.count()));
    return text;
}

//! When the next sample was taken, as the last capture lets expect.
std::optional<RadioTime> expected_time(const Metadata& metadata)
{
    if (metadata.captures.empty() || !metadata.captures.back().time) {
        return std::nullopt;
    }
    const auto& last = metadata.captures.back();
    // Whole seconds apart, so that the fraction keeps its digits.
    const auto samples = static_cast<double>(metadata.samples - last.sample_start);
    const double seconds = std::floor(samples / metadata.sample_rate_hz);
    const double rest = samples - seconds * metadata.sample_rate_hz;
    return last.time->plus(rest / metadata.sample_rate_hz).plus(seconds);
}

//! \throws std::invalid_argument on a text that is too long or not UTF-8
void check_texts(const Metadata& metadata)
{
    for (const auto* text : {&metadata.description,
                             &metadata.hardware,
                             &metadata.recorder,
                             &metadata.author,
                             &metadata.license,
                             &metadata.setup.clock_source,
                             &metadata.setup.time_source}) {
        if (text->size() > RecordingLimits::text_bytes) {
            throw std::invalid_argument("a text of the metadata has " +
                                        std::to_string(text->size()) + " bytes, " +
                                        std::to_string(RecordingLimits::text_bytes) +
                                        " are the most");
        }
    }
    to_json(metadata);
}

//! \throws as the constructor of Recorder
Metadata checked(Metadata metadata)
{
    validate(metadata.setup);
    metadata.channels = metadata.setup.own().total_antennas();
    metadata.sample_rate_hz = FrameTiming(metadata.setup.scenario).sample_rate_hz;
    metadata.samples = 0;
    metadata.samples_clipped = 0;
    metadata.complete = false;
    metadata.foreign = false;
    metadata.sha512.clear();
    metadata.captures.clear();
    metadata.losses.clear();
    metadata.setup.first_frame.reset();
    check_texts(metadata);
    return metadata;
}

} // namespace

Recorder::Recorder(const std::string& path,
                   const Metadata& metadata,
                   const RecorderOptions& options)
    : d_files(recording_files(path)),
      d_metadata(checked(metadata)),
      d_next_frequency_hz(FrameTiming(d_metadata.setup.scenario).center_hz)
{
    std::error_code error;
    if (!options.overwrite && std::filesystem::exists(d_files.metadata, error)) {
        throw RecordingError(d_files.metadata + ": is there already");
    }
    // Never the metadata of one recording with the data of another.
    std::filesystem::remove(d_files.metadata, error);
    d_data = std::make_unique<BackgroundFile>(
        d_files.data, d_metadata.sample_bytes(), options.overwrite, options.checksum);
    write_progress(true);
}

Recorder::~Recorder()
{
    try {
        finish();
    } catch (const std::exception&) {
    }
}

std::uint64_t Recorder::set_time(const RadioTime& time)
{
    auto& losses = d_metadata.losses;
    if (!losses.empty() && losses.back().sample_start == d_metadata.samples) {
        losses.pop_back(); // said before for the same sample
    }
    const auto expected = expected_time(d_metadata);
    if (!expected) {
        d_begin = true;
        d_next_time = time;
        return 0;
    }
    const double samples = time.since(*expected) * d_metadata.sample_rate_hz;
    if (std::abs(samples) < 0.5) {
        return 0;
    }
    d_begin = true;
    d_next_time = time;
    if (samples < 0.0 || samples > static_cast<double>(RecordingLimits::samples)) {
        return 0; // the clock was set
    }
    losses.push_back(
        {d_metadata.samples, static_cast<std::uint64_t>(std::llround(samples))});
    return losses.back().samples;
}

void Recorder::set_frequency(double frequency_hz)
{
    d_begin = d_begin || frequency_hz != d_next_frequency_hz;
    d_next_frequency_hz = frequency_hz;
}

void Recorder::set_frame(std::uint64_t frame)
{
    auto& first = d_metadata.setup.first_frame;
    if (!first) {
        first = FrameStart{frame, d_metadata.samples};
    }
}

void Recorder::set_hardware(const std::string& hardware,
                            const std::string& clock_source,
                            const std::string& time_source)
{
    Metadata changed = d_metadata;
    changed.hardware = hardware;
    changed.setup.clock_source = clock_source;
    changed.setup.time_source = time_source;
    check_texts(changed);
    d_metadata = std::move(changed);
}

void Recorder::begin_capture()
{
    auto& captures = d_metadata.captures;
    if (captures.size() >= RecordingLimits::captures) {
        throw RecordingError(d_files.data + ": too many gaps");
    }
    const auto time = d_next_time ? d_next_time : expected_time(d_metadata);
    const Capture capture{d_metadata.samples, time, d_next_frequency_hz, datetime_now()};
    if (!captures.empty() && captures.back().sample_start == d_metadata.samples) {
        captures.back() = capture;
    } else {
        captures.push_back(capture);
    }
    d_next_time.reset();
    d_begin = false;
}

void Recorder::write(const std::complex<float>* const* channels, std::size_t count)
{
    if (d_finished) {
        throw RecordingError(d_files.data + ": is finished");
    }
    if (count == 0) {
        return;
    }
    if (d_begin) {
        begin_capture();
    }
    std::vector<const std::complex<float>*> now(channels, channels + d_metadata.channels);
    while (count > 0) {
        const auto samples = std::min(count, most_at_once);
        d_metadata.samples_clipped +=
            pack(d_metadata.datatype,
                 now.data(),
                 d_metadata.channels,
                 samples,
                 d_data->append(samples * d_metadata.sample_bytes()));
        d_metadata.samples += samples;
        count -= samples;
        for (auto& channel : now) {
            channel += samples;
        }
    }
    d_data->flush();
    write_progress(false);
}

void Recorder::write_progress(bool at_once)
{
    const auto now = std::chrono::steady_clock::now();
    const bool first = d_captures_saved == 0;
    if (!at_once && (d_captures_saved == d_metadata.captures.size() ||
                     (!first && now - d_saved < progress_interval))) {
        return;
    }
    Metadata progress = d_metadata;
    const auto written = d_data->written() / d_metadata.sample_bytes();
    const auto beyond = [&](const auto& entry) { return entry.sample_start > written; };
    auto& captures = progress.captures;
    captures.erase(std::find_if(captures.begin(), captures.end(), beyond),
                   captures.end());
    auto& losses = progress.losses;
    losses.erase(std::find_if(losses.begin(), losses.end(), beyond), losses.end());
    replace_file(d_files.metadata, to_json(progress), at_once);
    d_captures_saved = captures.size();
    d_saved = now;
}

void Recorder::finish()
{
    if (d_finished) {
        return;
    }
    d_finished = true;
    std::string error;
    try {
        d_data->finish();
    } catch (const RecordingError& cause) {
        error = cause.what();
    }
    d_metadata.samples = d_data->written() / d_metadata.sample_bytes();
    d_metadata.sha512 = d_data->sha512();
    d_metadata.complete = true;
    const auto beyond = [&](const auto& entry) {
        return entry.sample_start >= d_metadata.samples && entry.sample_start > 0;
    };
    auto& captures = d_metadata.captures;
    captures.erase(std::find_if(captures.begin(), captures.end(), beyond),
                   captures.end());
    auto& losses = d_metadata.losses;
    losses.erase(std::find_if(losses.begin(), losses.end(), beyond), losses.end());
    auto& frame = d_metadata.setup.first_frame;
    if (frame && frame->sample >= d_metadata.samples) {
        frame.reset();
    }
    try {
        replace_file(d_files.metadata, to_json(d_metadata), true);
    } catch (const RecordingError& cause) {
        error = error.empty() ? cause.what() : error;
    }
    if (!error.empty()) {
        throw RecordingError(error);
    }
}

} // namespace cfisac::recording
