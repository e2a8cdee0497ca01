// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_APPS_RECORDINGS_H
#define INCLUDED_APPS_RECORDINGS_H

#include <cfisac/recording/sigmf.h>
#include <cstdint>
#include <string>

namespace isac::apps {

/*! Where two scenarios differ; calibrations, which each recording has of its own, do not
 * count.
 * \return "'LINE' and 'LINE'", the first lines of their YAML that are not the same; empty
 * where there are none
 */
std::string difference(const cfisac::Scenario& one, const cfisac::Scenario& other);

/*! Refuse what is not of a receive access point, or lacks the seed of the payload.
 * \param file how errors call it
 * \throws cfisac::recording::RecordingError
 */
void require_receive(const cfisac::recording::Metadata& recording,
                     const std::string& file);
//! The seed of payload and channel state. Errors as require_receive().
std::uint64_t payload_seed(const cfisac::recording::Metadata& recording,
                           const std::string& file);

/*! Whether frames can be found by time: captures have times, and the start of the schedule
 * is known.
 * \return empty, or what is missing
 */
std::string missing_time(const cfisac::recording::Metadata& recording);

} // namespace isac::apps

#endif
