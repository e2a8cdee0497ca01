// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_EVALUATION_DURABLE_FILE_H
#define INCLUDED_CFISAC_EVALUATION_DURABLE_FILE_H

#include <functional>
#include <string>

namespace cfisac::evaluation {

/*! Let `write` write a file under a temporary name, put it on the disk and rename it to
 * `path`: after a loss of power there is the old file or the new one, and so it is where the
 * disk is full; nothing of the new one is left then.
 * \throws std::runtime_error naming the file
 */
void write_durably(const std::string& path,
                   const std::function<void(const std::string& temporary)>& write);

/*! The same for a file that holds a text.
 * \throws std::runtime_error naming the file, and what the system says
 */
void write_durably(const std::string& path, const std::string& text);

} // namespace cfisac::evaluation

#endif
