// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef CFISAC_SIGNAL_SYNCHRONISATION_TURN_H
#define CFISAC_SIGNAL_SYNCHRONISATION_TURN_H

#include <complex>
#include <cstddef>

namespace cfisac::signal {

/*! Samples turned back by exp(-j2π frequency (k + first)), k = 0 … count-1. The same
 * samples with the same k + first give the same values, however many there are.
 * \param frequency cycles per sample
 */
template <typename Value>
void turn_back(const std::complex<float>* samples,
               std::complex<Value>* turned,
               std::size_t count,
               double frequency,
               double first);

extern template void turn_back(
    const std::complex<float>*, std::complex<float>*, std::size_t, double, double);
extern template void turn_back(
    const std::complex<float>*, std::complex<double>*, std::size_t, double, double);

} // namespace cfisac::signal

#endif
