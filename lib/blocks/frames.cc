/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "frames.h"
#include "real_time.h"
#include "tensor_memory.h"

#include <ATen/Parallel.h>
#include <algorithm>
#include <cmath>
#include <cstring>
#include <dlfcn.h>
#include <gnuradio/isac/names.h>
#include <numeric>
#include <stdexcept>
#include <unistd.h>

namespace gr {
namespace isac {

namespace {

std::vector<std::int64_t> frame_shape(const cfisac::Scenario& scenario, int antennas)
{
    return {antennas,
            scenario.waveform.sensed_subcarriers(),
            scenario.waveform.sensed_symbols()};
}

std::vector<std::int64_t> batch_of_one(const std::vector<std::int64_t>& shape)
{
    std::vector<std::int64_t> sizes{1};
    sizes.insert(sizes.end(), shape.begin(), shape.end());
    return sizes;
}

} // namespace

int items_in_whole_pages(std::size_t size)
{
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    return static_cast<int>(page / std::gcd(page, size));
}

void prepare_thread()
{
    // The setting of a thread takes effect with its first question; asked later, it would
    // be overwritten by what another thread has set in the meantime.
    at::get_num_threads();
    at::set_num_threads(1);
    keep_tensor_memory();
    // OpenBLAS has threads of its own, which wait for work in a loop and take the
    // processor from the other blocks. LibTorch does not hand its setting on.
    using Setter = void (*)(int);
    if (const auto set =
            reinterpret_cast<Setter>(dlsym(RTLD_DEFAULT, "openblas_set_num_threads"))) {
        set(1);
    }
}

std::vector<std::int64_t> transmit_shape(const cfisac::Scenario& scenario)
{
    return frame_shape(scenario, scenario.transmit_antennas());
}

std::vector<std::int64_t> receive_shape(const cfisac::Scenario& scenario)
{
    return frame_shape(scenario, scenario.receive_antennas());
}

std::size_t estimate_size(const cfisac::Scenario& scenario)
{
    return std::size_t{2} * scenario.dimensions * scenario.targets.count;
}

at::Tensor wrap(const void* item, const std::vector<std::int64_t>& shape)
{
    return at::from_blob(const_cast<void*>(item),
                         batch_of_one(shape),
                         at::TensorOptions(at::kComplexFloat));
}

at::Tensor stack_frames(const std::vector<const void*>& inputs,
                        std::size_t index,
                        const std::vector<std::int64_t>& shape)
{
    const std::size_t size = c10::multiply_integers(shape);
    std::vector<at::Tensor> frames;
    frames.reserve(inputs.size());
    for (const void* input : inputs) {
        const auto* item = static_cast<const c10::complex<float>*>(input) + index * size;
        frames.push_back(wrap(item, shape));
    }
    return at::stack(frames, 1);
}

int checked_batch(int batch, bool real_time)
{
    constexpr int most = 64;
    if (batch < 1 || batch > most) {
        throw std::invalid_argument("batch: " + std::to_string(batch) +
                                    " is not between 1 and " + std::to_string(most));
    }
    return real_time ? std::min(batch, frames_in_flight) : batch;
}

at::Tensor joined(const std::vector<at::Tensor>& tensors)
{
    return tensors.size() > 1 ? at::cat(tensors)
           : tensors.empty()  ? at::Tensor()
                              : tensors[0];
}

void copy_out(const at::Tensor& values, void* item, at::ScalarType type)
{
    const at::Tensor host = values.to(at::kCPU, type).contiguous();
    std::memcpy(item, host.data_ptr(), host.nbytes());
}

std::optional<pmt::pmt_t> find_tag(const std::vector<tag_t>& tags,
                                   std::uint64_t offset,
                                   const pmt::pmt_t& key)
{
    std::optional<pmt::pmt_t> value;
    for (const tag_t& tag : tags) {
        if (tag.offset == offset && pmt::eq(tag.key, key)) {
            value = tag.value;
        }
    }
    return value;
}

std::uint64_t frame_number(const std::vector<tag_t>& tags, std::uint64_t offset)
{
    const auto tag = find_tag(tags, offset, names::frame());
    if (!tag) {
        return offset;
    }
    if (pmt::is_uint64(*tag)) {
        return pmt::to_uint64(*tag);
    }
    if (pmt::is_integer(*tag) && pmt::to_long(*tag) >= 0) { // as Python makes them
        return static_cast<std::uint64_t>(pmt::to_long(*tag));
    }
    throw std::invalid_argument("tag frame of item " + std::to_string(offset) +
                                ": want a whole number, got " + pmt::write_string(*tag));
}

std::int64_t capture_time_ns(const std::vector<tag_t>& tags,
                             std::uint64_t offset,
                             std::uint64_t frame,
                             double interval_s)
{
    const auto time = find_tag(tags, offset, names::rx_time());
    if (time && pmt::is_tuple(*time) && pmt::length(*time) == 2) {
        const auto seconds = pmt::to_uint64(pmt::tuple_ref(*time, 0));
        const double fraction = pmt::to_double(pmt::tuple_ref(*time, 1));
        return static_cast<std::int64_t>(seconds) * 1000000000 +
               std::llround(fraction * 1e9);
    }
    return std::llround(static_cast<double>(frame) * interval_s * 1e9);
}

} // namespace isac
} // namespace gr
