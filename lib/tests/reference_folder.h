// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdlib>
#include <stdexcept>
#include <string>

namespace cfisac::test {

//! the folder that the reference_*.py wrote into; throws if CFISAC_REFERENCE_DIR is not
//! set
inline std::string reference_folder()
{
    const char* folder = std::getenv("CFISAC_REFERENCE_DIR");
    if (folder == nullptr || *folder == '\0') {
        throw std::runtime_error(
            "CFISAC_REFERENCE_DIR is not set: run the reference_*.py "
            "with a folder and name it there");
    }
    return folder;
}

} // namespace cfisac::test
