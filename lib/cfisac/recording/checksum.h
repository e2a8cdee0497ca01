// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_RECORDING_CHECKSUM_H
#define INCLUDED_CFISAC_RECORDING_CHECKSUM_H

#include <cstddef>
#include <memory>
#include <string>

namespace cfisac::recording {

//! SHA-512 of bytes that come one after the other. Without OpenSSL there is none.
class Checksum
{
public:
    Checksum();
    ~Checksum();
    Checksum(const Checksum&) = delete;
    Checksum& operator=(const Checksum&) = delete;

    static bool available();
    void add(const char* bytes, std::size_t count);
    //! 128 hexadecimal digits; empty where it is not available. Ends it.
    std::string digits();

private:
    struct State;
    std::unique_ptr<State> d_state;
};

} // namespace cfisac::recording

#endif
