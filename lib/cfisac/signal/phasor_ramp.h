// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef CFISAC_SIGNAL_PHASOR_RAMP_H
#define CFISAC_SIGNAL_PHASOR_RAMP_H

#include <complex>
#include <cstdint>

namespace cfisac::signal::host {

/*! factor exp(j2π (first + k step)) for k = 0 to `count` - 1, with `first` and `step` in
 * turns: what subcarriers, symbols and antennas do to a path. The part that is there is
 * doubled by one rotation at a time: log2(count) sines are computed, and the error grows
 * with their number only.
 */
void phasor_ramp(std::complex<double> factor,
                 double first,
                 double step,
                 std::int64_t count,
                 double* re,
                 double* im);

} // namespace cfisac::signal::host

#endif
