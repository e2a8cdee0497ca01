// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef CFISAC_SIGNAL_SAMPLE_CHANNEL_KERNEL_H
#define CFISAC_SIGNAL_SAMPLE_CHANNEL_KERNEL_H

#include "draws.h"
#include "frame_tables.h"
#include <complex>
#include <cstdint>
#include <vector>

/*! \file
 * Sample loops of the channel in the time domain. Rows have the real and the imaginary parts
 * apart; a block is always computed as a whole, so that a sample is bit for bit the same
 * whichever others are asked for.
 */

namespace cfisac::signal::host {

constexpr std::int64_t sample_block = 128;
constexpr std::int64_t sinc_taps = 24;
//! Samples that are needed before the one at or before a point in time, and after it.
constexpr std::int64_t samples_before = sinc_taps / 2 - 1;
constexpr std::int64_t samples_after = sinc_taps / 2;
//! Samples of which a block is made, in whole vectors.
constexpr std::int64_t source_block = 160;
static_assert(source_block >= sample_block + sinc_taps - 1);

/*! Taps of a band-limited signal between its samples: a sinc under a Kaiser window, from a
 * table between whose rows is interpolated linearly.
 */
class SincTable
{
public:
    SincTable();

    /*! \param position of the point after the sample that has `samples_before` others before
     * it, samples; from -1/16 to 17/16
     * \param taps [sinc_taps]
     */
    void taps(double position, float* taps) const;

private:
    static constexpr std::int64_t phases = 128; //!< rows for a sample
    static constexpr std::int64_t margin = phases / 16;
    std::vector<float> d_table; //!< [2 margin + phases + 2, sinc_taps]
};

//! Real and imaginary parts apart. \return whether any sample is not zero
bool split_samples(const std::complex<float>* samples,
                   std::int64_t count,
                   Row<float> out);

//! out = factor x, or += where `add`; `source_block` samples.
void combine(Row<float> out, Row<const float> x, Phasor factor, bool add);

/*! A block of samples that arrive: those of `source` between the samples, turned.
 * \param source [source_block]
 * \param taps in the middle of the block
 * \param slope how much they change over a block, null where they do not
 * \param turns phase of the first sample, \param step from sample to sample, in turns
 * \param out [sample_block]
 */
void arrive(Row<const float> source,
            const float* taps,
            const float* slope,
            double turns,
            double step,
            Row<float> out);

//! sum += factor x
void add_multiple(Row<float> sum, Row<const float> x, Phasor factor, std::int64_t count);

//! samples += x
void add_to_samples(std::complex<float>* samples, Row<const float> x, std::int64_t count);

} // namespace cfisac::signal::host

#endif
