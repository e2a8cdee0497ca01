// SPDX-License-Identifier: GPL-3.0-or-later
#include <cfisac/evaluation/durable_file.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
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
    ::close(handle);
    if (!good) {
        fail(path);
    }
}

} // namespace

void write_durably(const std::string& path,
                   const std::function<void(const std::string& temporary)>& write)
{
    const auto temporary = path + ".new";
    write(temporary);
    put_on_disk(temporary, O_RDWR);
    if (std::rename(temporary.c_str(), path.c_str()) != 0) {
        fail(path);
    }
    const auto folder = std::filesystem::absolute(path).parent_path();
    put_on_disk(folder.string(), O_RDONLY | O_DIRECTORY);
}

} // namespace cfisac::evaluation
