// SPDX-License-Identifier: GPL-3.0-or-later
#include "check.h"
#include "engine_backend.h"

#include <cfisac/nn/dvqvae.h>

namespace cfisac::nn {

namespace {

constexpr Precision precisions[] = {
    Precision::float32, Precision::bfloat16, Precision::float16};

void check_model(const Model& model, Precision precision)
{
    detail::require(!model.centralized(),
                    "engine: the cnn read-out has no encoder and no decoder; "
                    "Model::estimate takes the raw echoes");
    detail::require(precision != Precision::float16 || model.device().is_cuda(),
                    "engine: precision float16 is for CUDA devices, the model is on ",
                    model.device());
}

// \throws std::invalid_argument unless `tensor` is [B, sizes...]
void check_frames(const char* name,
                  const at::Tensor& tensor,
                  std::int64_t batch,
                  at::IntArrayRef sizes)
{
    detail::require(tensor.defined() &&
                        tensor.dim() == static_cast<std::int64_t>(sizes.size()) + 1 &&
                        tensor.size(0) == batch && tensor.sizes().slice(1) == sizes &&
                        tensor.scalar_type() == at::kComplexFloat,
                    "engine: ",
                    name,
                    " must be complex64 of ",
                    batch,
                    " times ",
                    sizes,
                    tensor.defined()
                        ? c10::str(", got ", tensor.sizes(), " of ", tensor.scalar_type())
                        : std::string(", got nothing"));
}

std::vector<std::int64_t> frame_shape(const Scenario& scenario, int antennas)
{
    return {antennas,
            scenario.waveform.sensed_subcarriers(),
            scenario.waveform.sensed_symbols()};
}

std::vector<std::int64_t> transmit_shape(const Scenario& scenario)
{
    auto shape = frame_shape(scenario, scenario.transmit_antennas());
    shape.insert(shape.begin(), static_cast<std::int64_t>(scenario.transmit.size()));
    return shape;
}

} // namespace

const char* to_string(Precision precision)
{
    switch (precision) {
    case Precision::float32:
        return "float32";
    case Precision::bfloat16:
        return "bfloat16";
    case Precision::float16:
        return "float16";
    }
    throw std::invalid_argument("unknown precision");
}

Precision precision_from_string(const std::string& name)
{
    for (const auto precision : precisions) {
        if (name == to_string(precision)) {
            return precision;
        }
    }
    throw std::invalid_argument("precision must be float32, bfloat16 or float16, got '" +
                                name + "'");
}

at::ScalarType detail::type_of(Precision precision)
{
    switch (precision) {
    case Precision::float32:
        return at::kFloat;
    case Precision::bfloat16:
        return at::kBFloat16;
    case Precision::float16:
        return at::kHalf;
    }
    throw std::invalid_argument("unknown precision");
}

EncoderEngine::EncoderEngine(const Model& model,
                             const std::vector<std::int64_t>& receivers,
                             const EngineOptions& options)
    : d_echo_shape(frame_shape(model.scenario(), model.scenario().receive_antennas())),
      d_transmit_shape(transmit_shape(model.scenario())),
      d_receivers(receivers.size()),
      d_needs_transmit(model.encoder_needs_transmit())
{
    const c10::InferenceMode no_gradients;
    check_model(model, options.precision);
    detail::require(!receivers.empty(), "engine: no access point to encode for");
    for (const auto receiver : receivers) {
        detail::require(receiver >= 0 && receiver < model.network()->receivers(),
                        "engine: receive access point must be 0 to ",
                        model.network()->receivers() - 1,
                        ", got ",
                        receiver);
    }
    d_backend = model.architecture().read_out == ReadOut::grid
                    ? detail::make_grid_encoder(model, receivers, options)
                    : detail::make_dense_encoder(model, receivers, options);
}

EncoderEngine::~EncoderEngine() = default;
EncoderEngine::EncoderEngine(EncoderEngine&&) noexcept = default;
EncoderEngine& EncoderEngine::operator=(EncoderEngine&&) noexcept = default;

std::vector<at::Tensor> EncoderEngine::encode(const std::vector<at::Tensor>& echoes,
                                              const at::Tensor& transmit)
{
    const c10::InferenceMode no_gradients;
    detail::require(echoes.size() == d_receivers,
                    "engine: ",
                    echoes.size(),
                    " echoes for ",
                    d_receivers,
                    " access points");
    const auto batch = echoes[0].defined() && echoes[0].dim() > 0 ? echoes[0].size(0) : 0;
    for (const auto& echo : echoes) {
        check_frames("echo", echo, batch, d_echo_shape);
    }
    if (d_needs_transmit) {
        check_frames("transmit", transmit, batch, d_transmit_shape);
    }
    return d_backend->encode(echoes, transmit);
}

DecoderEngine::DecoderEngine(const Model& model, const EngineOptions& options)
    : d_transmit_shape(transmit_shape(model.scenario())),
      d_index_count(model.index_count()),
      d_receivers(static_cast<std::size_t>(model.network()->receivers())),
      d_needs_transmit(model.decoder_needs_transmit())
{
    const c10::InferenceMode no_gradients;
    check_model(model, options.precision);
    d_backend = model.architecture().read_out == ReadOut::grid
                    ? detail::make_grid_decoder(model, options)
                    : detail::make_dense_decoder(model, options);
}

DecoderEngine::~DecoderEngine() = default;
DecoderEngine::DecoderEngine(DecoderEngine&&) noexcept = default;
DecoderEngine& DecoderEngine::operator=(DecoderEngine&&) noexcept = default;

at::Tensor DecoderEngine::prepare(const at::Tensor& transmit)
{
    const c10::InferenceMode no_gradients;
    if (!d_needs_transmit) {
        return {};
    }
    const auto batch = transmit.defined() && transmit.dim() > 0 ? transmit.size(0) : 0;
    check_frames("transmit", transmit, batch, d_transmit_shape);
    return d_backend->prepare(transmit);
}

void DecoderEngine::check(const std::vector<at::Tensor>& indices) const
{
    detail::require(indices.size() == d_receivers,
                    "engine: indices of ",
                    d_receivers,
                    " access points are needed, got ",
                    indices.size());
    std::int64_t batch = -1;
    for (const auto& each : indices) {
        batch = each.defined() && each.dim() > 0 && batch < 0 ? each.size(0) : batch;
    }
    detail::require(batch >= 0, "engine: the indices of every access point are missing");
    for (const auto& each : indices) {
        detail::require(!each.defined() || (each.dim() == 2 && each.size(0) == batch &&
                                            each.size(1) == d_index_count &&
                                            each.scalar_type() == at::kLong),
                        "engine: indices must be int64 of [",
                        batch,
                        ", ",
                        d_index_count,
                        "]",
                        each.defined()
                            ? c10::str(", got ", each.sizes(), " of ", each.scalar_type())
                            : std::string());
    }
}

Estimates DecoderEngine::decode(const std::vector<at::Tensor>& indices,
                                const at::Tensor& prepared)
{
    const c10::InferenceMode no_gradients;
    check(indices);
    detail::require(!d_needs_transmit || prepared.defined(),
                    "engine: the dense decoder needs the transmitted frames");
    return d_backend->decode(indices, prepared);
}

std::vector<Detections> DecoderEngine::detect(const std::vector<at::Tensor>& indices,
                                              double threshold)
{
    const c10::InferenceMode no_gradients;
    check(indices);
    return d_backend->detect(indices, threshold);
}

} // namespace cfisac::nn
