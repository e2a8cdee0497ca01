// SPDX-License-Identifier: GPL-3.0-or-later
#include "background_file.h"

#include <cfisac/recording/sigmf.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

namespace cfisac::recording {
namespace {

constexpr std::size_t piece_bytes = std::size_t{4} << 20;
constexpr std::size_t pieces_waiting = 32;
constexpr std::size_t smallest_piece = std::size_t{1} << 16;

[[noreturn]] void fail(const std::string& path, const char* what)
{
    throw RecordingError(path + ": " + what + ": " + std::strerror(errno));
}

} // namespace

BackgroundFile::BackgroundFile(const std::string& path,
                               std::size_t unit,
                               bool overwrite,
                               bool checksum)
    : d_path(path),
      d_unit(unit),
      d_file(::open(path.c_str(),
                    O_WRONLY | O_CREAT | O_CLOEXEC | (overwrite ? O_TRUNC : O_EXCL),
                    0666))
{
    if (d_file < 0) {
        fail(path, "cannot be created");
    }
    if (checksum && Checksum::available()) {
        d_checksum.emplace();
    }
    d_thread = std::thread([this] { run(); });
}

BackgroundFile::~BackgroundFile()
{
    stop_thread();
    if (d_file >= 0) {
        ::close(d_file);
    }
}

char* BackgroundFile::append(std::size_t count)
{
    check();
    if (!d_piece.empty() && d_piece.size() + count > piece_bytes) {
        hand_over();
    }
    const auto old = d_piece.size();
    if (old == 0) {
        d_piece.reserve(std::max(piece_bytes, count));
    }
    d_piece.resize(old + count);
    return d_piece.data() + old;
}

void BackgroundFile::flush()
{
    {
        const std::lock_guard<std::mutex> lock(d_mutex);
        if (!d_idle || d_piece.size() < smallest_piece) {
            return;
        }
    }
    hand_over();
}

void BackgroundFile::hand_over()
{
    std::unique_lock<std::mutex> lock(d_mutex);
    d_changed.wait(
        lock, [this] { return d_waiting.size() < pieces_waiting || !d_error.empty(); });
    if (d_error.empty()) {
        d_waiting.push_back(std::move(d_piece));
        d_idle = false;
    }
    d_piece.clear();
    d_changed.notify_all();
}

void BackgroundFile::check()
{
    const std::lock_guard<std::mutex> lock(d_mutex);
    if (!d_error.empty()) {
        throw RecordingError(d_error);
    }
}

void BackgroundFile::write_out(const std::vector<char>& piece)
{
    std::size_t done = 0;
    int error = 0;
    while (done < piece.size() && error == 0) {
        const auto count = ::write(d_file, piece.data() + done, piece.size() - done);
        if (count > 0) {
            done += static_cast<std::size_t>(count);
        } else if (count == 0) {
            error = ENOSPC;
        } else if (errno != EINTR) {
            error = errno;
        }
    }
    const auto whole = done / d_unit * d_unit;
    if (d_checksum) {
        d_checksum->add(piece.data(), whole);
    }
    d_written += whole;
    if (error != 0) {
        // A device such as /dev/full cannot be cut off, and has nothing in it either.
        if (::ftruncate(d_file, static_cast<off_t>(d_written.load())) != 0 &&
            errno != EINVAL) {
            error = errno;
        }
        errno = error;
        fail(d_path, "cannot be written");
    }
}

void BackgroundFile::run()
{
    std::unique_lock<std::mutex> lock(d_mutex);
    while (true) {
        d_idle = d_waiting.empty();
        d_changed.notify_all();
        d_changed.wait(lock, [this] { return !d_waiting.empty() || d_ending; });
        if (d_waiting.empty()) {
            return;
        }
        const auto piece = std::move(d_waiting.front());
        d_waiting.pop_front();
        d_idle = false;
        lock.unlock();
        std::string error;
        try {
            write_out(piece);
        } catch (const std::exception& cause) {
            error = cause.what();
        }
        lock.lock();
        if (!error.empty()) {
            d_error = error;
            d_waiting.clear();
            d_changed.notify_all();
            return;
        }
    }
}

void BackgroundFile::stop_thread()
{
    {
        const std::lock_guard<std::mutex> lock(d_mutex);
        d_ending = true;
        d_changed.notify_all();
    }
    if (d_thread.joinable()) {
        d_thread.join();
    }
}

void BackgroundFile::finish()
{
    if (!d_piece.empty()) {
        hand_over();
    }
    stop_thread();
    if (d_checksum) {
        d_sha512 = d_checksum->digits();
        d_checksum.reset();
    }
    check();
    // What is not a regular file may have no disk behind it.
    if (::fsync(d_file) != 0 && errno != EINVAL) {
        fail(d_path, "cannot be written");
    }
    const int file = d_file;
    d_file = -1;
    if (::close(file) != 0) {
        fail(d_path, "cannot be written");
    }
}

} // namespace cfisac::recording
