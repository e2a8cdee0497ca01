// SPDX-License-Identifier: GPL-3.0-or-later
#include "file_lock.h"
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace cfisac::radio {

namespace {

struct flock one_byte(short type, std::int64_t byte)
{
    struct flock lock {
    };
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    lock.l_start = byte;
    lock.l_len = 1;
    return lock;
}

} // namespace

bool lock_byte(int file, std::int64_t byte, bool wait)
{
    auto lock = one_byte(F_WRLCK, byte);
    int result = 0;
    do {
        result = fcntl(file, wait ? F_OFD_SETLKW : F_OFD_SETLK, &lock);
    } while (result != 0 && errno == EINTR);
    return result == 0;
}

void unlock_byte(int file, std::int64_t byte)
{
    auto lock = one_byte(F_UNLCK, byte);
    fcntl(file, F_OFD_SETLK, &lock);
}

bool is_byte_locked(int file, std::int64_t byte)
{
    auto lock = one_byte(F_WRLCK, byte);
    return fcntl(file, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

} // namespace cfisac::radio
