// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "training/data_source.h"

#include <cfisac/training/report.h>
#include <functional>

namespace cfisac::training {

/*! Score all networks over frames that are not trained on; with each access point missing
 * as well, where some are in training.
 * \param source that makes all inputs and the truth
 * \param quantizing whether codewords are sent, as in training at this step
 * \param alive called after every batch
 */
Validation validate(nn::DVqVaeImpl& network,
                    DataSource& source,
                    const TrainerOptions& options,
                    bool quantizing,
                    std::int64_t frames,
                    const std::function<void()>& alive);

} // namespace cfisac::training
