// SPDX-License-Identifier: GPL-3.0-or-later
#include <cfisac/evaluation/durable_file.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include <fcntl.h>
#include <unistd.h>

namespace cfisac::evaluation {

namespace {

[[noreturn]] void fail(const std::string& path)
{
    throw std::runtime_error(path + ": cannot be written: " + std::strerror(errno));
}

void put_on_disk(const std::string& path, int flags)
{
    const int handle = ::open(path.c_str(), flags);
    if (handle < 0) {
        fail(path);
    }
    const bool good = ::fsync(handle) == 0;
    const int error = errno;
    ::close(handle);
    if (!good) {
        errno = error;
        fail(path);
    }
}

} // namespace

void write_durably(const std::string& path,
                   const std::function<void(const std::string& temporary)>& write)
{
    const auto temporary = path + ".new";
    try {
        write(temporary);
        put_on_disk(temporary, O_RDWR);
        if (std::rename(temporary.c_str(), path.c_str()) != 0) {
            fail(path);
        }
    } catch (...) {
        std::error_code ignored;
        std::filesystem::remove(temporary, ignored);
        throw;
    }
    const auto folder = std::filesystem::absolute(path).parent_path();
    put_on_disk(folder.string(), O_RDONLY | O_DIRECTORY);
}

void write_durably(const std::string& path, const std::string& text)
{
    write_durably(path, [&](const std::string& temporary) {
        errno = 0;
        std::ofstream file(temporary, std::ios::binary | std::ios::trunc);
        file << text;
        file.close();
        if (!file) {
            fail(path);
        }
    });
}

} // namespace cfisac::evaluation
