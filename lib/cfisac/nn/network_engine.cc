// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine_backend.h"

namespace cfisac::nn::detail {

namespace {

class NetworkEncoder : public EncoderBackend
{
public:
    NetworkEncoder(const Model& model, const std::vector<std::int64_t>& receivers)
        : d_model(model), d_receivers(receivers)
    {
    }

    std::vector<at::Tensor> encode(const std::vector<at::Tensor>& echoes,
                                   const at::Tensor& transmit) override
    {
        std::vector<at::Tensor> indices;
        for (std::size_t k = 0; k < echoes.size(); k++) {
            indices.push_back(d_model.encode(d_receivers[k], echoes[k], transmit));
        }
        return indices;
    }

private:
    const Model d_model;
    const std::vector<std::int64_t> d_receivers;
};

class NetworkDecoder : public DecoderBackend
{
public:
    explicit NetworkDecoder(const Model& model) : d_model(model) {}

    at::Tensor prepare(const at::Tensor& transmit) override { return transmit; }

    Estimates decode(const std::vector<at::Tensor>& indices,
                     const at::Tensor& prepared) override
    {
        return d_model.decode(indices, prepared);
    }

    std::vector<Detections> detect(const std::vector<at::Tensor>& indices,
                                   double threshold) override
    {
        return d_model.detect(indices, {}, threshold);
    }

private:
    const Model d_model;
};

} // namespace

std::unique_ptr<EncoderBackend> make_network_encoder(
    const Model& model, const std::vector<std::int64_t>& receivers)
{
    return std::make_unique<NetworkEncoder>(model, receivers);
}

std::unique_ptr<DecoderBackend> make_network_decoder(const Model& model)
{
    return std::make_unique<NetworkDecoder>(model);
}

} // namespace cfisac::nn::detail
