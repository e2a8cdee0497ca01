// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_APPS_DEPLOYMENT_FRAME_GATE_H
#define INCLUDED_APPS_DEPLOYMENT_FRAME_GATE_H

#include "ending.h"

#include <algorithm>
#include <cstring>
#include <gnuradio/io_signature.h>
#include <gnuradio/sync_block.h>

namespace isac::apps {

//! Passes frames, with their tags, until they are to end.
class FrameGate : public gr::sync_block
{
public:
    using sptr = std::shared_ptr<FrameGate>;

    //! \param item_size bytes of a frame
    static sptr make(std::size_t item_size, std::shared_ptr<Ending> ending)
    {
        return gnuradio::make_block_sptr<FrameGate>(item_size, std::move(ending));
    }

    FrameGate(std::size_t item_size, std::shared_ptr<Ending> ending)
        : gr::sync_block("frame_gate",
                         gr::io_signature::make(1, 1, static_cast<int>(item_size)),
                         gr::io_signature::make(1, 1, static_cast<int>(item_size))),
          d_item_size(item_size),
          d_ending(std::move(ending))
    {
    }

    int work(int items,
             gr_vector_const_void_star& inputs,
             gr_vector_void_star& outputs) override
    {
        const auto count = d_ending->may_pass(static_cast<std::uint64_t>(items));
        if (count == 0) {
            return WORK_DONE;
        }
        std::memcpy(outputs[0], inputs[0], count * d_item_size);
        d_ending->note_passed(count);
        return static_cast<int>(count);
    }

private:
    const std::size_t d_item_size;
    const std::shared_ptr<Ending> d_ending;
};

} // namespace isac::apps

#endif
