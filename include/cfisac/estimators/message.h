// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_ESTIMATORS_MESSAGE_H
#define INCLUDED_CFISAC_ESTIMATORS_MESSAGE_H

#include <cfisac/scenario/scenario.h>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace cfisac::estimators {

/*! \file
 * What the access points send that estimate by themselves: words of 16 bits, which travel
 * as the indices of a fronthaul packet (cfisac/fronthaul/packet.h, 16 bits per index).
 */

//! What an access point sends for one frame; the same number of words for every frame.
using Message = std::vector<std::uint16_t>;

/*! One echo path that an access point has measured: from transmit access point n over a
 * target to the receive access point that tells of it.
 */
struct PathParameters {
    int transmitter = 0;         //!< n, from 0
    double cosine = 0.0;         //!< of the angle of arrival to the receive array's axis
    double range_m = 0.0;        //!< bistatic range d_{n,m,q}
    double range_rate_mps = 0.0; //!< its rate of change, positive for a receding target
};

/*! Paths as the fully distributed schemes send them (Section III-D): 96 bits for each of Q
 * paths.
 *
 * | bits | field                                                       |
 * |-----:|-------------------------------------------------------------|
 * |    8 | transmit access point n; 255: no path was found             |
 * |   24 | cosine of the angle of arrival, in steps of 2^-23 from -1   |
 * |   32 | bistatic range, m, IEEE 754 binary32                        |
 * |   32 | rate of the range, m/s, binary32                            |
 */
constexpr std::size_t words_of_a_path = 6;

/*! \param paths at most `count`, strongest first
 * \param count Q, paths in a message
 * \throws std::invalid_argument on more paths than `count`, a transmit access point that is
 * not 0 … 254, a cosine beyond ±1 and a value that is not finite or does not fit
 */
Message encode_paths(const std::vector<PathParameters>& paths, std::size_t count);

/*! \param message from encode_paths(), or from anywhere
 * \param transmitters N
 * \return its paths; nothing when the message is none: a wrong number of words, a transmit
 * access point that does not exist, a value that is not finite, a range that is not positive,
 * or a path after one that was not found
 */
std::optional<std::vector<PathParameters>> decode_paths(const Message& message,
                                                        std::size_t count,
                                                        std::size_t transmitters);

} // namespace cfisac::estimators

#endif
