/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_ALIGNMENT_H
#define INCLUDED_ISAC_ALIGNMENT_H

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace gr {
namespace isac {

/*! Pairs the items of several streams by frame number, where the numbers of each stream
 * rise but some may be missing.
 *
 * Works on the items that a call of general_work() brings: `taken()` of each stream is
 * what the block consumes in the end.
 */
class frame_aligner
{
public:
    //! \param available items of each stream
    explicit frame_aligner(std::vector<int> available)
        : d_available(std::move(available)), d_taken(d_available.size(), 0)
    {
    }

    /*! Pass over items until all streams stand at the same frame.
     * \param number called as number(stream, item) for the frame number of an item, or
     * nothing for an item that has none and is passed over
     * \return the frame, or nothing when a stream has run out
     */
    template <typename Number>
    std::optional<std::uint64_t> align(Number number)
    {
        std::vector<std::uint64_t> heads(d_taken.size());
        for (;;) {
            for (std::size_t stream = 0; stream < heads.size(); stream++) {
                std::optional<std::uint64_t> head;
                while (!head && d_taken[stream] < d_available[stream]) {
                    head = number(stream, d_taken[stream]);
                    if (!head) {
                        d_taken[stream]++;
                    }
                }
                if (!head) {
                    return std::nullopt;
                }
                heads[stream] = *head;
            }
            const std::uint64_t latest = *std::max_element(heads.begin(), heads.end());
            bool all = true;
            for (std::size_t stream = 0; stream < heads.size(); stream++) {
                if (heads[stream] < latest) {
                    all = false;
                    d_taken[stream]++;
                    d_unmatched++;
                }
            }
            if (all) {
                return latest;
            }
        }
    }

    //! Go on to the next item of every stream.
    void advance()
    {
        for (int& taken : d_taken) {
            taken++;
        }
    }

    //! Items of each stream that are done with.
    const std::vector<int>& taken() const { return d_taken; }
    //! Items passed over for want of a partner.
    std::uint64_t unmatched() const { return d_unmatched; }

private:
    std::vector<int> d_available;
    std::vector<int> d_taken;
    std::uint64_t d_unmatched = 0;
};

} // namespace isac
} // namespace gr

#endif
