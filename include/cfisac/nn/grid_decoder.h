// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cfisac/nn/detections.h>
#include <cfisac/nn/grid_encoder.h>
#include <cfisac/signal/layout.h>
#include <torch/nn/modules/linear.h>

#include <cstdint>
#include <vector>

namespace cfisac::nn {

//! Sizes of the decoder on the grid of cells
struct GridDecoderOptions {
    //! D, dimension of a codeword
    TORCH_ARG(int64_t, codeword_dim) = 32;
    //! G/2, cells of a latent along each side of the area
    TORCH_ARG(int64_t, cells) = 20;
    //! Doppler lines of the matched filter
    TORCH_ARG(int64_t, doppler_lines) = 24;
    //! between two of them, Hz
    TORCH_ARG(double, doppler_spacing_hz) = 500.0;
    //! Doppler profiles read from a codeword
    TORCH_ARG(int64_t, profiles) = 2;
    //! other features read from a codeword
    TORCH_ARG(int64_t, cell_features) = 24;
    //! of the planes inside
    TORCH_ARG(int64_t, channels) = 80;
    //! on the plane of locations
    TORCH_ARG(int64_t, residual_layers) = 3;
    //! V, velocities along each side of the velocity plane
    TORCH_ARG(int64_t, velocity_steps) = 9;
    //! of the initial weights
    TORCH_ARG(uint64_t, seed) = 0;
};

//! What the decoder says of every cell
struct GridOutput {
    torch::Tensor presence;        //!< [B, G', G'], logit of a target in the cell
    torch::Tensor offset;          //!< [B, 2, G', G'], from the centre, in cells
    torch::Tensor velocity_logits; //!< [B, V², G', G'], over the velocity plane
    torch::Tensor velocity;        //!< [B, 2, G', G'], m/s
};

//! What a cell of the decoder's plane and a step of its velocity plane stand for
struct GridGeometry {
    torch::Tensor centres;       //!< of the cells, [2, G', G'], m
    torch::Tensor cell_size;     //!< [2], m
    torch::Tensor velocities;    //!< the velocity plane, [V², 2], m/s
    torch::Tensor velocity_step; //!< [2], m/s
};

/*!
 * Decoder of the central unit on the grid of cells.
 *
 * A codeword of pair (n, m) at a cell gives Doppler profiles and other features. Each
 * profile is lifted onto a plane of V × V velocities common to all pairs: a velocity v
 * seen at the cell has the Doppler frequency (9) of the pair, and the profile is read
 * there with linear interpolation; the pairs are added. A small network over the plane of
 * cells fuses this with the other features and the access points that are present. The velocity of a cell is the mean over the
 * velocity plane plus a correction.
 *
 * Geometry enters through the lift alone; it is computed from the scenario and is not
 * part of the weights.
 */
class GridDecoderImpl : public torch::nn::Module
{
public:
    /*!
     * \throws std::invalid_argument if a size is not positive or the scenario does not
     * have two dimensions
     */
    GridDecoderImpl(const Scenario& scenario, const GridDecoderOptions& options);

    /*!
     * M latents [B, D, N, G', G'] → see GridOutput.
     *
     * \param present [B, M], one where an access point's latent has arrived, zero where it
     * is missing; undefined where all have. A missing one adds nothing, and the network is
     * told.
     */
    GridOutput forward(const std::vector<torch::Tensor>& latents,
                       const torch::Tensor& present = {});

    //! places of cells and velocities
    const GridGeometry& geometry() const { return d_geometry; }
    /*!
     * Weights that read the Doppler profile of each pair at each cell at every velocity,
     * [M·N·G'², V², F], receive access points outermost; in each row at most two
     * neighbours are not zero.
     */
    const torch::Tensor& lift() const { return d_lift; }
    //! coordinates of the cells and their squares in [-1, 1], [4, G', G']
    const torch::Tensor& position() const { return d_position; }
    //! of the second convolution of a residual layer
    static int64_t dilation(int64_t layer) { return 1 + layer % 2; }

    //! Its sizes.
    const GridDecoderOptions& options() const { return d_options; }

private:
    void move_geometry(const at::TensorOptions& options);

    int64_t d_receivers;

    GridDecoderOptions d_options;
    torch::nn::Linear d_profile{nullptr};
    torch::nn::Linear d_cell{nullptr};
    torch::nn::Conv2d d_fusion{nullptr};
    std::vector<PlaneResidual> d_residual;
    torch::nn::Conv2d d_head{nullptr};
    // Geometry, on the device and in the type of the last input.
    torch::Tensor d_lift;
    torch::Tensor d_position;
    GridGeometry d_geometry;
};
TORCH_MODULE(GridDecoder);

//! Planes that the fusing convolution reads: lifted profiles, features of every pair,
//! position, and which access points are present
int64_t fused_planes(const Scenario& scenario, const GridDecoderOptions& options);
//! Parameters of a decoder of these sizes, in closed form
int64_t parameter_count(const Scenario& scenario, const GridDecoderOptions& options);

//! Targets read from the planes of a GridOutput
struct GridPeaks {
    torch::Tensor location;   //!< [B, Q, 2], m
    torch::Tensor velocity;   //!< [B, Q, 2], m/s
    torch::Tensor confidence; //!< [B, Q], probability of presence
};

/*!
 * The Q cells of the highest presence that see different targets: a cell whose location is
 * within 0.6 cells of that of a higher one sees the same target (non-maximum suppression by
 * location, so that two targets in neighbouring cells are both read). Of equal cells the
 * first counts, in row-major order; where there are fewer than Q such cells, the others
 * follow.
 *
 * \throws std::invalid_argument if there are fewer cells than targets
 */
GridPeaks read_peaks(const GridOutput& output,
                     const GridGeometry& geometry,
                     int64_t targets);

/*!
 * All cells, for each frame, that see different targets, as in read_peaks, and whose
 * probability of presence is above the threshold: for scenes whose number of targets is
 * not known.
 *
 * \throws std::invalid_argument unless the threshold is between 0 and 1, ends excluded
 */
std::vector<Detections> read_peaks_above(const GridOutput& output,
                                         const GridGeometry& geometry,
                                         double threshold);

} // namespace cfisac::nn
