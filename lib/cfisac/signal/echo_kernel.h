// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef CFISAC_SIGNAL_ECHO_KERNEL_H
#define CFISAC_SIGNAL_ECHO_KERNEL_H

#include "draws.h"
#include "frame_tables.h"
#include <complex>
#include <vector>

/*! \file
 * Echoes (6), (30) and their noise on the processor: one pass over the transmit frames and
 * one over the echo. Phases are reduced in float64, samples are float32.
 */

namespace cfisac::signal::host {

//! What the echo is made of; pointers to contiguous arrays that outlive the call.
struct EchoInputs {
    FrameSizes sizes;
    FrameGrid grid;
    const std::complex<float>* transmit;  //!< [B, N, N_t, S, T]
    SplitTable<float> departing;          //!< conj(a_t) [B, N, Q, N_t]
    SplitTable<float> arriving;           //!< a_r [B, M, Q, M_r]
    SplitTable<float> over_subcarriers;   //!< with the gain [B, N, M, Q, S]
    SplitTable<float> over_symbols;       //!< [B, N, M, Q, T]
    const double* timing_s = nullptr;     //!< [B, N, M, T], or no offsets
    const double* frequency_hz = nullptr; //!< [B, N, M, T], with `timing_s`
    std::vector<Stream> noise;            //!< one for each frame, or none
    float noise_deviation = 0.0f;
};

//! Number of parts in which `echo_part` makes the echo.
std::int64_t echo_parts(const FrameSizes& sizes);
//! One part of Y [B, M, M_r, S, T]: the same bits whatever thread makes it.
void echo_part(const EchoInputs& inputs,
               std::int64_t part,
               std::complex<float>* received);

} // namespace cfisac::signal::host

#endif
