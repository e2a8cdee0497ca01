// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_NN_ENGINE_BACKEND_H
#define INCLUDED_CFISAC_NN_ENGINE_BACKEND_H

#include <cfisac/nn/engine.h>

namespace cfisac::nn::detail {

//! Of weights and activations
at::ScalarType type_of(Precision precision);

//! Behind EncoderEngine: arguments are checked there.
class EncoderBackend
{
public:
    virtual ~EncoderBackend() = default;
    virtual std::vector<at::Tensor> encode(const std::vector<at::Tensor>& echoes,
                                           const at::Tensor& transmit) = 0;
};

//! Behind DecoderEngine: arguments are checked there.
class DecoderBackend
{
public:
    virtual ~DecoderBackend() = default;
    virtual at::Tensor prepare(const at::Tensor& transmit) = 0;
    virtual Estimates decode(const std::vector<at::Tensor>& indices,
                             const at::Tensor& prepared) = 0;
    virtual std::vector<Detections> detect(const std::vector<at::Tensor>& indices,
                                           double threshold) = 0;
};

std::unique_ptr<EncoderBackend> make_dense_encoder(
    const Model& model,
    const std::vector<std::int64_t>& receivers,
    const EngineOptions& options);
std::unique_ptr<EncoderBackend> make_grid_encoder(
    const Model& model,
    const std::vector<std::int64_t>& receivers,
    const EngineOptions& options);
//! Through the trainable network, in float32: for devices that the grid engines do not have.
std::unique_ptr<EncoderBackend> make_network_encoder(
    const Model& model, const std::vector<std::int64_t>& receivers);
std::unique_ptr<DecoderBackend> make_network_decoder(const Model& model);

std::unique_ptr<DecoderBackend> make_dense_decoder(const Model& model,
                                                   const EngineOptions& options);
std::unique_ptr<DecoderBackend> make_grid_decoder(const Model& model,
                                                  const EngineOptions& options);

} // namespace cfisac::nn::detail

#endif
