// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef CFISAC_NN_CODEWORD_SEARCH_H
#define CFISAC_NN_CODEWORD_SEARCH_H

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace cfisac::nn::detail {

/*!
 * The nearest codewords of vectors on the host, argmin of ‖c_j‖² − 2 a_jᵀy in float32, with
 * the codebook laid out once. Of equal values the lowest index wins.
 */
class CodewordSearch
{
public:
    //! \param centres a_j [N_c, H], \param squares ‖c_j‖² [N_c]; any device, finite
    CodewordSearch(const at::Tensor& centres, const at::Tensor& squares);

    //! \param rows [count, H], contiguous; \param indices [count]: written
    void operator()(const float* rows, std::int64_t count, std::int64_t* indices) const;

private:
    std::int64_t d_features;
    std::int64_t d_padded;       // N_c, up to whole vectors
    std::vector<float> d_table;  // -2 a_j [H, padded]
    std::vector<float> d_square; // [padded], infinite where there is no codeword
};

} // namespace cfisac::nn::detail

#endif
