/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "echo_estimator_impl.h"

#include <cfisac/estimators/monostatic.h>
#include <cfisac/signal/device.h>
#include <gnuradio/isac/monostatic_estimator.h>

namespace gr {
namespace isac {

namespace {

class monostatic_estimator_impl final : public monostatic_estimator,
                                        public echo_estimator_impl
{
public:
    monostatic_estimator_impl(const cfisac::Scenario& scenario,
                              const cfisac::signal::Layout& layout,
                              bool real_time)
        : gr::block("monostatic_estimator",
                    frame_signature(scenario, 1),
                    estimate_outputs::signature(scenario)),
          echo_estimator_impl(scenario, layout.device, {{0}, true, real_time, 1}),
          d_estimator(layout)
    {
    }

private:
    std::vector<cfisac::estimators::TargetEstimates> estimate(
        const std::vector<received_frame>& frames) override
    {
        return {d_estimator(frames[0].echoes[0][0], frames[0].transmit[0])};
    }

    cfisac::estimators::MonostaticEstimator d_estimator;
};

} // namespace

monostatic_estimator::sptr monostatic_estimator::make(const cfisac::Scenario& scenario,
                                                      const std::string& device,
                                                      bool real_time)
{
    return gnuradio::make_block_sptr<monostatic_estimator_impl>(
        scenario,
        cfisac::signal::Layout(scenario, cfisac::signal::resolve_device(device)),
        real_time);
}

} // namespace isac
} // namespace gr
