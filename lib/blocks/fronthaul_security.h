/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_FRONTHAUL_SECURITY_H
#define INCLUDED_ISAC_FRONTHAUL_SECURITY_H

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace gr {
namespace isac {

/*! Whether the packets of a fronthaul are encrypted.
 * \param security "curve" or "none"
 * \param files names of parameters and the files that they name
 * \throws std::invalid_argument on another word, a file that "curve" lacks, or one that
 * "none" would not look at
 */
inline bool is_encrypted(const std::string& security,
                         const std::vector<std::pair<std::string, std::string>>& files)
{
    const bool encrypted = security == "curve";
    if (!encrypted && security != "none") {
        throw std::invalid_argument("security: '" + security +
                                    "' is neither curve nor none");
    }
    for (const auto& [name, file] : files) {
        if (encrypted && file.empty()) {
            throw std::invalid_argument(
                name + ": no file is given; isac_keygen makes keys, and security none "
                       "does without encryption");
        }
        if (!encrypted && !file.empty()) {
            throw std::invalid_argument(name + ": " + file +
                                        " is given, but security none has no keys");
        }
    }
    return encrypted;
}

} // namespace isac
} // namespace gr

#endif
