// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_APPS_SIMULATE_MODEL_KIND_H
#define INCLUDED_APPS_SIMULATE_MODEL_KIND_H

#include "receiver.h"

#include <gnuradio/isac/model_info.h>

namespace isac::apps {

/*! Read the model of a receiver.
 * \throws UsageError when it is for another receiver, naming both
 * \throws std::runtime_error naming the file and what is wrong with it
 */
gr::isac::model_info load_model_of_kind(const ReceiverSettings& settings);

} // namespace isac::apps

#endif
