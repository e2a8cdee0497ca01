/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_FRAMES_H
#define INCLUDED_ISAC_FRAMES_H

#include <ATen/ATen.h>
#include <cfisac/scenario/scenario.h>
#include <cstdint>
#include <gnuradio/tags.h>
#include <optional>
#include <string>
#include <vector>

namespace gr {
namespace isac {

/*! \file
 * Between stream items and tensors. Blocks hand one frame at a time to LibTorch, on one
 * thread, so that numbers do not depend on how many items a call of work() brings; the
 * networks take several where the user asks for it.
 */

/*! Smallest number of items that fills whole pages. GNU Radio rounds a buffer up to it
 * and warns when asked for less.
 * \param size of an item, bytes
 */
int items_in_whole_pages(std::size_t size);

/*! Prepare the calling thread for LibTorch: its loops run in this thread, since the
 * blocks run side by side already, and it keeps the memory of its tensors. To be called in
 * start(), which GNU Radio calls in the block's own thread.
 */
void prepare_thread();

//! Shape [antennas, S, T] of a transmit frame, or of an echo frame.
std::vector<std::int64_t> transmit_shape(const cfisac::Scenario& scenario);
std::vector<std::int64_t> receive_shape(const cfisac::Scenario& scenario);

//! Floats in an item of truth or estimates, 2·D·Q.
std::size_t estimate_size(const cfisac::Scenario& scenario);

//! A frame item as a tensor [1, shape...], complex64, on the item's own memory.
at::Tensor wrap(const void* item, const std::vector<std::int64_t>& shape);

/*! One frame of every transmit access point as X [1, N, N_t, S, T]: a copy, as the frames
 * lie in different buffers.
 * \param inputs first item of each stream, \param index which item
 */
at::Tensor stack_frames(const std::vector<const void*>& inputs,
                        std::size_t index,
                        const std::vector<std::int64_t>& shape);

/*! Most frames that a block has a network work on at once.
 * \throws std::invalid_argument unless `batch` is 1 … 64
 * \return `batch`, in real time as many as may wait at most
 */
int checked_batch(int batch, bool real_time);

//! Tensors [1, …] one after the other, [B, …]; without a copy for B = 1, undefined for
//! none.
at::Tensor joined(const std::vector<at::Tensor>& tensors);

//! Copy a tensor's values to an item; `type` is that of the item.
void copy_out(const at::Tensor& values, void* item, at::ScalarType type = at::kFloat);

//! The last of these tags with this key and offset.
std::optional<pmt::pmt_t> find_tag(const std::vector<tag_t>& tags,
                                   std::uint64_t offset,
                                   const pmt::pmt_t& key);

//! Frame number of an item: its tag `frame`, or `offset`, its place in the stream.
std::uint64_t frame_number(const std::vector<tag_t>& tags, std::uint64_t offset);

//! Capture time of an item: its tag `rx_time`, or frame number times interval; ns.
std::int64_t capture_time_ns(const std::vector<tag_t>& tags,
                             std::uint64_t offset,
                             std::uint64_t frame,
                             double interval_s);

} // namespace isac
} // namespace gr

#endif
