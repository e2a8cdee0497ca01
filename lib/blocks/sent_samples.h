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
    //! Before `count` more samples come.
    void make_room(std::int64_t count);
    //! The samples of a stream that follow its last one, as many as there is room made for.
    void put(std::size_t stream, const gr_complex* samples, std::int64_t count);
    //! When all streams have got as many.
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
    std::int64_t d_capacity = 0;
    //! [stream], rings: sample k lies at k modulo `d_capacity`
    std::vector<std::vector<gr_complex>> d_streams;
};

} // namespace isac
} // namespace gr

#endif
