// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef CFISAC_NN_GRID_KERNELS_H
#define CFISAC_NN_GRID_KERNELS_H

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

/*! \file
 * Loops of the grid engines on the host. Planes lie with their channels innermost. Where an
 * output may be float32 or bfloat16, it is of the type of the tensor that is given.
 */

namespace cfisac::nn::detail {

/*!
 * Input planes of the encoder, see GridFeatures.
 *
 * \param power [P, C, F], \param illumination [P, C] of P planes of C cells, float32
 * \param directions [P', C, 4] float32, plane p has those of p mod P'
 * \param out [P, C, F + 8]: written
 */
void grid_features(const at::Tensor& power,
                   const at::Tensor& illumination,
                   const at::Tensor& directions,
                   const at::Tensor& out);

/*!
 * relu(group normalization) over groups of adjacent channels.
 *
 * \param planes [P, C, H] float32 or bfloat16, \param weight, \param bias [H] float32
 * \param out [P, C, H]: written
 */
void normalise(const at::Tensor& planes,
               std::int64_t groups,
               const at::Tensor& weight,
               const at::Tensor& bias,
               double epsilon,
               const at::Tensor& out);

//! sum (float32) += term (float32 or bfloat16), both contiguous and of one size
void accumulate(const at::Tensor& sum, const at::Tensor& term);
//! relu of float32 values to `out`
void rectify(const at::Tensor& values, const at::Tensor& out);

//! Squared norms [count] of vectors [count, width], float32.
void squared_norms(const at::Tensor& vectors, float* norms);
//! out += values
void add(const float* values, std::int64_t count, float* out);

/*!
 * Reads Doppler profiles at the velocities of a plane (GridDecoderImpl::lift), for one place
 * at a time.
 */
class Lift
{
public:
    //! \param weights [places, V², F], in each row at most two neighbours not zero
    explicit Lift(const at::Tensor& weights);

    std::int64_t velocities() const { return d_velocities; } //!< V²
    std::int64_t lines() const { return d_lines; }           //!< F
    //! Adds `count` profiles [count, F] of a place, lifted [count, V²], to `out`. One value
    //! behind the profiles is read, too.
    void add(std::int64_t place,
             const float* profiles,
             std::int64_t count,
             float* out) const;

private:
    std::int64_t d_velocities;
    std::int64_t d_lines;
    std::vector<std::int32_t> d_line; // [places, V²], the first of the two lines
    std::vector<float> d_first;       // [places, V²], their weights
    std::vector<float> d_second;
};

} // namespace cfisac::nn::detail

#endif
