// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef CFISAC_NN_PLANE_NETWORK_H
#define CFISAC_NN_PLANE_NETWORK_H

#include <ATen/ATen.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace cfisac::nn::detail {

//! The weight of this name, as in a model file, on the CPU
using Weights = std::function<at::Tensor(const std::string& name)>;

/*!
 * Convolutions and residual layers on planes, [P, cells, channels] with the channels
 * innermost, for inference on the host. Convolutions run in float32 or bfloat16; what is
 * added up over the layers stays float32.
 */
class PlaneConvolution
{
public:
    struct Geometry {
        std::int64_t stride = 1;
        std::int64_t padding = 0;
        std::int64_t dilation = 1;
    };
    //! \param name of the module whose weight and bias are taken
    PlaneConvolution(const Weights& weights,
                     const std::string& name,
                     const Geometry& geometry,
                     at::ScalarType type);

    //! [P, side², C] of the type of the weights → [P, side'², C'] of that type
    at::Tensor operator()(const at::Tensor& planes, std::int64_t side) const;

private:
    Geometry d_geometry;
    at::Tensor d_weight;
    at::Tensor d_bias;
};

//! PlaneResidual for inference
class PlaneLayer
{
public:
    PlaneLayer(const Weights& weights,
               const std::string& name,
               std::int64_t dilation,
               at::ScalarType type);

    //! planes [P, side², C], float32: the layer is added to them
    void operator()(const at::Tensor& planes, std::int64_t side) const;

private:
    struct Norm {
        at::Tensor weight;
        at::Tensor bias;
    };
    at::Tensor activate(const at::Tensor& planes, const Norm& norm) const;

    at::ScalarType d_type;
    Norm d_first_norm, d_second_norm;
    PlaneConvolution d_first, d_second;
};

} // namespace cfisac::nn::detail

#endif
