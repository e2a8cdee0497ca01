// SPDX-License-Identifier: GPL-3.0-or-later
#include "echo_host.h"
#include "complex_data.h"
#include "echo_kernel.h"
#include "parallel.h"
#include "path_tables.h"
#include "streams.h"

namespace cfisac::signal {

at::Tensor echo_on_host(const Layout& layout,
                        const at::Tensor& transmit,
                        const Scene& scene,
                        const std::optional<Offsets>& offsets,
                        const std::optional<EchoNoise>& noise)
{
    const auto& scenario = layout.scenario;
    const auto paths = bistatic_paths(layout, scene.position, scene.velocity);
    const auto gain =
        (scene.reflection.to(at::kComplexDouble) * paths.amplitude).contiguous();
    host::EchoInputs in;
    in.sizes = host::frame_sizes(layout, scene);
    in.grid = host::frame_grid(scenario.waveform);
    in.departing = host::steering_table<float>(paths.transmit, scenario.transmit, -1.0);
    in.arriving = host::steering_table<float>(paths.receive, scenario.receive, 1.0);
    in.over_subcarriers = host::subcarrier_table<float>(
        paths, complex_data<double>(gain), in.grid, in.sizes.subcarriers);
    in.over_symbols = host::symbol_table<float>(paths, in.grid, in.sizes.symbols);

    const auto x = transmit.resolve_conj().contiguous();
    in.transmit = complex_data<float>(x);
    at::Tensor timing, frequency;
    if (offsets) {
        timing = offsets->timing_s.to(at::kDouble).contiguous();
        frequency = offsets->frequency_hz.to(at::kDouble).contiguous();
        in.timing_s = timing.data_ptr<double>();
        in.frequency_hz = frequency.data_ptr<double>();
    }
    if (noise) {
        in.noise_deviation = static_cast<float>(noise->deviation);
        for (std::int64_t b = 0; b < in.sizes.batch; b++) {
            in.noise.push_back(stream_of(noise->random, Purpose::sensing_noise, b));
        }
    }

    auto result = at::empty({in.sizes.batch,
                             in.sizes.receivers,
                             in.sizes.receive_antennas,
                             in.sizes.subcarriers,
                             in.sizes.symbols},
                            transmit.scalar_type());
    auto* received = complex_data<float>(result);
    parallel_for(
        0, host::echo_parts(in.sizes), [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t part = begin; part < end; part++) {
                host::echo_part(in, part, received);
            }
        });
    return result;
}

} // namespace cfisac::signal
