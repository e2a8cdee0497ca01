/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_SIGMF_SOURCE_H
#define INCLUDED_ISAC_SIGMF_SOURCE_H

#include <cfisac/recording/sigmf.h>
#include <cstdint>
#include <gnuradio/isac/api.h>
#include <gnuradio/sync_block.h>
#include <string>

namespace gr {
namespace isac {

/*!
 * \brief Antenna streams of a SigMF recording.
 * \ingroup isac
 *
 * \details
 * Plays what sigmf_sink has recorded, as fast as the flowgraph takes it. Everything of the
 * files is checked when the block is made, the checksum of the data with it.
 *
 * Outputs: one stream for each antenna, gr_complex, full scale 1. At the first sample of
 * every capture all outputs have the tags `rx_time` (with a transmit access point `tx_time`)
 * where the recording has it, and `rx_freq` and `rx_rate` as radio sources write them; the
 * first frame whose place was recorded has the tag `frame`.
 *
 * With `repeat` the recording starts anew after its end, and the time in the tags with it.
 */
class ISAC_API sigmf_source : virtual public gr::sync_block
{
public:
    //! How a flowgraph holds the block.
    using sptr = std::shared_ptr<sigmf_source>;

    /*!
     * \param filename NAME, with or without an ending of SigMF
     * \param repeat whether it starts anew at the end
     * \throws cfisac::recording::RecordingError naming the file and what is wrong with it
     */
    static sptr make(const std::string& filename, bool repeat = false);
    /*! For a recording that another program made, without what this project notes; a
     * recording of this project keeps its own.
     * \param scenario with the section radio
     * \param access_point name of an access point of the scenario
     * \param full_scale_dbm power of full scale at the antenna, dBm
     * \param seed of payload and channel state
     * \param start_time_s as for sigmf_sink
     * \throws cfisac::recording::RecordingError as make(), also where sample rate or number
     * of channels are not those of the scenario
     * \throws std::invalid_argument on a wrong access point
     */
    static sptr make_foreign(const std::string& filename,
                             const cfisac::Scenario& scenario,
                             const std::string& access_point,
                             double full_scale_dbm,
                             std::uint64_t seed,
                             double start_time_s = -1.0,
                             bool repeat = false);

    //! What the recording says of itself.
    virtual const cfisac::recording::Metadata& recording() const = 0;
    //! Samples of each antenna played.
    virtual std::uint64_t samples() const = 0;
    //! What ended the flowgraph, empty when nothing went wrong.
    virtual std::string error() const = 0;
};

} // namespace isac
} // namespace gr

#endif
