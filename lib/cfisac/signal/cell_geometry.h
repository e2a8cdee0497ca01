// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef CFISAC_SIGNAL_CELL_GEOMETRY_H
#define CFISAC_SIGNAL_CELL_GEOMETRY_H

#include <cfisac/signal/layout.h>

#include <cstdint>
#include <vector>

namespace cfisac::signal {

/*! Places of cells in the cube of antennas and delays of one receive access
 * point and one transmit access point. Delays are counted in steps of a quarter of the
 * resolution; a cell is interpolated between its nearest step and the two beside it
 * (Lagrange).
 */
struct CellGeometry {
    at::Tensor arriving;  //!< [P, M_r], a_r, complex128
    at::Tensor departing; //!< [P, N_t], a_t, complex128
    at::Tensor step;      //!< [P], int64, nearest step, counted from `first`
    at::Tensor
        weights; //!< [3, P], float64, of the step below, the nearest, the one above
    std::int64_t first = 0; //!< the smallest of the nearest steps
    std::int64_t count = 0; //!< nearest steps from the smallest to the largest
    double step_s = 0.0;    //!< length of a step, s

    //! Delays of all steps that cells are interpolated between, [count + 2], s.
    at::Tensor delays_s() const;
};

/*!
 * \param host layout on the CPU
 * \param places of the cells [P, D], m, float64
 * \return one for each transmit access point
 */
std::vector<CellGeometry> cell_geometry(const Layout& host,
                                        std::int64_t receiver,
                                        const at::Tensor& places);

} // namespace cfisac::signal

#endif
