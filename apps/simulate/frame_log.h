// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_APPS_FRAME_LOG_H
#define INCLUDED_APPS_FRAME_LOG_H

#include <algorithm>
#include <cstdint>
#include <gnuradio/io_signature.h>
#include <gnuradio/isac/names.h>
#include <gnuradio/sync_block.h>
#include <memory>
#include <vector>

namespace isac::apps {

/*! Sink of frames that keeps their numbers, from the tags `frame`. To be read after the
 * flowgraph has ended.
 */
class FrameLog : public gr::sync_block
{
public:
    using sptr = std::shared_ptr<FrameLog>;

    //! \param item_size bytes of a frame
    static sptr make(std::size_t item_size)
    {
        return gnuradio::make_block_sptr<FrameLog>(item_size);
    }

    explicit FrameLog(std::size_t item_size)
        : gr::sync_block("frame_log",
                         gr::io_signature::make(1, 1, static_cast<int>(item_size)),
                         gr::io_signature::make(0, 0, 0))
    {
    }

    int work(int items,
             gr_vector_const_void_star& /*inputs*/,
             gr_vector_void_star& /*outputs*/) override
    {
        std::vector<gr::tag_t> tags;
        get_tags_in_window(tags, 0, 0, items, gr::isac::names::frame());
        std::sort(tags.begin(), tags.end(), gr::tag_t::offset_compare);
        for (const auto& tag : tags) {
            d_frames.push_back(pmt::to_uint64(tag.value));
        }
        return items;
    }

    //! In the order in which they came.
    const std::vector<std::uint64_t>& frames() const { return d_frames; }

private:
    std::vector<std::uint64_t> d_frames;
};

} // namespace isac::apps

#endif
