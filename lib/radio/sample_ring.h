// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_RADIO_SAMPLE_RING_H
#define INCLUDED_RADIO_SAMPLE_RING_H

#include "environment.h"
#include <complex>
#include <cstdint>

namespace cfisac::radio {

/*! Writes the samples of a transmit radio into its rings, sample after sample of its own
 * clock. One object, in the radio's own process. */
class RingWriter
{
public:
    explicit RingWriter(const Environment& environment, std::size_t n);

    //! The sample that comes next.
    std::int64_t next() const;
    //! Forget what was written: the next sample is `start`.
    void restart(std::int64_t start);
    /*! Append samples.
     * \param samples [antenna][count], sqrt(W); a null pointer is silence
     */
    void append(const std::complex<float>* const* samples, std::int64_t count);
    //! Append silence so that `next` is the next sample.
    void append_silence(std::int64_t next);

private:
    void put(std::size_t antenna,
             const std::complex<float>* samples,
             std::int64_t start,
             std::int64_t count);

    const Environment& d_environment;
    std::size_t d_transmitter;
    std::size_t d_antennas;
};

/*! Samples of an antenna of transmit access point n. Where it sent nothing, there is
 * silence.
 * \param start of its own clock
 * \param out [count], sqrt(W)
 * \return samples that came too late to be had: they were overwritten and are silent too
 */
std::int64_t read_ring(const Environment& environment,
                       std::size_t n,
                       std::size_t antenna,
                       std::int64_t start,
                       std::int64_t count,
                       std::complex<float>* out);

} // namespace cfisac::radio

#endif
