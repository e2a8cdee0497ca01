// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_APPS_SIMULATE_SIMULATION_H
#define INCLUDED_APPS_SIMULATE_SIMULATION_H

#include "estimate_writer.h"
#include "receiver.h"

#include <gnuradio/isac/bistatic_channel.h>
#include <gnuradio/isac/error_meter.h>
#include <gnuradio/isac/mmse_precoder.h>

namespace isac::apps {

//! payload_source → mmse_precoder → bistatic_channel → receiver → error_meter, for a
//! number of frames.
class Simulation
{
public:
    /*!
     * \param frames frames to send
     * \param estimates file that EstimateWriter writes, none if empty
     */
    Simulation(const ReceiverSettings& settings,
               std::int64_t frames,
               const std::string& estimates);

    /*! Run to the end.
     * \return seconds from start to end
     * \throws std::runtime_error with what a block says has ended the flowgraph
     */
    double run();

    std::int64_t frames() const { return d_frames; }
    const Receiver& receiver() const { return *d_receiver; }
    const gr::isac::error_meter& meter() const { return *d_meter; }
    const gr::isac::bistatic_channel& channel() const { return *d_channel; }
    //! Frames that any block has skipped, in real time.
    std::uint64_t frames_skipped() const
    {
        return channel().frames_skipped() + d_receiver->frames_skipped();
    }
    //! Frames copied to or from items by all blocks.
    std::uint64_t host_copies() const
    {
        return d_precoder->host_copies() + channel().host_copies() +
               d_receiver->host_copies();
    }
    //! Bytes of these frames.
    std::uint64_t host_copied_bytes() const
    {
        return d_precoder->host_copied_bytes() + channel().host_copied_bytes() +
               d_receiver->host_copied_bytes();
    }

private:
    const std::int64_t d_frames;
    const gr::top_block_sptr d_top;
    const std::unique_ptr<Receiver> d_receiver;
    const gr::isac::mmse_precoder::sptr d_precoder;
    const gr::isac::bistatic_channel::sptr d_channel;
    const gr::isac::error_meter::sptr d_meter;
    EstimateWriter::sptr d_writer; //!< if any
};

} // namespace isac::apps

#endif
