// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cfisac/signal/cell_filter.h>
#include <torch/arg.h>
#include <torch/nn/module.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/normalization.h>
#include <torch/nn/pimpl.h>

#include <cstdint>
#include <vector>

namespace cfisac::nn {

//! Groups of the group normalizations over so many channels
int64_t normalization_groups(int64_t channels);

/*!
 * Residual layer on a plane: x + conv3(relu(norm(conv3(relu(norm(x)))))), the second
 * convolution with a dilation; norm is a group normalization (Wu and He, ECCV 2018) of at
 * most eight groups, which does not depend on the batch. [B, C, H, W] → the same.
 */
class PlaneResidualImpl : public torch::nn::Module
{
public:
    //! \param dilation of the second convolution
    PlaneResidualImpl(int64_t channels, int64_t dilation);
    torch::Tensor forward(const torch::Tensor& plane); //!< [B, C, H, W] → the same

    //! scales the second convolution, so that a fresh layer is close to the identity
    void damp(double factor);

private:
    torch::nn::GroupNorm d_first_norm{nullptr};
    torch::nn::Conv2d d_first{nullptr};
    torch::nn::GroupNorm d_second_norm{nullptr};
    torch::nn::Conv2d d_second{nullptr};
};
TORCH_MODULE(PlaneResidual);

//! Parameters of a residual layer on planes of so many channels, in closed form
int64_t plane_residual_parameter_count(int64_t channels);

//! Sizes of the encoder on the grid of cells
struct GridEncoderOptions {
    //! planes of the input, see GridFeatures
    TORCH_ARG(int64_t, in_channels) = 32;
    //! H
    TORCH_ARG(int64_t, hidden_channels) = 64;
    //! after the downsampling
    TORCH_ARG(int64_t, residual_layers) = 2;
    //! of the initial weights
    TORCH_ARG(uint64_t, seed) = 0;
};

/*!
 * Encoder (12) of one receive access point on the plane: for each transmit access point,
 * a convolution of stride 2 (kernel 4, padding 1) over the cells, residual layers and a
 * ReLU. The same weights serve all pairs of access points; what differs between them, the
 * geometry, is part of the input.
 */
class GridEncoderImpl : public torch::nn::Module
{
public:
    //! Fresh weights of these sizes.
    explicit GridEncoderImpl(const GridEncoderOptions& options = {});

    //! [B, N, in_channels, G, G] → [B, H, N, G/2, G/2]
    torch::Tensor forward(const torch::Tensor& features);

    //! Its sizes.
    const GridEncoderOptions& options() const { return d_options; }

private:
    GridEncoderOptions d_options;
    torch::nn::Conv2d d_downsampling{nullptr};
    std::vector<PlaneResidual> d_residual;
};
TORCH_MODULE(GridEncoder);

//! Parameters of an encoder of these sizes, in closed form
int64_t parameter_count(const GridEncoderOptions& options);

/*!
 * Input planes of the encoder: matched filter of one receive access point and what is
 * known of the geometry.
 *
 * Planes for each transmit access point: log(1 + power)/2 of every Doppler line, of their
 * sum and of the largest; the mean Doppler line, weighted with the squared power, over half
 * the number of lines; log of the illumination over its mean, halved and limited to ±3; the
 * unit vectors from the transmit and from the receive access point to the cell, two planes
 * each.
 */
class GridFeatures
{
public:
    //! \param receiver m, \param cells G, along each side of the area
    GridFeatures(const signal::Layout& layout,
                 int64_t receiver,
                 int64_t cells,
                 int64_t doppler_lines,
                 double doppler_spacing_hz);

    //! number of planes for so many Doppler lines
    static int64_t channels(int64_t doppler_lines) { return doppler_lines + 8; }

    //! echo Y_m [B, M_r, S, T] and X [B, N, N_t, S, T] → [B, N, channels, G, G]
    torch::Tensor operator()(const torch::Tensor& echo,
                             const torch::Tensor& transmit) const;

    //! what the planes are made of
    const signal::CellFilter& filter() const { return d_filter; }
    //! the planes of the unit vectors, [N, 4, G, G]
    const torch::Tensor& directions() const { return d_directions; }

private:
    signal::CellFilter d_filter;
    torch::Tensor d_directions; // [N, 4, G, G]
};

} // namespace cfisac::nn
