/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "echo_estimator_impl.h"
#include "frames.h"
#include "model_files.h"

#include <gnuradio/isac/centralized_cnn.h>
#include <numeric>

namespace gr {
namespace isac {

namespace {

//! Every receive access point of a scenario.
std::vector<int> all_receivers(const cfisac::Scenario& scenario)
{
    std::vector<int> receivers(scenario.receive.size());
    std::iota(receivers.begin(), receivers.end(), 0);
    return receivers;
}

class centralized_cnn_impl final : public centralized_cnn, public echo_estimator_impl
{
public:
    centralized_cnn_impl(const cfisac::Scenario& scenario,
                         const cfisac::nn::Model& model,
                         bool real_time,
                         int batch)
        : gr::block("centralized_cnn",
                    frame_signature(scenario,
                                    static_cast<int>(scenario.receive.size()),
                                    model.encoder_needs_transmit()),
                    estimate_outputs::signature(scenario)),
          echo_estimator_impl(scenario,
                              model.device(),
                              {all_receivers(scenario),
                               model.encoder_needs_transmit(),
                               real_time,
                               checked_batch(batch, real_time)}),
          d_model(model)
    {
    }

private:
    std::vector<cfisac::estimators::TargetEstimates> estimate(
        const std::vector<received_frame>& frames) override
    {
        std::vector<at::Tensor> echoes;
        std::vector<at::Tensor> transmit;
        for (const received_frame& each : frames) {
            echoes.push_back(at::stack(each.echoes, 1)); // [1, M, M_r, S, T]
            if (each.transmit.defined()) {
                transmit.push_back(each.transmit);
            }
        }
        const auto found = d_model.estimate(joined(echoes), joined(transmit));
        const auto host = [](const at::Tensor& values) {
            return values.to(at::kCPU, at::kDouble);
        };
        const at::Tensor location = host(found.location);
        const at::Tensor velocity = host(found.velocity);
        const at::Tensor confidence = host(found.confidence);
        std::vector<cfisac::estimators::TargetEstimates> estimates;
        for (std::int64_t i = 0; i < location.size(0); i++) {
            estimates.push_back({location[i], velocity[i], {}, confidence[i]});
        }
        return estimates;
    }

    const cfisac::nn::Model d_model;
};

} // namespace

centralized_cnn::sptr centralized_cnn::make(const cfisac::Scenario& scenario,
                                            const std::string& model_file,
                                            const std::string& device,
                                            bool real_time,
                                            int batch)
{
    return gnuradio::make_block_sptr<centralized_cnn_impl>(
        scenario, load_centralized_model(model_file, scenario, device), real_time, batch);
}

} // namespace isac
} // namespace gr
