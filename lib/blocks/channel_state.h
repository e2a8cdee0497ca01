/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_CHANNEL_STATE_H
#define INCLUDED_ISAC_CHANNEL_STATE_H

#include <cfisac/signal/layout.h>
#include <gnuradio/gr_complex.h>
#include <vector>

namespace gr {
namespace isac {

/*! Channel state as users set it, on the device of the layout.
 * \param channel [S, N·N_t, K]
 * \return a copy, [1, S, N·N_t, K]
 * \throws std::invalid_argument on a wrong number of entries or one that is not finite
 */
at::Tensor channel_state(const cfisac::signal::Layout& layout,
                         const std::vector<gr_complex>& channel);

} // namespace isac
} // namespace gr

#endif
