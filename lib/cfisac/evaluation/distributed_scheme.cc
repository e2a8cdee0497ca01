// SPDX-License-Identifier: GPL-3.0-or-later
#include "schemes.h"

#include <cfisac/estimators/access_point.h>

namespace cfisac::evaluation {
namespace {

//! Access points that estimate by themselves, and the central unit that fuses.
class DistributedScheme : public Scheme
{
public:
    DistributedScheme(estimators::Scheme scheme,
                      const Scenario& scenario,
                      const SchemeOptions& options)
        : d_scheme(scheme),
          d_scenario(scenario),
          d_reference(options.reference),
          d_central_unit(estimators::make_central_estimator(scheme, scenario))
    {
        const signal::Layout layout(scenario, options.device);
        for (std::int64_t m = 0; m < layout.receivers(); m++) {
            d_access_points.push_back(
                estimators::make_access_point_estimator(scheme, layout, m));
        }
    }

    const Scenario& scenario() const override { return d_scenario; }

    estimators::TargetEstimates operator()(const at::Tensor& echo,
                                           const at::Tensor& transmit) override
    {
        std::vector<estimators::Message> messages;
        for (std::size_t m = 0; m < d_access_points.size(); m++) {
            const auto own = echo[static_cast<std::int64_t>(m)].contiguous();
            messages.push_back((*d_access_points[m])(own, transmit));
        }
        return (*d_central_unit)(messages);
    }

    std::size_t fronthaul_bits() const override
    {
        return 16 * estimators::message_words(d_scheme, d_scenario);
    }

    std::size_t reference_bits() const override
    {
        return signal::reference_bits(d_scenario, d_reference);
    }

private:
    estimators::Scheme d_scheme;
    Scenario d_scenario;
    signal::Reference d_reference;
    std::vector<std::unique_ptr<estimators::AccessPointEstimator>> d_access_points;
    std::unique_ptr<estimators::CentralEstimator> d_central_unit;
};

} // namespace

std::unique_ptr<Scheme> make_distributed_scheme(const std::string& name,
                                                const Scenario& scenario,
                                                const SchemeOptions& options)
{
    return std::make_unique<DistributedScheme>(
        estimators::scheme_from_string(name), scenario, options);
}

} // namespace cfisac::evaluation
