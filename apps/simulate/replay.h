// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_APPS_SIMULATE_REPLAY_H
#define INCLUDED_APPS_SIMULATE_REPLAY_H

#include "estimate_writer.h"
#include "frame_log.h"
#include "receiver.h"

#include <gnuradio/isac/bistatic_channel.h>
#include <gnuradio/isac/direct_path_canceller.h>
#include <gnuradio/isac/error_meter.h>
#include <gnuradio/isac/frame_sync.h>
#include <gnuradio/isac/ofdm_demodulator.h>
#include <gnuradio/isac/sigmf_source.h>
#include <gnuradio/isac/transmit_reference.h>
#include <optional>

namespace isac::apps {

//! What `--replay` and the options with it say.
struct ReplaySettings {
    std::vector<std::string> files; //!< one recording for each receive access point
    std::string sync; //!< "time" or "preamble"; what the recordings allow if empty
    //! Of gr::isac::direct_path_canceller; what the live flowgraphs have if empty: "direct"
    //! for the virtual radio, else "projection"
    std::string removal;
    std::string estimates; //!< file that EstimateWriter writes, none if empty
    std::optional<std::int64_t> frames; //!< of each recording, at most
};

//! Blocks of a receive access point between its recording and its estimator.
struct ReplayedAccessPoint {
    std::string file;
    gr::isac::sigmf_source::sptr source;
    gr::isac::frame_sync::sptr sync;
    gr::isac::ofdm_demodulator::sptr demodulator;
    gr::isac::transmit_reference::sptr reference;
    gr::isac::direct_path_canceller::sptr canceller;
    FrameLog::sptr log;

    const cfisac::recording::Setup& setup() const { return source->recording().setup; }
};

/*! sigmf_source → frame_sync → ofdm_demodulator → transmit_reference,
 * direct_path_canceller for each recording, then a receiver; with an error_meter where the
 * scenes before the radios were drawn from a seed that is known.
 */
class Replay
{
public:
    /*!
     * \param receiver what the command line says; what the recordings tell is filled in
     * \throws UsageError for `sync` by time where a recording has no times
     * \throws cfisac::recording::RecordingError naming a file that cannot be read, or that
     * does not fit the others
     */
    Replay(const ReplaySettings& settings, ReceiverSettings receiver);

    /*! Run to the end of the shortest recording.
     * \return seconds from start to end
     * \throws std::runtime_error with what a block says has ended the flowgraph, and where
     * no frame is in all recordings
     */
    double run();

    const Receiver& receiver() const { return *d_receiver; }
    const std::vector<ReplayedAccessPoint>& access_points() const { return d_points; }
    const std::string& sync() const { return d_settings.sync; }
    const std::string& removal() const { return d_settings.removal; }
    //! None where the truth is not known.
    const gr::isac::error_meter::sptr& meter() const { return d_meter; }
    //! Frames with an estimate.
    std::uint64_t frames() const { return d_receiver->frames(); }
    //! Frames without, among those that all recordings reach over.
    std::uint64_t frames_lost() const;

private:
    void connect(const ReceiverSettings& settings);
    void connect_meter(const ReceiverSettings& settings, std::uint64_t scene_seed);
    std::vector<std::string> errors() const;
    std::string ranges() const;

    ReplaySettings d_settings;
    const gr::top_block_sptr d_top;
    std::vector<ReplayedAccessPoint> d_points; //!< by the number of the access point
    std::unique_ptr<Receiver> d_receiver;
    gr::isac::bistatic_channel::sptr d_truth;
    gr::isac::error_meter::sptr d_meter;
    EstimateWriter::sptr d_writer; //!< if any
};

} // namespace isac::apps

#endif
