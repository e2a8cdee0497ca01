// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef CFISAC_SIGNAL_STREAMS_H
#define CFISAC_SIGNAL_STREAMS_H

#include "parallel.h"
#include "random_kernel.h"
#include <algorithm>
#include <cfisac/signal/random.h>
#include <iterator>

namespace cfisac::signal {

//! The words of entry `entry` of the batch.
inline Stream stream_of(const Random& random, Purpose purpose, std::int64_t entry)
{
    return {random.seed(),
            static_cast<std::uint64_t>(random.frames()[entry]),
            static_cast<std::uint32_t>(purpose)};
}

/*! Calls `draw(stream, first, count, place)` for parts of `count` draws of every frame, on
 * LibTorch's threads; `place` counts draws over all frames.
 */
template <typename Draw>
void parallel_draws(const Random& random, Purpose purpose, std::int64_t count, Draw draw)
{
    constexpr std::int64_t part = 4096;
    const std::int64_t parts = (count + part - 1) / part;
    parallel_for(0, random.batch() * parts, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t k = begin; k < end; k++) {
            const std::int64_t entry = k / parts;
            const std::int64_t first = k % parts * part;
            draw(stream_of(random, purpose, entry),
                 first,
                 std::min(part, count - first),
                 entry * count + first);
        }
    });
}

/*! Calls `use(word, place)` for the first `count` words of every frame; `place` counts
 * words over all frames. Processor only.
 */
template <typename Use>
void for_each_word(const Random& random, Purpose purpose, std::int64_t count, Use use)
{
    parallel_draws(random,
                   purpose,
                   count,
                   [&](const Stream& stream,
                       std::int64_t first,
                       std::int64_t some,
                       std::int64_t place) {
                       std::uint32_t words[256];
                       constexpr std::int64_t most = std::size(words);
                       for (std::int64_t done = 0; done < some; done += most) {
                           const auto now = std::min(most, some - done);
                           host::draw_words(stream, first + done, now, words);
                           for (std::int64_t k = 0; k < now; k++) {
                               use(words[k], place + done + k);
                           }
                       }
                   });
}

} // namespace cfisac::signal

#endif
