// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_EVALUATION_MATCHING_H
#define INCLUDED_CFISAC_EVALUATION_MATCHING_H

#include <cstddef>
#include <vector>

namespace cfisac::evaluation {

/*! Assignment of rows to columns with the least total cost.
 *
 * Exact enumeration to four rows, the Hungarian method (Jonker and Volgenant's shortest
 * augmenting paths) above.
 * \param cost row-major [size, size], finite
 * \return column of each row
 * \throws std::invalid_argument on a cost that is not finite or a wrong count
 */
std::vector<std::size_t> assign(const std::vector<double>& cost, std::size_t size);

} // namespace cfisac::evaluation

#endif
