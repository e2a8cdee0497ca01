// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_SIGNAL_CELL_FILTER_H
#define INCLUDED_CFISAC_SIGNAL_CELL_FILTER_H

#include <cfisac/signal/layout.h>
#include <memory>
#include <vector>

namespace cfisac::signal {

class HostCellFilter;
class TensorCellFilter;

/*! Centres of a grid of cells over the targets' area.
 * \return [G, G, 2], m; the first index runs along x, the second along y
 * \throws std::invalid_argument when the scenario does not have two dimensions
 */
at::Tensor cell_centres(const Scenario& scenario, std::int64_t cells);

/*! The same in any number of dimensions, with a number of cells along each coordinate.
 * \param cells D of them
 * \return [G_1, ..., G_D, D], m
 * \throws std::invalid_argument on another count than D, or a number below one
 */
at::Tensor cell_centres(const Scenario& scenario, const std::vector<std::int64_t>& cells);

//! Doppler frequencies of `bins` lines, `spacing_hz` apart and centred on zero; [F], Hz.
at::Tensor doppler_lines(std::int64_t bins, double spacing_hz);

//! What one receive access point finds in every cell; the last axes are those of the cells.
struct CellCorrelation {
    //! [B, N, F, G, G]: squared correlation coefficient times the number of samples;
    //! noise alone has mean one, whatever its power
    at::Tensor power;
    //! [B, N, G, G]: energy of the transmitted signal towards the cell, Σ |a_t^H x|²
    at::Tensor illumination;
};

/*! Matched filter of one receive access point on a grid of cells of the plane, or on any
 * places.
 *
 * The echo of every receive antenna is correlated with the signal of every transmit
 * antenna of one access point and transformed over symbols (to Doppler lines),
 * subcarriers (to delays) and both arrays (to angles of arrival and departure). In this
 * cube each cell of the plane has its place for each transmit access point: the two
 * angles and the bistatic delay that follow from the geometry. Over delay, the cube is
 * computed in steps of a quarter of the resolution 1 / (N_s Δf), with phases counted from
 * the middle of the band, and interpolated between three steps (Lagrange): the power at a
 * target's own cell is within 0.5 % of the exact one. (Rounding to steps moves the point a
 * cell looks at by up to half a step, which alone costs more than the noise does.)
 */
class CellFilter
{
public:
    /*!
     * \param layout scenario and device
     * \param receiver m
     * \param cells G, cells along each coordinate of the targets' area
     * \param lines F, Doppler lines
     * \param spacing_hz distance of the Doppler lines, Hz
     * \throws std::invalid_argument on a receiver that is not there, sizes below one, or
     * a scenario that does not have two dimensions
     */
    CellFilter(const Layout& layout,
               std::int64_t receiver,
               std::int64_t cells,
               std::int64_t lines,
               double spacing_hz);
    /*!
     * \param places of the cells [..., D], m, float64 on the processor; their axes take the
     * place of [G, G] in CellCorrelation
     */
    CellFilter(const Layout& layout,
               std::int64_t receiver,
               const at::Tensor& places,
               std::int64_t lines,
               double spacing_hz);

    /*!
     * \param echo Y_m [B, M_r, S, T], complex64
     * \param transmit X [B, N, N_t, S, T], complex64
     */
    CellCorrelation operator()(const at::Tensor& echo, const at::Tensor& transmit) const;

private:
    std::vector<std::int64_t> d_shape; // of the cells
    std::int64_t d_lines;
    std::shared_ptr<const HostCellFilter> d_host;     // on the CPU
    std::shared_ptr<const TensorCellFilter> d_tensor; // on other devices
};

} // namespace cfisac::signal

#endif
