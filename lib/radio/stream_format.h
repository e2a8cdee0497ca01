// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_RADIO_STREAM_FORMAT_H
#define INCLUDED_RADIO_STREAM_FORMAT_H

#include <complex>
#include <cstdint>

namespace cfisac::radio {

//! Formats of a stream's samples, full scale 1 and 32768.
enum class Format { cf32, cs16 };

//! \param buffer a stream's samples of one channel, of which `count` from `start` on are meant
void from_format(Format format,
                 const void* buffer,
                 std::int64_t start,
                 std::int64_t count,
                 std::complex<float>* out);
//! To the start of a stream's samples of one channel.
void to_format(Format format,
               const std::complex<float>* in,
               std::int64_t count,
               void* buffer);

//! samples *= factor
void scale(std::complex<float>* samples, std::int64_t count, float factor);

} // namespace cfisac::radio

#endif
