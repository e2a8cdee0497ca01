// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_RECORDING_SAMPLE_FORMAT_H
#define INCLUDED_CFISAC_RECORDING_SAMPLE_FORMAT_H

#include <cfisac/recording/sigmf.h>
#include <complex>

namespace cfisac::recording {

//! Full scale of ci16_le.
constexpr float int16_full_scale = 32767.0F;

/*! Samples of all antennas as bytes of a file.
 * \param channels [antenna] pointers to `count` samples each
 * \param bytes room for them
 * \return samples that were clipped, of all antennas; 0 for cf32_le, that clips nothing
 */
std::uint64_t pack(Datatype datatype,
                   const std::complex<float>* const* channels,
                   int antennas,
                   std::size_t count,
                   char* bytes);

//! The other way round.
void unpack(Datatype datatype,
            const char* bytes,
            int antennas,
            std::size_t count,
            std::complex<float>* const* channels);

} // namespace cfisac::recording

#endif
