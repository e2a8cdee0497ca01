/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "device_frames.h"
#include "frames.h"

#include <boost/any.hpp>
#include <cstring>
#include <gnuradio/block_detail.h>
#include <gnuradio/buffer.h>
#include <gnuradio/buffer_reader.h>
#include <gnuradio/isac/names.h>

namespace gr {
namespace isac {

namespace {

const frame_block* as_frame_block(const gr::block_sptr& block)
{
    return dynamic_cast<const frame_block*>(block.get());
}

//! Output of the writer of a buffer, or -1.
int output_of(gr::block& writer, const gr::buffer* buffer)
{
    for (int i = 0; i < writer.detail()->noutputs(); i++) {
        if (writer.detail()->output(i).get() == buffer) {
            return i;
        }
    }
    return -1;
}

//! Whether the items of a reader are frames that it would take on `device`.
bool takes_frames(const gr::buffer_reader& reader, at::Device device)
{
    const gr::block_sptr block = reader.link();
    const auto* frames = as_frame_block(block);
    if (!frames || frames->frame_device() != device) {
        return false;
    }
    for (int i = 0; i < block->detail()->ninputs(); i++) {
        if (block->detail()->input(i).get() == &reader) {
            return frames->reads_frames(i);
        }
    }
    return false;
}

/*! Whether the frames of a buffer stay on the writer's device. Writer and readers ask the
 * same of the same flowgraph, and blocks do not change what they answer.
 */
bool stays_on_device(gr::buffer& buffer)
{
    const gr::block_sptr writer = buffer.link();
    const auto* frames = as_frame_block(writer);
    const int output = frames ? output_of(*writer, &buffer) : -1;
    if (output < 0 || !frames->writes_frames(output) || buffer.nreaders() == 0) {
        return false;
    }
    for (std::size_t i = 0; i < buffer.nreaders(); i++) {
        if (!takes_frames(*buffer.reader(i), frames->frame_device())) {
            return false;
        }
    }
    return true;
}

at::Tensor pinned_like(const at::Tensor& tensor)
{
    return at::empty(tensor.sizes(),
                     tensor.options().device(at::kCPU).pinned_memory(true));
}

std::vector<std::int64_t> with_leading(std::vector<std::int64_t> leading,
                                       const std::vector<std::int64_t>& shape)
{
    leading.insert(leading.end(), shape.begin(), shape.end());
    return leading;
}

} // namespace

frame_outputs::frame_outputs(gr::block& block, device_queue& queue, std::size_t count)
    : d_block(block), d_queue(queue), d_on_device(count, false)
{
}

void frame_outputs::start()
{
    d_any_host = false;
    for (std::size_t i = 0; i < d_on_device.size(); i++) {
        d_on_device[i] =
            stays_on_device(*d_block.detail()->output(static_cast<unsigned>(i)));
        d_any_host = d_any_host || !d_on_device[i];
    }
    for (transfer& each : d_transfers) {
        each.items.clear();
    }
}

void frame_outputs::write(const at::Tensor& all,
                          int item,
                          gr_vector_void_star& output_items)
{
    const auto shared =
        std::make_shared<const device_frames>(device_frames{all, d_queue.mark()});
    const std::int64_t intervals = all.size(0);
    const std::size_t size = all.nbytes() / (intervals * d_on_device.size());
    std::vector<char*> items(d_on_device.size(), nullptr);
    for (std::size_t i = 0; i < items.size(); i++) {
        if (!d_on_device[i]) {
            items[i] = static_cast<char*>(output_items[i]) + item * size;
            continue;
        }
        for (std::int64_t b = 0; b < intervals; b++) {
            tag_t tag;
            tag.offset = d_block.nitems_written(static_cast<unsigned>(i)) + item + b;
            tag.key = names::device_frame();
            tag.value =
                pmt::make_any(device_frame{shared, b, static_cast<std::int64_t>(i)});
            tag.srcid = d_block.alias_pmt();
            d_block.detail()->add_item_tag(static_cast<unsigned>(i), tag);
        }
    }
    if (!d_any_host) {
        return;
    }
    if (!d_queue.is_cuda()) {
        fill(all.contiguous(), items);
        return;
    }
    transfer& mine = d_transfers[d_next_transfer++ % std::size(d_transfers)];
    complete(mine);
    if (!mine.host.defined() || mine.host.sizes() != all.sizes()) {
        mine.host = pinned_like(all);
    }
    mine.host.copy_(all, /*non_blocking=*/true);
    mine.done = d_queue.mark();
    mine.items = std::move(items);
}

void frame_outputs::fill(const at::Tensor& all, const std::vector<char*>& items)
{
    const std::int64_t intervals = all.size(0);
    const std::size_t size = all.nbytes() / (intervals * items.size());
    const auto* from = static_cast<const char*>(all.data_ptr());
    for (std::int64_t b = 0; b < intervals; b++) {
        for (char* const item : items) {
            if (item) {
                std::memcpy(item + b * size, from, size);
                d_copies.add(size);
            }
            from += size;
        }
    }
}

void frame_outputs::complete(transfer& each)
{
    if (!each.items.empty()) {
        each.done.synchronize();
        fill(each.host, each.items);
        each.items.clear();
    }
}

void frame_outputs::finish()
{
    for (transfer& each : d_transfers) {
        complete(each);
    }
}

frame_inputs::frame_inputs(gr::block& block, device_queue& queue)
    : d_block(block), d_queue(queue)
{
}

void frame_inputs::start()
{
    const auto* self = dynamic_cast<const frame_block*>(&d_block);
    const int count = d_block.detail()->ninputs();
    d_on_device.assign(count, false);
    d_tags.resize(count);
    for (int i = 0; i < count; i++) {
        const auto buffer = d_block.detail()->input(i)->buffer();
        d_on_device[i] = self && self->reads_frames(i) && stays_on_device(*buffer);
    }
}

void frame_inputs::read_tags(const gr_vector_int& available)
{
    for (std::size_t i = 0; i < d_tags.size(); i++) {
        const std::uint64_t first = d_block.nitems_read(static_cast<unsigned>(i));
        d_block.detail()->get_tags_in_range(d_tags[i],
                                            static_cast<unsigned>(i),
                                            first,
                                            first + available[i],
                                            d_block.unique_id());
    }
}

std::optional<device_frame> frame_inputs::handed(std::size_t input, int item) const
{
    // Only the negotiated neighbour's tags count: a tag that has come along with a host
    // item from somewhere else says nothing of this item.
    if (!d_on_device[input]) {
        return std::nullopt;
    }
    const std::uint64_t offset = d_block.nitems_read(static_cast<unsigned>(input)) + item;
    const auto value = find_tag(d_tags[input], offset, names::device_frame());
    if (!value) {
        throw std::runtime_error("input " + std::to_string(input) + ", item " +
                                 std::to_string(offset) +
                                 ": the frame that was to stay on the device is missing");
    }
    return boost::any_cast<device_frame>(pmt::any_ref(*value));
}

at::Tensor frame_inputs::to_device(const at::Tensor& host)
{
    if (!d_queue.is_cuda()) {
        return host;
    }
    transfer& mine = d_transfers[d_next_transfer++ % std::size(d_transfers)];
    mine.done.synchronize();
    if (!mine.host.defined() || mine.host.sizes() != host.sizes()) {
        mine.host = pinned_like(host);
    }
    mine.host.copy_(host);
    at::Tensor device = mine.host.to(d_queue.device(), /*non_blocking=*/true);
    mine.done = d_queue.mark();
    d_copies.add(host.nbytes());
    return device;
}

at::Tensor frame_inputs::read(std::size_t input,
                              int item,
                              const std::vector<std::int64_t>& shape,
                              const gr_vector_const_void_star& input_items)
{
    if (const auto mine = handed(input, item)) {
        d_queue.wait(mine->frames->ready);
        d_queue.use(mine->frames->all);
        return mine->frames->all[mine->interval][mine->stream].reshape(
            with_leading({1}, shape));
    }
    const std::size_t size = c10::multiply_integers(shape);
    return to_device(
        wrap(static_cast<const gr_complex*>(input_items[input]) + item * size, shape));
}

at::Tensor frame_inputs::read_stack(std::size_t first,
                                    const std::vector<int>& items,
                                    const std::vector<std::int64_t>& shape,
                                    const gr_vector_const_void_star& input_items)
{
    std::vector<std::optional<device_frame>> parts;
    bool whole = true;
    for (std::size_t i = 0; i < items.size(); i++) {
        const auto part = handed(first + i, items[i]);
        whole = whole && part && part->stream == static_cast<std::int64_t>(i) &&
                (parts.empty() || (part->frames == parts[0]->frames &&
                                   part->interval == parts[0]->interval));
        parts.push_back(part);
    }
    const auto count = static_cast<std::int64_t>(items.size());
    if (whole && parts[0]->frames->all.size(1) == count) {
        d_queue.wait(parts[0]->frames->ready);
        d_queue.use(parts[0]->frames->all);
        return parts[0]->frames->all[parts[0]->interval].reshape(
            with_leading({1, count}, shape));
    }
    std::vector<at::Tensor> frames;
    for (std::size_t i = 0; i < items.size(); i++) {
        frames.push_back(read(first + i, items[i], shape, input_items));
        if (!parts[i] && !d_queue.is_cuda()) {
            d_copies.add(frames.back().nbytes());
        }
    }
    return at::stack(frames, 1);
}

} // namespace isac
} // namespace gr
