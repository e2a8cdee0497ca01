// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_SIGNAL_DEVICE_H
#define INCLUDED_CFISAC_SIGNAL_DEVICE_H

#include <string>

namespace cfisac::signal {

/*! The LibTorch device that a user's word means.
 * \param word `auto` (the first GPU where LibTorch finds one), `cpu`, `cuda` or `cuda:N`
 * \return `cpu` or `cuda:N`
 * \throws std::invalid_argument on another word, and where there is no such GPU
 */
std::string resolve_device(const std::string& word);

} // namespace cfisac::signal

#endif
