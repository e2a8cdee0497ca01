/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_SENT_SAMPLES_H
#define INCLUDED_ISAC_SENT_SAMPLES_H

#include <cfisac/signal/sample_channel.h>
#include <gnuradio/gr_complex.h>
#include <vector>

namespace gr {
namespace isac {

//! The last samples of the antennas of all transmit access points.
class sent_samples : public cfisac::signal::SampleSource
{
public:
    //! \param antennas of each of the access points
    sent_samples(std::size_t access_points, std::size_t antennas);

    //! Forget all; the next sample that comes is number `next`.
    void restart(std::int64_t next);
    //! Number of the sample after the last one.
    std::int64_t end() const { return d_end; }
    //! Room for `count` more samples of a stream; all streams take as many.
    gr_complex* extend(std::size_t stream, std::int64_t count);
    //! When all streams were extended.
    void extended(std::int64_t count) { d_end += count; }
    //! Samples before `first` are not needed any more.
    void forget(std::int64_t first);

    void read(int n,
              std::int64_t first,
              std::int64_t count,
              std::complex<float>* const* antennas) override;

private:
    std::size_t d_antennas;
    std::int64_t d_first = 0; //!< that is kept
    std::int64_t d_end = 0;
    std::vector<std::vector<gr_complex>> d_streams; //!< [stream], from `d_first` on
};

} // namespace isac
} // namespace gr

#endif
