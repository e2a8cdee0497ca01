// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_APPS_CALIBRATE_RECEIVED_FRAMES_H
#define INCLUDED_APPS_CALIBRATE_RECEIVED_FRAMES_H

#include <ATen/ATen.h>
#include <cfisac/recording/sigmf.h>
#include <cfisac/signal/direct_path.h>
#include <cstdint>
#include <string>
#include <vector>

namespace isac::apps {

//! Frames of a recording, B of them.
struct ReceivedFrames {
    at::Tensor echo;     //!< [B, M_r, S, T], complex, not calibrated
    at::Tensor transmit; //!< [B, N, N_t, S, T], where it is wanted
    //! [B][N] as the preambles tell; the timing is not a number where there was none
    std::vector<std::vector<cfisac::signal::ClockOffset>> offsets;
};

/*! Find and demodulate frames, by a flowgraph sigmf_source → frame_sync → ofdm_demodulator
 * (→ transmit_reference).
 * \param file name of a recording of a receive access point
 * \param most frames, at most
 * \param reference whether transmit frames are wanted; frames are found by time, where the
 * recording has it, only then
 * \throws cfisac::recording::RecordingError naming the file, as sigmf_source, without the
 * seed that the transmit frames follow from, and where no frame is found
 * \throws std::runtime_error with what a block says has ended the flowgraph
 * \throws Interrupted
 */
ReceivedFrames receive_frames(const std::string& file, std::int64_t most, bool reference);

} // namespace isac::apps

#endif
