// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_APPS_SIMULATE_REPORT_H
#define INCLUDED_APPS_SIMULATE_REPORT_H

#include "replay.h"
#include "simulation.h"

namespace isac::apps {

//! How a run was timed.
struct Timing {
    double seconds;
    bool real_time; //!< whether frames left at the waveform's interval
};

//! Everything that a run has given, for people, on stdout.
void print_report(const Simulation& simulation, const Timing& timing);

//! The same for programs.
nlohmann::ordered_json to_json(const Simulation& simulation, const Timing& timing);

//! What a replay has given. \param seconds that it took
void print_report(const Replay& replay, double seconds);
//! The same for programs.
nlohmann::ordered_json to_json(const Replay& replay, double seconds);

} // namespace isac::apps

#endif
