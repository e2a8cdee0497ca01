// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef CFISAC_ESTIMATORS_CELL_SEARCH_H
#define CFISAC_ESTIMATORS_CELL_SEARCH_H

#include "local_likelihood.h"
#include <cfisac/estimators/maximum_likelihood.h>
#include <cfisac/signal/cell_filter.h>
#include <utility>
#include <vector>

namespace cfisac::estimators {

/*! The targets' area in cells, as one receive access point sees it: where the search of
 * MaximumLikelihood begins, and what the priors of location and velocity allow.
 */
class CellSearch
{
public:
    CellSearch(const signal::Layout& layout,
               std::int64_t receiver,
               const MaximumLikelihoodOptions& options);

    const signal::Layout& layout() const { return d_layout; }
    std::int64_t receiver() const { return d_receiver; }
    const MaximumLikelihoodOptions& options() const { return d_options; }
    //! Whether echoes of what stands still are taken out of every frame.
    bool removes_static() const { return d_removes_static; }
    //! Cells along each coordinate, see cells_of_area().
    const std::vector<std::int64_t>& cells() const { return d_cells; }
    //! Range rate between two Doppler lines, m/s.
    double rate_of_line() const;
    /*! Least and largest range rates that the prior of the velocity allows, [N, P] each.
     * \param places [P, D], m
     */
    std::pair<at::Tensor, at::Tensor> rates_at(const at::Tensor& places) const;
    /*! Share of a target's energy that the clock offsets of the scenario scatter: (30) turns
     * the echo by a phase of variance (2π)² (σ_τ² f² + σ_f² t²), here the mean over the frame,
     * at most one.
     */
    double scattered_share() const { return d_scattered_share; }
    /*! Whether two places look alike but for Doppler: within the resolution of angle and
     * bistatic range, over any transmit access point.
     * \param one, other [D], m
     */
    bool is_same_cell(const at::Tensor& one, const at::Tensor& other) const;
    //! Whether all targets are in the area or up to five metres beside it.
    bool is_inside(const LocalTargets& targets) const;

    /*! Where to begin: the cell that is strongest over one transmit access point, and the one
     * that is strongest over all of them together, if it is another. The second finds weak
     * targets; but the precoder makes what different access points transmit alike, so that a
     * strong path shows in the cube of another one, at a wrong place, and is counted twice
     * there.
     *
     * \param echo [M_r, S, T], \param transmit X [N, N_t, S, T]
     * \return one target each, of whose paths the strongest one is active
     */
    std::vector<LocalTargets> starts(const at::Tensor& echo,
                                     const at::Tensor& transmit) const;

private:
    at::Tensor allowed_lines() const;

    const signal::Layout d_layout;
    const std::int64_t d_receiver;
    const MaximumLikelihoodOptions d_options;
    const bool d_removes_static;
    const double d_scattered_share;
    const std::vector<std::int64_t> d_cells;
    const double d_spacing_hz;
    const std::int64_t d_lines;
    const at::Tensor d_centres; // [P, D]
    const signal::CellFilter d_filter;
    const at::Tensor d_allowed; // [N, F, P], one where the prior allows the line
};

} // namespace cfisac::estimators

#endif
