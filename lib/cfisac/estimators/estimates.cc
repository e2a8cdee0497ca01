// SPDX-License-Identifier: GPL-3.0-or-later
#include <cfisac/estimators/estimates.h>

namespace cfisac::estimators {

TargetEstimates prior_estimates(const Scenario& scenario)
{
    const std::int64_t q = scenario.targets.count;
    const std::int64_t d = scenario.dimensions;
    TargetEstimates result{at::empty({q, d}, at::kDouble),
                           at::empty({q, d}, at::kDouble),
                           at::zeros({q, 2 * d, 2 * d}, at::kDouble),
                           at::zeros({q}, at::kDouble)};
    const auto fill = [&](at::Tensor values, const Box& box, std::int64_t first) {
        for (std::int64_t k = 0; k < d; k++) {
            const double width = box.max[k] - box.min[k];
            values.select(1, k).fill_(0.5 * (box.min[k] + box.max[k]));
            result.covariance.select(1, first + k)
                .select(1, first + k)
                .fill_(width * width / 12.0);
        }
    };
    fill(result.location, scenario.targets.area_m, 0);
    fill(result.velocity, scenario.targets.velocity_mps, d);
    return result;
}

} // namespace cfisac::estimators
