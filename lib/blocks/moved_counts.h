/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_MOVED_COUNTS_H
#define INCLUDED_ISAC_MOVED_COUNTS_H

#include "failure.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace gr {
namespace isac {

/*! Tells which of several counters have moved, once a second at most. Not for several
 * threads.
 */
class moved_counts
{
public:
    //! \param names of the counters, in the order of their values
    explicit moved_counts(std::vector<std::string> names)
        : d_names(std::move(names)), d_told(d_names.size(), 0)
    {
    }

    /*! What has moved since it was told last, e.g. "lost 12 (+3), corrupt 1 (+1)". Empty
     * when nothing has, or before a second is over.
     */
    std::string news(const std::vector<std::uint64_t>& values)
    {
        std::string text;
        if (values == d_told || !d_limiter.pass()) {
            return text;
        }
        for (std::size_t i = 0; i < d_names.size(); i++) {
            if (values[i] != d_told[i]) {
                text += (text.empty() ? "" : ", ") + d_names[i] + " " +
                        std::to_string(values[i]) + " (+" +
                        std::to_string(values[i] - d_told[i]) + ")";
            }
        }
        d_told = values;
        return text;
    }

private:
    const std::vector<std::string> d_names;
    std::vector<std::uint64_t> d_told;
    log_limiter d_limiter;
};

} // namespace isac
} // namespace gr

#endif
