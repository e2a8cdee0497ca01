// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef CFISAC_SIGNAL_TENSOR_CELL_FILTER_H
#define CFISAC_SIGNAL_TENSOR_CELL_FILTER_H

#include "cell_geometry.h"

#include <cfisac/signal/cell_filter.h>

namespace cfisac::signal {

//! CellFilter by tensor operations, on any device.
class TensorCellFilter
{
public:
    //! As for CellFilter, which checks the arguments; `places` are [P, D].
    TensorCellFilter(const Layout& host,
                     at::Device device,
                     std::int64_t receiver,
                     const at::Tensor& places,
                     std::int64_t lines,
                     double spacing_hz);

    //! \return with one axis of cells, P
    CellCorrelation operator()(const at::Tensor& echo, const at::Tensor& transmit) const;

private:
    // Cells in groups of the same nearest step of delay, of successive steps.
    struct Layer {
        std::int64_t first; //!< step of the first group
        //! [3, groups, cells of a group, M_r N_t], zero where padded; for the step below,
        //! the nearest step and the step above, with its weight of interpolation
        at::Tensor steering;
    };
    // For one transmit access point. Steps have very different numbers of cells: those
    // that are too many for a group go into groups of the next layer.
    struct Pair {
        at::Tensor delays; //!< [steps + 2, S], exp(+j2π (i − mean i) Δf τ)
        std::vector<Layer> layers;
        at::Tensor place;     //!< [P], row of each cell in the groups of all layers
        at::Tensor departing; //!< [P, N_t], conjugated a_t
    };

    static void arrange(Pair& pair,
                        const CellGeometry& geometry,
                        const at::Tensor& steering);

    at::Tensor d_doppler; // [T, F]
    std::vector<Pair> d_pairs;
};

} // namespace cfisac::signal

#endif
