/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_DEVICE_FRAMES_H
#define INCLUDED_ISAC_DEVICE_FRAMES_H

#include "device_queue.h"

#include <ATen/ATen.h>
#include <atomic>
#include <cstdint>
#include <gnuradio/block.h>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gr {
namespace isac {

/*! \file
 * Frames that stay where they were made. An output whose readers are all blocks of ours
 * on the same device carries its frames in tags, and the memory of its items is never
 * touched; every other output has its items filled. Writer and readers judge by what the
 * flowgraph is at start(), so that they come to the same answer without a message.
 */

//! What frames cost when they leave the device or come from elsewhere.
class copy_count
{
public:
    void add(std::size_t bytes)
    {
        d_frames++;
        d_bytes += bytes;
    }
    std::uint64_t frames() const { return d_frames; }
    std::uint64_t bytes() const { return d_bytes; }

private:
    std::atomic<std::uint64_t> d_frames{0};
    std::atomic<std::uint64_t> d_bytes{0};
};

//! A block that takes or gives frames; blocks have this as a second base class.
class frame_block
{
public:
    virtual ~frame_block() = default;
    //! Where the block computes.
    virtual at::Device frame_device() const = 0;
    //! Whether an item of this input is a frame.
    virtual bool reads_frames(int input) const = 0;
    //! Whether an item of this output is a frame.
    virtual bool writes_frames(int output) const = 0;
};

//! Frames of some intervals in all outputs of a block that carry frames.
struct device_frames {
    at::Tensor all;     //!< [B, streams, antennas, S, T], complex64
    device_event ready; //!< of what computes them
};

//! Value of the tag names::device_frame(), in a pmt "any".
struct device_frame {
    std::shared_ptr<const device_frames> frames;
    std::int64_t interval; //!< which of the B is in the item
    std::int64_t stream;   //!< and which of the streams
};

/*! The frame outputs of a block, which are its first ones. Not for several threads, except
 * for the count.
 */
class frame_outputs
{
public:
    //! \param block which writes, \param queue its device and stream, \param count outputs
    frame_outputs(gr::block& block, device_queue& queue, std::size_t count);

    //! Look at the readers; to be called in start().
    void start();
    //! Whether any item is to be filled.
    bool any_host() const { return d_any_host; }

    /*! Give the frames of some intervals to all outputs.
     * \param all [B, streams, antennas, S, T], complex64, which must not change any more
     * \param item of this call of work(), from 0: that of the first interval
     */
    void write(const at::Tensor& all, int item, gr_vector_void_star& output_items);
    //! Wait until all items are filled; to be called before work() returns.
    void finish();

    const copy_count& copies() const { return d_copies; }

private:
    //! Frames on their way to items.
    struct transfer {
        at::Tensor host; //!< as `all`, pinned
        device_event done;
        std::vector<char*> items; //!< [streams], null where it stays on the device
    };

    //! Copy frames [B, streams, …] to B items of each stream.
    void fill(const at::Tensor& all, const std::vector<char*>& items);
    void complete(transfer& each);

    gr::block& d_block;
    device_queue& d_queue;
    std::vector<bool> d_on_device; //!< [streams]
    bool d_any_host = true;
    transfer d_transfers[2];
    std::size_t d_next_transfer = 0;
    copy_count d_copies;
};

/*! The frame inputs of a block. Not for several threads, except for the count.
 */
class frame_inputs
{
public:
    //! \param block which reads, \param queue its device and stream
    frame_inputs(gr::block& block, device_queue& queue);

    //! Look at the writers; to be called in start().
    void start();

    //! Tags of the items of a call of work(). \param available items at each input
    void read_tags(const gr_vector_int& available);
    const std::vector<tag_t>& tags(std::size_t input) const { return d_tags[input]; }

    /*! A frame on the block's device, [1, shape...], complex64; it may lie on the item's
     * memory.
     * \param item of this call of work(), from 0
     */
    at::Tensor read(std::size_t input,
                    int item,
                    const std::vector<std::int64_t>& shape,
                    const gr_vector_const_void_star& input_items);
    /*! Frames of several inputs that follow each other as X [1, inputs, shape...] on the
     * block's device, without a copy where they are all that one writer made.
     * \param first input, \param items item of each input
     */
    at::Tensor read_stack(std::size_t first,
                          const std::vector<int>& items,
                          const std::vector<std::int64_t>& shape,
                          const gr_vector_const_void_star& input_items);

    const copy_count& copies() const { return d_copies; }

private:
    //! What the writer handed over, or nothing where the item is to be read.
    std::optional<device_frame> handed(std::size_t input, int item) const;
    at::Tensor to_device(const at::Tensor& host);

    //! Memory for transfers to the device.
    struct transfer {
        at::Tensor host; //!< pinned
        device_event done;
    };

    gr::block& d_block;
    device_queue& d_queue;
    std::vector<bool> d_on_device;          //!< [inputs]
    std::vector<std::vector<tag_t>> d_tags; //!< [inputs]
    transfer d_transfers[2];
    std::size_t d_next_transfer = 0;
    copy_count d_copies;
};

} // namespace isac
} // namespace gr

#endif
