/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the central unit does with the transmit frames before their packets come.

#include "frames.h"
#include "fusion_decoder_impl.h"

#include <algorithm>
#include <gnuradio/block_detail.h>
#include <gnuradio/buffer_reader.h>

namespace gr {
namespace isac {

bool fusion_decoder_impl::is_preparation_due() const
{
    if (!d_needs_transmit || !detail() || d_prepared.size() >= frames_in_flight) {
        return false;
    }
    const auto inputs = static_cast<std::size_t>(detail()->ninputs());
    for (std::size_t i = d_access_points; i < inputs; i++) {
        const auto available = detail()->input(i)->items_available();
        if (available <= static_cast<int>(d_prepared.size())) {
            return false;
        }
    }
    return true;
}

bool fusion_decoder_impl::prepare_next(const gr_vector_int& ninput_items,
                                       const gr_vector_const_void_star& input_items)
{
    const int next = static_cast<int>(d_prepared.size());
    if (!d_needs_transmit || next >= frames_in_flight ||
        next >= *std::min_element(ninput_items.begin() + d_access_points,
                                  ninput_items.end())) {
        return false;
    }
    const std::vector<int> items(input_items.size() - d_access_points, next);
    std::vector<std::uint64_t> numbers;
    for (std::size_t i = d_access_points; i < input_items.size(); i++) {
        numbers.push_back(frame_number(d_inputs.tags(i), nitems_read(i) + next));
    }
    prepared_frame mine{nitems_read(d_access_points) + next, numbers[0], {}};
    const bool same = std::all_of(
        numbers.begin(), numbers.end(), [&](std::uint64_t n) { return n == numbers[0]; });
    if (same) {
        mine.value = d_engine.prepare(d_inputs.read_stack(
            d_access_points, items, transmit_shape(d_scenario), input_items));
    }
    d_prepared.push_back(mine);
    return true;
}

at::Tensor fusion_decoder_impl::prepared(std::uint64_t frame,
                                         const std::vector<int>& items,
                                         const gr_vector_const_void_star& input_items)
{
    if (!d_needs_transmit) {
        return {};
    }
    const std::uint64_t item = nitems_read(d_access_points) + items[0];
    for (const prepared_frame& each : d_prepared) {
        if (each.item == item && each.frame == frame && each.value.defined()) {
            return each.value;
        }
    }
    return d_engine.prepare(d_inputs.read_stack(
        d_access_points, items, transmit_shape(d_scenario), input_items));
}

} // namespace isac
} // namespace gr
