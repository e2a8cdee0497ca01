// SPDX-License-Identifier: GPL-3.0-or-later
#include "schemes.h"

#include <ATen/core/grad_mode.h>
#include <cfisac/nn/engine.h>
#include <numeric>
#include <stdexcept>

namespace cfisac::evaluation {
namespace {

std::vector<std::int64_t> all_receivers(const Scenario& scenario)
{
    std::vector<std::int64_t> receivers(scenario.receive.size());
    std::iota(receivers.begin(), receivers.end(), 0);
    return receivers;
}

//! What the network tells of a single frame.
estimators::TargetEstimates first_of(const nn::Estimates& batch)
{
    const auto on_host = [](const at::Tensor& values) {
        return values[0].to(at::kCPU, at::kDouble);
    };
    return {on_host(batch.location),
            on_host(batch.velocity),
            {}, // no covariance
            on_host(batch.confidence)};
}

//! Raw echoes at the central unit, which knows what was transmitted.
class CentralizedScheme : public Scheme
{
public:
    CentralizedScheme(const Scenario& scenario, std::shared_ptr<const nn::Model> model)
        : d_scenario(scenario), d_model(std::move(model))
    {
    }

    const Scenario& scenario() const override { return d_scenario; }

    estimators::TargetEstimates operator()(const at::Tensor& echo,
                                           const at::Tensor& transmit) override
    {
        const c10::InferenceMode no_gradients;
        return first_of(d_model->estimate(echo.unsqueeze(0), transmit.unsqueeze(0)));
    }

    std::size_t fronthaul_bits() const override
    {
        return static_cast<std::size_t>(d_model->fronthaul_bits());
    }

    std::size_t reference_bits() const override { return 0; }

private:
    Scenario d_scenario;
    std::shared_ptr<const nn::Model> d_model;
};

//! Encoders of all access points and the decoder of the central unit.
class LearnedScheme : public Scheme
{
public:
    LearnedScheme(const Scenario& scenario, std::shared_ptr<const nn::Model> model)
        : d_scenario(scenario),
          d_model(std::move(model)),
          d_encoder(*d_model, all_receivers(scenario)),
          d_decoder(*d_model)
    {
    }

    const Scenario& scenario() const override { return d_scenario; }

    estimators::TargetEstimates operator()(const at::Tensor& echo,
                                           const at::Tensor& transmit) override
    {
        const c10::InferenceMode no_gradients;
        const auto frame = transmit.unsqueeze(0);
        std::vector<at::Tensor> echoes;
        for (std::int64_t m = 0; m < echo.size(0); m++) {
            echoes.push_back(echo.narrow(0, m, 1).contiguous());
        }
        const auto indices = d_encoder.encode(echoes, frame);
        return first_of(d_decoder.decode(indices, d_decoder.prepare(frame)));
    }

    std::size_t fronthaul_bits() const override
    {
        return static_cast<std::size_t>(d_model->fronthaul_bits());
    }

    std::size_t reference_bits() const override
    {
        return signal::reference_bits(d_scenario, d_model->architecture().reference);
    }

private:
    Scenario d_scenario;
    std::shared_ptr<const nn::Model> d_model;
    nn::EncoderEngine d_encoder;
    nn::DecoderEngine d_decoder;
};

} // namespace

std::unique_ptr<Scheme> make_learned_scheme(const std::string& name,
                                            const Scenario& scenario,
                                            std::shared_ptr<const nn::Model> model)
{
    if (!model) {
        throw std::invalid_argument("scheme '" + name + "' needs a model");
    }
    const auto own = scheme_of(*model);
    if (own != name) {
        throw std::invalid_argument("scheme '" + name + "' got the model of a '" + own +
                                    "'");
    }
    if (fingerprint(model->scenario()) != fingerprint(scenario)) {
        throw std::invalid_argument("scheme '" + name + "': the model is for scenario '" +
                                    model->scenario().name + "', not for '" +
                                    scenario.name + "' as it is here");
    }
    if (model->centralized()) {
        return std::make_unique<CentralizedScheme>(scenario, std::move(model));
    }
    return std::make_unique<LearnedScheme>(scenario, std::move(model));
}

} // namespace cfisac::evaluation
