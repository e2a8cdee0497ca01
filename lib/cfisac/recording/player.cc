// SPDX-License-Identifier: GPL-3.0-or-later
#include "sample_format.h"

#include <cfisac/recording/player.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

namespace cfisac::recording {
namespace {

constexpr std::size_t most_at_once = std::size_t{4} << 20; // bytes

[[noreturn]] void fail(const std::string& path)
{
    throw RecordingError(path + ": cannot be read: " + std::strerror(errno));
}

} // namespace

Player::Player(const std::string& path, const Metadata& metadata)
    : d_path(recording_files(path).data),
      d_datatype(metadata.datatype),
      d_channels(metadata.channels),
      d_sample_bytes(metadata.sample_bytes()),
      d_samples(metadata.samples),
      d_file(::open(d_path.c_str(), O_RDONLY | O_CLOEXEC))
{
    if (d_file < 0) {
        fail(d_path);
    }
    ::posix_fadvise(d_file, 0, 0, POSIX_FADV_SEQUENTIAL);
}

Player::~Player() { ::close(d_file); }

std::size_t Player::read(std::complex<float>* const* channels, std::size_t count)
{
    std::vector<std::complex<float>*> now(channels, channels + d_channels);
    const auto wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>(count, d_samples - d_position));
    const auto piece = std::max<std::size_t>(most_at_once / d_sample_bytes, 1);
    for (auto left = wanted; left > 0;) {
        const auto samples = std::min(left, piece);
        d_bytes.resize(samples * d_sample_bytes);
        std::size_t done = 0;
        while (done < d_bytes.size()) {
            const auto got =
                ::pread(d_file,
                        d_bytes.data() + done,
                        d_bytes.size() - done,
                        static_cast<off_t>(d_position * d_sample_bytes + done));
            if (got == 0) {
                throw RecordingError(d_path + ": has become shorter while it was read");
            }
            if (got < 0 && errno != EINTR) {
                fail(d_path);
            }
            done += static_cast<std::size_t>(std::max<ssize_t>(got, 0));
        }
        unpack(d_datatype, d_bytes.data(), d_channels, samples, now.data());
        for (auto& channel : now) {
            channel += samples;
        }
        d_position += samples;
        left -= samples;
    }
    return wanted;
}

void Player::seek(std::uint64_t sample)
{
    if (sample > d_samples) {
        throw std::out_of_range(d_path + ": has " + std::to_string(d_samples) +
                                " samples, not " + std::to_string(sample));
    }
    d_position = sample;
}

} // namespace cfisac::recording
