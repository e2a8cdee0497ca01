// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_SIGNAL_PREAMBLE_H
#define INCLUDED_CFISAC_SIGNAL_PREAMBLE_H

#include <cfisac/scenario/frame_timing.h>
#include <complex>
#include <cstdint>
#include <optional>
#include <vector>

namespace cfisac::signal {

//! Samples of an antenna.
using Samples = std::vector<std::complex<float>>;

/*! Sequence that the preamble of transmit access point n repeats: a Zadoff-Chu sequence
 * over the bins of the occupied band but the centre (Chu, "Polyphase codes with good
 * periodic correlation properties", IEEE Trans. Inf. Theory 18(4), 1972), with a root of
 * its own for each access point.
 * \return [preamble_length], unit mean power
 * \throws std::invalid_argument when n is not one of the access points, or the band holds
 * too few bins for that many different sequences
 */
Samples preamble_sequence(const FrameTiming& timing, int n);

//! The whole preamble of access point n, [preamble_samples], unit mean power.
Samples preamble(const FrameTiming& timing, int n);

/*! Sequence that a symbol of the header is made of, [header_symbol], unit mean power:
 * Zadoff-Chu over the occupied band. */
Samples header_sequence(const FrameTiming& timing);

/*! The header of a frame, [header_samples], unit mean power: the lower 32 bits of the
 * frame's number and their CRC-16 (CCITT, x^16 + x^12 + x^5 + 1, start 0xffff), most
 * significant bit first, as differential binary phase shift keying of `header_sequence`:
 * a symbol has the sign of the one before for a 0, the other sign for a 1.
 * \return empty for a scenario without header
 */
Samples header(const FrameTiming& timing, std::uint64_t frame);

/*! Read a header.
 * \param antennas the samples of the header at every antenna, [header_samples] each
 * \return the lower 32 bits of the frame's number; nothing when the check fails
 * \throws std::invalid_argument on another number of samples, or without a header
 */
std::optional<std::uint32_t> read_header(const FrameTiming& timing,
                                         const std::vector<Samples>& antennas);

} // namespace cfisac::signal

#endif
