/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_SIGMF_SINK_H
#define INCLUDED_ISAC_SIGMF_SINK_H

#include <cfisac/scenario/scenario.h>
#include <cstdint>
#include <gnuradio/isac/api.h>
#include <gnuradio/sync_block.h>
#include <string>

namespace gr {
namespace isac {

/*!
 * \brief Records the antenna streams of an access point as SigMF.
 * \ingroup isac
 *
 * \details
 * Writes NAME.sigmf-data, the samples of all antennas, and NAME.sigmf-meta, with the
 * scenario and all that is needed to process them later (docs/files.md). Samples go to the
 * disk from a thread of their own; where it falls behind, the flowgraph waits and the radio
 * overflows. The metadata are there from the start, so that a program that is killed leaves
 * a recording that can be read; they are completed when the flowgraph stops. The recording
 * is finished then: started again, the flowgraph ends with an error.
 *
 * Inputs: one stream for each antenna, gr_complex, full scale 1. Tags of input 0 that are
 * read: `rx_time` (of a transmit access point also `tx_time`): where it is not that of the
 * samples before, a capture begins and the samples that are missing are noted; `rx_freq`:
 * the frequency of the capture; `frame`: the first one's place is kept.
 *
 * A disk that is full, or any other error, ends the flowgraph; see error(). What was written
 * until then is a recording.
 */
class ISAC_API sigmf_sink : virtual public gr::sync_block
{
public:
    //! How a flowgraph holds the block.
    using sptr = std::shared_ptr<sigmf_sink>;

    /*!
     * \param scenario with the section radio
     * \param access_point name of a receive or transmit access point
     * \param filename NAME, with or without an ending of SigMF
     * \param datatype "cf32_le", or "ci16_le" with 32767 for full scale
     * \param full_scale_dbm power of full scale at the antenna, dBm
     * \param seed of payload and channel state
     * \param start_time_s when frame 0 of the schedule starts, by the clock of `rx_time`, s;
     * below 0 where that is not known
     * \param description any text
     * \param overwrite whether files of that name are replaced
     * \throws cfisac::ScenarioError for a scenario without `radio`
     * \throws std::invalid_argument on a wrong access point, datatype, power or text
     * \throws cfisac::recording::RecordingError when the files are there already or cannot
     * be created
     */
    static sptr make(const cfisac::Scenario& scenario,
                     const std::string& access_point,
                     const std::string& filename,
                     const std::string& datatype,
                     double full_scale_dbm,
                     std::uint64_t seed,
                     double start_time_s = -1.0,
                     const std::string& description = "",
                     bool overwrite = false);

    /*! Note what the radio is, in the metadata that are written when the flowgraph stops.
     * \param hardware e.g. the radio's type and serial number
     * \param clock_source, time_source of the radio, e.g. "external"
     * \throws std::invalid_argument on a text that is too long or not UTF-8
     */
    virtual void set_hardware(const std::string& hardware,
                              const std::string& clock_source = "",
                              const std::string& time_source = "") = 0;
    //! Note the seed that the scenes before the radios were drawn with.
    virtual void set_scene_seed(std::uint64_t seed) = 0;

    //! Samples of each antenna recorded.
    virtual std::uint64_t samples() const = 0;
    //! Samples beyond full scale that "ci16_le" has clipped, of all antennas.
    virtual std::uint64_t samples_clipped() const = 0;
    //! Captures: one, and one for each gap.
    virtual std::uint64_t captures() const = 0;
    //! Samples of each antenna that the radio lost, by its time.
    virtual std::uint64_t samples_lost() const = 0;
    //! What ended the flowgraph, empty when nothing went wrong.
    virtual std::string error() const = 0;
};

} // namespace isac
} // namespace gr

#endif
