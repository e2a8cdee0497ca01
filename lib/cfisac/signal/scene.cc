// SPDX-License-Identifier: GPL-3.0-or-later
#include <cfisac/signal/scene.h>
#include <cmath>

namespace cfisac::signal {

namespace {

at::TensorOptions real_options(const Layout& layout)
{
    return at::TensorOptions().dtype(at::kDouble).device(layout.device);
}

at::Tensor draw_in_box(const Layout& layout,
                       const Box& box,
                       const Random& random,
                       Purpose purpose,
                       std::int64_t count)
{
    const auto options = real_options(layout);
    const auto low = at::tensor(box.min, at::kDouble).to(layout.device);
    const auto high = at::tensor(box.max, at::kDouble).to(layout.device);
    return random.uniform(purpose, {count, low.size(0)}, options) * (high - low) + low;
}

at::Tensor draw_reflection(const Layout& layout,
                           double variance,
                           const Random& random,
                           Purpose purpose,
                           std::int64_t count)
{
    return random.complex_normal(purpose,
                                 {layout.transmitters(), layout.receivers(), count},
                                 real_options(layout)) *
           std::sqrt(variance);
}

} // namespace

Scene join(const Scene& first, const Scene& second)
{
    return {at::cat({first.position, second.position}, 1),
            at::cat({first.velocity, second.velocity}, 1),
            at::cat({first.reflection, second.reflection}, -1)};
}

Scene draw_targets(const Layout& layout, const Targets& targets, const Random& random)
{
    return {draw_in_box(
                layout, targets.area_m, random, Purpose::target_position, targets.count),
            draw_in_box(layout,
                        targets.velocity_mps,
                        random,
                        Purpose::target_velocity,
                        targets.count),
            draw_reflection(layout,
                            targets.reflection_variance,
                            random,
                            Purpose::target_reflection,
                            targets.count)};
}

Scene draw_clutter(const Layout& layout, const Clutter& clutter, const Random& random)
{
    return {draw_in_box(layout,
                        clutter.area_m,
                        random,
                        Purpose::clutter_position,
                        clutter.scatterers),
            draw_in_box(layout,
                        clutter.velocity_mps,
                        random,
                        Purpose::clutter_velocity,
                        clutter.scatterers),
            draw_reflection(layout,
                            clutter.reflection_variance,
                            random,
                            Purpose::clutter_reflection,
                            clutter.scatterers)};
}

Offsets draw_offsets(const Layout& layout, const Clocks& clocks, const Random& random)
{
    const std::vector<std::int64_t> sizes = {
        layout.transmitters(), layout.receivers(), layout.symbols()};
    const auto options = real_options(layout);
    return {random.normal(Purpose::timing_offset, sizes, options) *
                clocks.timing_offset_std_s,
            random.normal(Purpose::frequency_offset, sizes, options) *
                clocks.frequency_offset_std_hz};
}

} // namespace cfisac::signal
