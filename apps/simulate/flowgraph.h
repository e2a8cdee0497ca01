// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_APPS_SIMULATE_FLOWGRAPH_H
#define INCLUDED_APPS_SIMULATE_FLOWGRAPH_H

#include <cstdint>
#include <functional>
#include <gnuradio/top_block.h>
#include <string>
#include <vector>

namespace isac::apps {

/*! Run a flowgraph to its end, with a progress bar.
 * \param total frames, \param done how many of them are done
 * \return seconds from start to end
 * \throws Interrupted
 */
double run_to_end(gr::top_block& top,
                  std::int64_t total,
                  const std::function<std::uint64_t()>& done);

//! \throws std::runtime_error with the first of these texts that is not empty
void throw_first(const std::vector<std::string>& errors);

} // namespace isac::apps

#endif
