// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_APPS_EVALUATION_NETWORK_H
#define INCLUDED_APPS_EVALUATION_NETWORK_H

#include "evaluation_output.h"

namespace isac::apps {

/*! Fig. 11: the training loss over epochs of 16,000 frames, one row for every report of
 * every log in `options.logs`; without that folder, of trainings made here, with their logs
 * in DIR/figure11. One that is complete there is not made again.
 * \throws std::runtime_error naming the log that is none, or a folder without logs
 */
Rows training_rows(const EvaluationOptions& options, const InterruptGuard& guard);

//! Table III: one row for each of its three settings, timed on the device, with fresh
//! weights.
Rows runtime_rows(const EvaluationOptions& options, const InterruptGuard& guard);

} // namespace isac::apps

#endif
