/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_ERROR_HISTORY_H
#define INCLUDED_ISAC_ERROR_HISTORY_H

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace gr {
namespace isac {

/*! The running median of an error: over all targets of the frames that came within half a
 * second, for the last half minute. Not for several threads.
 */
class error_history
{
public:
    using time = std::chrono::steady_clock::time_point;
    static constexpr double bin_s = 0.5;
    static constexpr double window_s = 30.0;
    //! What the figure in numbers runs over, s.
    static constexpr double recent_s = 5.0;

    struct point {
        double ago_s; //!< middle of the half second, before the latest error of all
        double median;
    };

    //! Errors of a frame. Infinite and not a number count as larger than any other.
    void add(time now, const std::vector<double>& errors);
    //! Oldest first. \param latest when the latest error of all came
    std::vector<point> points(time latest) const;
    //! Median of the last five seconds; nothing without an error. It changes once in half a
    //! second, so that it can be read.
    std::optional<double> recent() const { return d_recent; }
    void clear();

private:
    struct bin {
        std::int64_t index;
        std::vector<float> values; //!< until they are not needed any more
        double median;             //!< of a bin that is closed
    };

    //! What there is to do when a bin is closed: its median, and that of the last ones.
    void close();

    std::deque<bin> d_bins; //!< the last one is open
    std::optional<double> d_recent;
};

//! Median of values, the mean of the two middle ones for an even number; they are left in
//! another order.
double median_of(std::vector<float>& values);

} // namespace isac
} // namespace gr

#endif
