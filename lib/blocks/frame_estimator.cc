/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "frame_memory.h"
#include "model_files.h"
#include "packet_streams.h"

#include <algorithm>
#include <cfisac/estimators/access_point.h>
#include <cfisac/estimators/monostatic.h>
#include <cfisac/signal/device.h>
#include <gnuradio/isac/frame_estimator.h>
#include <numeric>
#include <stdexcept>

namespace gr {
namespace isac {

namespace estimators = cfisac::estimators;
using cfisac::signal::Layout;

namespace {

frame_estimates of_targets(const estimators::TargetEstimates& found)
{
    return {numbers_of(found.location),
            numbers_of(found.velocity),
            numbers_of(found.confidence),
            found.covariance.defined() ? numbers_of(found.covariance)
                                       : std::vector<double>()};
}

frame_estimates of_network(const cfisac::nn::Estimates& found)
{
    return {numbers_of(found.location[0]),
            numbers_of(found.velocity[0]),
            numbers_of(found.confidence[0]),
            {}};
}

//! Checks what is estimated from, for whoever estimates.
class checked_estimator : public frame_estimator
{
public:
    checked_estimator(const cfisac::Scenario& scenario, at::Device device)
        : d_echo_shape(echo_frames_shape(scenario)),
          d_transmit_shape(transmit_frames_shape(scenario)),
          d_device(device)
    {
    }

    frame_estimates estimate(const std::vector<gr_complex>& echo,
                             const std::vector<gr_complex>& transmit) override
    {
        const c10::InferenceMode no_gradients;
        const single_thread as_blocks;
        return work(tensor_of("echo", echo, d_echo_shape, d_device),
                    tensor_of("transmit", transmit, d_transmit_shape, d_device));
    }

private:
    //! \param echo [M, M_r, S, T], \param transmit [N, N_t, S, T], both on the device
    virtual frame_estimates work(const at::Tensor& echo, const at::Tensor& transmit) = 0;

    const std::vector<std::int64_t> d_echo_shape;
    const std::vector<std::int64_t> d_transmit_shape;
    const at::Device d_device;
};

//! The schemes whose access points estimate by themselves.
class scheme_estimator final : public checked_estimator
{
public:
    scheme_estimator(const Layout& layout,
                     estimators::Scheme scheme,
                     const std::vector<int>& absent,
                     estimators::StaticClutter static_clutter)
        : checked_estimator(layout.scenario, layout.device),
          d_access_points(layout.scenario.receive.size()),
          d_central(estimators::make_central_estimator(scheme, layout.scenario))
    {
        for (const auto m : present_access_points(layout.scenario, absent)) {
            d_access_points[m] = estimators::make_access_point_estimator(
                scheme, layout, static_cast<std::int64_t>(m), static_clutter);
        }
    }

private:
    frame_estimates work(const at::Tensor& echo, const at::Tensor& transmit) override
    {
        std::vector<estimators::Message> messages(d_access_points.size());
        for (std::size_t m = 0; m < messages.size(); m++) {
            if (d_access_points[m]) {
                messages[m] =
                    (*d_access_points[m])(echo[static_cast<std::int64_t>(m)], transmit);
            }
        }
        return of_targets((*d_central)(messages));
    }

    std::vector<std::unique_ptr<estimators::AccessPointEstimator>> d_access_points;
    const std::unique_ptr<estimators::CentralEstimator> d_central;
};

class monostatic final : public checked_estimator
{
public:
    explicit monostatic(const Layout& layout)
        : checked_estimator(layout.scenario, layout.device), d_estimator(layout)
    {
    }

private:
    frame_estimates work(const at::Tensor& echo, const at::Tensor& transmit) override
    {
        return of_targets(d_estimator(echo[0], transmit));
    }

    estimators::MonostaticEstimator d_estimator;
};

//! Encoders at the access points and a decoder.
class distributed_network final : public checked_estimator
{
public:
    distributed_network(const cfisac::nn::Model& model,
                        const std::vector<int>& absent,
                        const std::string& precision)
        : checked_estimator(model.scenario(), model.device()),
          d_receivers(present_access_points(model.scenario(), absent)),
          d_count(model.scenario().receive.size()),
          d_encoder(
              model, {d_receivers.begin(), d_receivers.end()}, engine_options(precision)),
          d_decoder(model, engine_options(precision))
    {
    }

private:
    frame_estimates work(const at::Tensor& echo, const at::Tensor& transmit) override
    {
        const at::Tensor sent = transmit.unsqueeze(0);
        std::vector<at::Tensor> echoes;
        for (const auto m : d_receivers) {
            echoes.push_back(echo[static_cast<std::int64_t>(m)].unsqueeze(0));
        }
        const auto encoded = d_encoder.encode(echoes, sent);
        std::vector<at::Tensor> indices(d_count);
        for (std::size_t i = 0; i < d_receivers.size(); i++) {
            indices[d_receivers[i]] = encoded[i];
        }
        return of_network(d_decoder.decode(indices, d_decoder.prepare(sent)));
    }

    const std::vector<std::size_t> d_receivers;
    const std::size_t d_count;
    cfisac::nn::EncoderEngine d_encoder;
    cfisac::nn::DecoderEngine d_decoder;
};

class centralized_network final : public checked_estimator
{
public:
    explicit centralized_network(const cfisac::nn::Model& model)
        : checked_estimator(model.scenario(), model.device()), d_model(model)
    {
    }

private:
    frame_estimates work(const at::Tensor& echo, const at::Tensor& transmit) override
    {
        return of_network(d_model.estimate(echo.unsqueeze(0), transmit.unsqueeze(0)));
    }

    const cfisac::nn::Model d_model;
};

} // namespace

frame_estimator::sptr frame_estimator::make(const cfisac::Scenario& scenario,
                                            const std::string& receiver,
                                            const std::string& device,
                                            const std::vector<int>& absent,
                                            const std::string& static_clutter)
{
    const Layout layout(scenario, at::Device(cfisac::signal::resolve_device(device)));
    const auto clutter = estimators::static_clutter_from_string(static_clutter);
    if (clutter != estimators::StaticClutter::as_scenario && receiver != "ml") {
        throw std::invalid_argument("static clutter: \"" + static_clutter +
                                    "\" is for the receiver ml, not for " + receiver);
    }
    if (receiver == "monostatic") {
        present_access_points(scenario,
                              absent); // of which there is one, which must be left
        return std::make_shared<monostatic>(layout);
    }
    if (receiver != "ml" && receiver != "music" && receiver != "cs") {
        throw std::invalid_argument("receiver: \"" + receiver +
                                    "\" is not one of ml, music, cs and monostatic");
    }
    return std::make_shared<scheme_estimator>(
        layout, estimators::scheme_from_string(receiver), absent, clutter);
}

frame_estimator::sptr frame_estimator::make_model(const cfisac::Scenario& scenario,
                                                  const std::string& model_file,
                                                  const std::string& device,
                                                  const std::vector<int>& absent,
                                                  const std::string& precision)
{
    const auto model = cfisac::nn::Model::load(
        model_file, scenario, cfisac::signal::resolve_device(device));
    if (!model.centralized()) {
        return std::make_shared<distributed_network>(model, absent, precision);
    }
    if (!absent.empty()) {
        throw std::invalid_argument("absent: " + model_file +
                                    " is a centralized network, which needs the echoes "
                                    "of all access points");
    }
    if (precision != "float32") {
        throw std::invalid_argument("precision: \"" + precision + "\": " + model_file +
                                    " is a centralized network, which computes in "
                                    "float32");
    }
    return std::make_shared<centralized_network>(model);
}

} // namespace isac
} // namespace gr
