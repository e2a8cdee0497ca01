// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef CFISAC_NN_GRID_CELLS_H
#define CFISAC_NN_GRID_CELLS_H

#include <cfisac/nn/grid_decoder.h>

namespace cfisac::nn::detail {

//! Cells in the order in which they are read, see read_peaks.
struct ReadCells {
    at::Tensor index; //!< [B, n]
    at::Tensor alone; //!< [B, n], false where the cell sees a target that was read before
};

/*!
 * \param presence [B, G', G'], \param offset [B, 2, G', G'], see GridOutput
 * \param count n, at most the number of cells
 */
ReadCells read_cells(const at::Tensor& presence,
                     const at::Tensor& offset,
                     const GridGeometry& geometry,
                     int64_t count);

} // namespace cfisac::nn::detail

#endif
