// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef CFISAC_ESTIMATORS_WORDS_H
#define CFISAC_ESTIMATORS_WORDS_H

#include <cfisac/estimators/message.h>
#include <cstring>

/*! \file
 * Values of 32 bits in messages of 16-bit words, the more significant word first.
 */

namespace cfisac::estimators {

inline void append_word32(Message& message, std::uint32_t value)
{
    message.push_back(static_cast<std::uint16_t>(value >> 16));
    message.push_back(static_cast<std::uint16_t>(value));
}

inline std::uint32_t word32_at(const Message& message, std::size_t place)
{
    return static_cast<std::uint32_t>(message[place]) << 16 | message[place + 1];
}

//! As IEEE 754 binary32.
inline void append_single(Message& message, float value)
{
    std::uint32_t bits = 0;
    std::memcpy(&bits, &value, sizeof(bits));
    append_word32(message, bits);
}

inline float single_at(const Message& message, std::size_t place)
{
    const auto bits = word32_at(message, place);
    float value = 0.0f;
    std::memcpy(&value, &bits, sizeof(value));
    return value;
}

} // namespace cfisac::estimators

#endif
