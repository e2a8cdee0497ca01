// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cfisac/signal/scene.h>
#include <cmath>
#include <stdexcept>
#include <string>

namespace cfisac::signal {

namespace {

at::TensorOptions real_options(const Layout& layout)
{
    return at::TensorOptions().dtype(at::kDouble).device(layout.device);
}

at::Tensor draw_reflection(const Layout& layout,
                           double variance,
                           const Random& random,
                           Purpose purpose,
                           std::int64_t count)
{
    return random.complex_normal(purpose,
                                 {layout.transmitters(), layout.receivers(), count},
                                 real_options(layout),
                                 std::sqrt(variance));
}

void require_frames(const char* what, std::size_t frames, const Random& random)
{
    if (static_cast<std::int64_t>(frames) != random.batch()) {
        throw std::invalid_argument(std::string(what) + " of " + std::to_string(frames) +
                                    " frames given for " +
                                    std::to_string(random.batch()) + " frames");
    }
}

std::int64_t largest_count(const std::vector<Population>& frames)
{
    std::int64_t largest = 0;
    for (const auto& frame : frames) {
        if (frame.count < 0) {
            throw std::invalid_argument("number of reflectors must not be negative, is " +
                                        std::to_string(frame.count));
        }
        largest = std::max(largest, frame.count);
    }
    return largest;
}

// Reflections of `size` places of which each frame has its own number. A frame with
// `count` reflectors has the values that `draw_reflection` gives it with this count: the
// draws of its (n, m, q) are `count` apart, not `size`.
at::Tensor draw_reflection(const Layout& layout,
                           const std::vector<Population>& frames,
                           const Random& random,
                           Purpose purpose,
                           std::int64_t size)
{
    const auto pairs = layout.transmitters() * layout.receivers();
    std::vector<std::int64_t> counts;
    std::vector<double> scales;
    for (const auto& frame : frames) {
        counts.push_back(frame.count);
        scales.push_back(std::sqrt(frame.reflection_variance));
    }
    const auto to_column = [&](const at::Tensor& values) { // [B] → [B, 1, 1]
        return values.to(layout.device).view({-1, 1, 1});
    };
    const auto count = to_column(at::tensor(counts, at::kLong));
    const auto scale = to_column(at::tensor(scales, at::kDouble));
    const auto options = at::TensorOptions().dtype(at::kLong).device(layout.device);
    const auto place = at::arange(size, options);               // [size]
    const auto pair = at::arange(pairs, options).unsqueeze(-1); // [N M, 1]
    const auto index = (pair * count + place).clamp_max(pairs * size - 1);
    const auto drawn =
        random.complex_normal(purpose, {pairs * size}, real_options(layout));
    const auto reflection = drawn.gather(1, index.flatten(1)).view(index.sizes()) * scale;
    return at::where(place < count, reflection, at::zeros({}, reflection.options()))
        .view({random.batch(), layout.transmitters(), layout.receivers(), size});
}

} // namespace

at::Tensor draw_in_box(const Box& box,
                       const Random& random,
                       Purpose purpose,
                       std::int64_t count,
                       at::Device device)
{
    const auto dimensions = static_cast<std::int64_t>(box.min.size());
    const auto options = at::TensorOptions().dtype(at::kDouble).device(device);
    auto place = random.uniform(purpose, {count, dimensions}, options);
    if (device.is_cpu()) {
        auto* value = place.data_ptr<double>();
        for (std::int64_t k = 0; k < place.numel(); k++) {
            const auto d = k % dimensions;
            value[k] = value[k] * (box.max[d] - box.min[d]) + box.min[d];
        }
        return place;
    }
    // Numbers travel with the calls, tensors would be copied to the device each time.
    for (std::int64_t d = 0; d < dimensions; d++) {
        place.select(-1, d).mul_(box.max[d] - box.min[d]).add_(box.min[d]);
    }
    return place;
}

Scene join(const Scene& first, const Scene& second)
{
    return {at::cat({first.position, second.position}, 1),
            at::cat({first.velocity, second.velocity}, 1),
            at::cat({first.reflection, second.reflection}, -1)};
}

Scene draw_targets(const Layout& layout, const Targets& targets, const Random& random)
{
    return {draw_in_box(targets.area_m,
                        random,
                        Purpose::target_position,
                        targets.count,
                        layout.device),
            draw_in_box(targets.velocity_mps,
                        random,
                        Purpose::target_velocity,
                        targets.count,
                        layout.device),
            draw_reflection(layout,
                            targets.reflection_variance,
                            random,
                            Purpose::target_reflection,
                            targets.count)};
}

Scene draw_clutter(const Layout& layout, const Clutter& clutter, const Random& random)
{
    return {draw_in_box(clutter.area_m,
                        random,
                        Purpose::clutter_position,
                        clutter.scatterers,
                        layout.device),
            draw_in_box(clutter.velocity_mps,
                        random,
                        Purpose::clutter_velocity,
                        clutter.scatterers,
                        layout.device),
            draw_reflection(layout,
                            clutter.reflection_variance,
                            random,
                            Purpose::clutter_reflection,
                            clutter.scatterers)};
}

Scene draw_targets(const Layout& layout,
                   const Targets& targets,
                   const std::vector<Population>& frames,
                   const Random& random)
{
    require_frames("targets", frames.size(), random);
    const auto size = std::max<std::int64_t>(targets.count, largest_count(frames));
    return {
        draw_in_box(
            targets.area_m, random, Purpose::target_position, size, layout.device),
        draw_in_box(
            targets.velocity_mps, random, Purpose::target_velocity, size, layout.device),
        draw_reflection(layout, frames, random, Purpose::target_reflection, size)};
}

Scene draw_clutter(const Layout& layout,
                   const Clutter& clutter,
                   const std::vector<Population>& frames,
                   const Random& random)
{
    require_frames("clutter", frames.size(), random);
    const auto size = largest_count(frames);
    return {
        draw_in_box(
            clutter.area_m, random, Purpose::clutter_position, size, layout.device),
        draw_in_box(
            clutter.velocity_mps, random, Purpose::clutter_velocity, size, layout.device),
        draw_reflection(layout, frames, random, Purpose::clutter_reflection, size)};
}

Offsets draw_offsets(const Layout& layout, const Clocks& clocks, const Random& random)
{
    return draw_offsets(layout, std::vector<Clocks>{clocks}, random);
}

Offsets draw_offsets(const Layout& layout,
                     const std::vector<Clocks>& frames,
                     const Random& random)
{
    if (frames.size() != 1) {
        require_frames("clocks", frames.size(), random);
    }
    std::vector<double> timing, frequency;
    for (const auto& clocks : frames) {
        timing.push_back(clocks.timing_offset_std_s);
        frequency.push_back(clocks.frequency_offset_std_hz);
    }
    const auto spread = [&](const std::vector<double>& values) {
        return at::tensor(values, at::kDouble).to(layout.device).view({-1, 1, 1, 1});
    };
    const std::vector<std::int64_t> sizes = {
        layout.transmitters(), layout.receivers(), layout.symbols()};
    const auto options = real_options(layout);
    return {random.normal(Purpose::timing_offset, sizes, options) * spread(timing),
            random.normal(Purpose::frequency_offset, sizes, options) * spread(frequency)};
}

} // namespace cfisac::signal
