// SPDX-License-Identifier: GPL-3.0-or-later
#include "cell_geometry.h"

namespace cfisac::signal {

namespace {

constexpr double delay_oversampling = 4.0;

}

at::Tensor CellGeometry::delays_s() const
{
    return (at::arange(count + 2, at::kDouble) + static_cast<double>(first - 1)) * step_s;
}

std::vector<CellGeometry> cell_geometry(const Layout& host,
                                        std::int64_t receiver,
                                        const at::Tensor& places)
{
    const auto& waveform = host.scenario.waveform;
    const auto place = places.unsqueeze(0);
    const auto paths = bistatic_paths(host, place, at::zeros_like(place));
    const auto arriving = steering_vectors(host.receive, paths.receive);
    const auto departing = steering_vectors(host.transmit, paths.transmit);
    std::vector<CellGeometry> pairs;
    for (std::int64_t n = 0; n < host.transmitters(); n++) {
        CellGeometry pair;
        pair.arriving = arriving[0][receiver];
        pair.departing = departing[0][n];
        pair.step_s = 1.0 / (delay_oversampling * waveform.subcarriers *
                             waveform.subcarrier_spacing_hz);
        const auto steps =
            paths.delay_s.select(1, n).select(1, receiver).select(0, 0).div(pair.step_s);
        const auto nearest = steps.round().to(at::kLong);
        pair.first = nearest.min().item<std::int64_t>();
        pair.count = nearest.max().item<std::int64_t>() - pair.first + 1;
        pair.step = (nearest - pair.first).contiguous();
        const auto x = steps - nearest;
        pair.weights = at::stack({x * (x - 1.0) / 2.0, 1.0 - x * x, x * (x + 1.0) / 2.0});
        pairs.push_back(std::move(pair));
    }
    return pairs;
}

} // namespace cfisac::signal
