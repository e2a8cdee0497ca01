// SPDX-License-Identifier: GPL-3.0-or-later
#include "schemes.h"

#include <cfisac/estimators/monostatic.h>
#include <stdexcept>

namespace cfisac::evaluation {
namespace {

//! One base station that hears its own echoes: it knows what it sends, and sends no
//! estimates over a fronthaul.
class MonostaticScheme : public Scheme
{
public:
    MonostaticScheme(const Scenario& scenario, at::Device device)
        : d_scenario(estimators::monostatic_scenario(scenario)),
          d_estimator(signal::Layout(d_scenario, device))
    {
    }

    const Scenario& scenario() const override { return d_scenario; }

    estimators::TargetEstimates operator()(const at::Tensor& echo,
                                           const at::Tensor& transmit) override
    {
        return d_estimator(echo[0].contiguous(), transmit);
    }

    std::size_t fronthaul_bits() const override { return 0; }
    std::size_t reference_bits() const override { return 0; }
    bool estimates_velocity() const override { return false; } // radial ones only

private:
    Scenario d_scenario;
    estimators::MonostaticEstimator d_estimator;
};

} // namespace

std::unique_ptr<Scheme> make_monostatic_scheme(const Scenario& scenario,
                                               at::Device device)
{
    try {
        return std::make_unique<MonostaticScheme>(scenario, device);
    } catch (const ScenarioError& error) { // its own scenario does not fit the users
        throw std::invalid_argument(std::string("one base station: ") + error.what());
    }
}

} // namespace cfisac::evaluation
