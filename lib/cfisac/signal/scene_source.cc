// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cfisac/signal/scene_source.h>
#include <cmath>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <string>

namespace cfisac::signal {

namespace {

// As far as the offsets of clocks go.
constexpr double most_start_s = 1e9;
constexpr double forever = std::numeric_limits<double>::infinity();

Scene without_reflectors(const Layout& layout)
{
    const auto dimensions = layout.scenario.dimensions;
    return {
        at::empty({1, 0, dimensions}, at::kDouble),
        at::empty({1, 0, dimensions}, at::kDouble),
        at::empty({1, layout.transmitters(), layout.receivers(), 0}, at::kComplexDouble)};
}

double checked_start(double start_s)
{
    if (!(std::abs(start_s) <= most_start_s)) {
        throw std::invalid_argument("start time: " + std::to_string(start_s) +
                                    " s is not within ±1e9 s");
    }
    return start_s;
}

at::Tensor checked(const std::string& what,
                   const at::Tensor& values,
                   at::IntArrayRef sizes)
{
    if (!values.defined() || values.sizes() != sizes) {
        std::ostringstream text;
        text << what << " must have shape " << sizes << ", got ";
        values.defined() ? text << values.sizes() : text << "nothing";
        throw std::invalid_argument(text.str());
    }
    if (!at::isfinite(values).all().item<bool>()) {
        throw std::invalid_argument(what + " must be finite");
    }
    const auto type = values.is_complex() ? at::kComplexDouble : at::kDouble;
    return values.to(at::kCPU, type).contiguous();
}

void require_inside(const std::string& what, const at::Tensor& position, const Box& area)
{
    const auto dimensions = position.size(2);
    const auto* value = position.data_ptr<double>();
    for (std::int64_t k = 0; k < position.numel(); k++) {
        const auto d = k % dimensions;
        if (value[k] < area.min[d] || value[k] > area.max[d]) {
            std::ostringstream text;
            text << what << " position: coordinate " << d << " is " << value[k]
                 << " m, outside of " << area.min[d] << " to " << area.max[d]
                 << " m, between whose sides it moves";
            throw std::invalid_argument(text.str());
        }
    }
}

Scene checked(const std::string& what,
              const Scene& scene,
              const Layout& layout,
              const Box& area)
{
    if (!scene.position.defined() && !scene.velocity.defined() &&
        !scene.reflection.defined()) {
        return without_reflectors(layout);
    }
    const auto count = scene.position.defined() && scene.position.dim() == 3
                           ? scene.position.size(1)
                           : 0;
    const auto dimensions = layout.scenario.dimensions;
    Scene result;
    result.position = checked(what + " position", scene.position, {1, count, dimensions});
    result.velocity = checked(what + " velocity", scene.velocity, {1, count, dimensions});
    result.reflection = checked(what + " reflection",
                                scene.reflection,
                                {1, layout.transmitters(), layout.receivers(), count})
                            .to(at::kComplexDouble);
    require_inside(what, result.position, area);
    return result;
}

/*! A coordinate that moves between two walls. Unfolded, it crosses a wall every time it
 * has moved by their distance; the cell that it is in tells how often it was thrown back.
 */
class Bouncing
{
public:
    //! \param start where it is at `start_s`
    Bouncing(double start, double velocity, double min, double max, double start_s)
        : d_start(start),
          d_velocity(velocity),
          d_min(min),
          d_length(max - min),
          d_start_s(start_s)
    {
    }

    bool moves() const { return d_length > 0.0 && d_velocity != 0.0; }

    //! Choose the cell for a time.
    void seek(double time_s)
    {
        if (!moves()) {
            return;
        }
        d_cell = static_cast<std::int64_t>(std::floor(unfolded(time_s)));
        const std::int64_t onward = d_velocity > 0.0 ? 1 : -1;
        while (time_s >= leaves_s()) {
            d_cell += onward;
        }
        while (time_s < enters_s()) {
            d_cell -= onward;
        }
    }

    double enters_s() const { return moves() ? wall_s(d_velocity < 0.0) : -forever; }
    double leaves_s() const { return moves() ? wall_s(d_velocity > 0.0) : forever; }

    //! Where it is, as long as it stays in the cell.
    double position(double time_s) const
    {
        if (!moves()) {
            return d_start;
        }
        const double into = unfolded(time_s) - static_cast<double>(d_cell);
        return d_min + d_length * (mirrored() ? 1.0 - into : into);
    }

    double velocity() const
    {
        return !moves() ? 0.0 : mirrored() ? -d_velocity : d_velocity;
    }

private:
    bool mirrored() const { return d_cell % 2 != 0; }
    double unfolded(double time_s) const
    {
        return (d_start - d_min + d_velocity * (time_s - d_start_s)) / d_length;
    }
    double wall_s(bool upper) const
    {
        const auto wall = static_cast<double>(d_cell + (upper ? 1 : 0)) * d_length;
        return d_start_s + (wall - (d_start - d_min)) / d_velocity;
    }

    double d_start, d_velocity, d_min, d_length, d_start_s;
    std::int64_t d_cell = 0;
};

void add_coordinates(const Scene& scene,
                     const Box& area,
                     double start_s,
                     std::vector<Bouncing>& coordinates)
{
    const auto dimensions = scene.position.size(2);
    const auto* start = scene.position.data_ptr<double>();
    const auto* speed = scene.velocity.data_ptr<double>();
    for (std::int64_t k = 0; k < scene.position.numel(); k++) {
        const auto d = k % dimensions;
        coordinates.emplace_back(start[k], speed[k], area.min[d], area.max[d], start_s);
    }
}

} // namespace

DrawnScenes::DrawnScenes(const Scenario& scenario, std::uint64_t seed, double start_s)
    : d_layout(scenario),
      d_timing(scenario),
      d_seed(seed),
      d_start_s(checked_start(start_s))
{
}

void DrawnScenes::set_targets(const at::Tensor& position, const at::Tensor& velocity)
{
    if (!position.defined() && !velocity.defined()) {
        d_position = at::Tensor();
        d_velocity = at::Tensor();
        return;
    }
    const auto sizes = std::vector<std::int64_t>{
        1, d_layout.scenario.targets.count, d_layout.scenario.dimensions};
    const auto place = checked("target position", position, sizes);
    d_velocity = checked("target velocity", velocity, sizes);
    d_position = place;
}

SceneAt DrawnScenes::at(double time_s)
{
    const double rate_hz = d_timing.sample_rate_hz;
    const auto start_of = [&](std::int64_t frame) {
        return d_start_s + static_cast<double>(frame * d_timing.period) / rate_hz;
    };
    if (time_s < d_start_s) {
        const auto nothing = without_reflectors(d_layout);
        return {d_start_s, -forever, d_start_s, nothing, nothing.position};
    }
    auto frame =
        static_cast<std::int64_t>(std::floor((time_s - d_start_s) / d_timing.period_s()));
    while (time_s >= start_of(frame + 1)) {
        frame++;
    }
    while (time_s < start_of(frame)) {
        frame--;
    }
    const Random random(d_seed, {frame});
    auto targets = draw_targets(d_layout, d_layout.scenario.targets, random);
    if (d_position.defined()) {
        targets.position = d_position;
        targets.velocity = d_velocity;
    }
    const auto& clutter = d_layout.scenario.clutter;
    const auto scene = clutter.scatterers > 0
                           ? join(targets, draw_clutter(d_layout, clutter, random))
                           : targets;
    const double zero_s =
        start_of(frame) +
        static_cast<double>(d_timing.payload_start() - d_timing.symbol_samples()) /
            rate_hz;
    return {zero_s, start_of(frame), start_of(frame + 1), scene, scene.position};
}

MovingScene::MovingScene(const Scenario& scenario, std::uint64_t seed, double start_s)
    : d_layout(scenario), d_targets_s(checked_start(start_s)), d_clutter_s(d_targets_s)
{
    const Random random(seed, {0});
    set(draw_targets(d_layout, scenario.targets, random),
        scenario.clutter.scatterers > 0 ? draw_clutter(d_layout, scenario.clutter, random)
                                        : Scene{});
}

MovingScene::MovingScene(const Scenario& scenario,
                         const Scene& targets,
                         const Scene& clutter,
                         double start_s)
    : d_layout(scenario), d_targets_s(checked_start(start_s)), d_clutter_s(d_targets_s)
{
    set(targets, clutter);
}

void MovingScene::set(const Scene& targets, const Scene& clutter)
{
    const auto& scenario = d_layout.scenario;
    d_targets = checked("target", targets, d_layout, scenario.targets.area_m);
    d_clutter = checked("clutter", clutter, d_layout, scenario.clutter.area_m);
}

void MovingScene::set_targets(const at::Tensor& position,
                              const at::Tensor& velocity,
                              double time_s)
{
    const double start_s = checked_start(time_s);
    d_targets = checked("target",
                        {position, velocity, d_targets.reflection},
                        d_layout,
                        d_layout.scenario.targets.area_m);
    d_targets_s = start_s;
}

SceneAt MovingScene::at(double time_s)
{
    std::vector<Bouncing> coordinates;
    add_coordinates(
        d_targets, d_layout.scenario.targets.area_m, d_targets_s, coordinates);
    add_coordinates(
        d_clutter, d_layout.scenario.clutter.area_m, d_clutter_s, coordinates);
    double from_s = -forever;
    double until_s = forever;
    for (auto& coordinate : coordinates) {
        coordinate.seek(time_s);
        from_s = std::max(from_s, coordinate.enters_s());
        until_s = std::min(until_s, coordinate.leaves_s());
    }
    // At the last reflection, so that it depends on nothing but the cells.
    const double known_s = std::isfinite(from_s) ? from_s : d_targets_s;
    const auto first = join(d_targets, d_clutter);
    Scene scene{
        at::empty_like(first.position), at::empty_like(first.velocity), first.reflection};
    for (std::size_t k = 0; k < coordinates.size(); k++) {
        scene.position.data_ptr<double>()[k] = coordinates[k].position(known_s);
        scene.velocity.data_ptr<double>()[k] = coordinates[k].velocity();
    }
    return {known_s, from_s, until_s, scene, first.position};
}

} // namespace cfisac::signal
