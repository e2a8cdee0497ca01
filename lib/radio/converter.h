// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_RADIO_CONVERTER_H
#define INCLUDED_RADIO_CONVERTER_H

#include <complex>
#include <cstdint>
#include <string>
#include <vector>

namespace cfisac::radio {

//! Formats of a stream's samples, full scale 1 and 32768.
enum class Format { cf32, cs16 };

//! Both parts of samples of full scale 1 through a converter of so many bits, which
//! rounds to 2^bits - 1 levels and clips at full scale.
class Converter
{
public:
    explicit Converter(int bits);

    /*! out = converted(in · gain_in) · gain_out
     * \param in, out [count], may be the same
     * \return samples of which a part was clipped
     */
    std::int64_t convert(const std::complex<float>* in,
                         float gain_in,
                         float gain_out,
                         std::int64_t count,
                         std::complex<float>* out) const;

private:
    float d_levels;
};

//! \param buffer a stream's samples of one channel, from `start` on
void from_format(Format format,
                 const void* buffer,
                 std::int64_t start,
                 std::int64_t count,
                 std::complex<float>* out);
void to_format(Format format,
               const std::complex<float>* in,
               std::int64_t start,
               std::int64_t count,
               void* buffer);

} // namespace cfisac::radio

#endif
