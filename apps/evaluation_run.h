// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_APPS_EVALUATION_RUN_H
#define INCLUDED_APPS_EVALUATION_RUN_H

#include "evaluation_plan.h"
#include "evaluation_workers.h"

#include <cfisac/evaluation/record_file.h>
#include <functional>

namespace isac::apps {

/*! Draw what is not in the file yet, by all workers: each takes an item in turn, and after
 * every round the first one keeps what all have found. The result does not depend on the
 * number of workers.
 *
 * \param file of rank 0; null in the others
 * \param ready called in rank 0 with the number of the first figures whose points are all
 * there, when that has grown
 * \throws Interrupted, cfisac::training::PeerError
 */
void draw_all(const WorkPlan& work,
              std::size_t figures,
              const EvaluationOptions& options,
              Workers& workers,
              cfisac::evaluation::RecordFile* file,
              const InterruptGuard& guard,
              const std::function<void(std::size_t)>& ready);

} // namespace isac::apps

#endif
