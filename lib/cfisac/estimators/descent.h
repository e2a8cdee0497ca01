// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef CFISAC_ESTIMATORS_DESCENT_H
#define CFISAC_ESTIMATORS_DESCENT_H

#include "cell_search.h"
#include "frames.h"
#include <optional>

namespace cfisac::estimators {

//! The estimate of one frame while it grows; see MaximumLikelihood.
class Descent
{
public:
    Descent(const CellSearch& search, const at::Tensor& echo, const at::Tensor& transmit);

    //! Find one more target in what is left of the echo, if anything is.
    bool add_target();
    //! Look again at all paths, and refine everything.
    std::vector<LocalEstimate> finish(std::int64_t candidates);

private:
    struct Part {
        LocalTargets targets;
        LocalFit fit;
    };

    // Checks the frame before anything is made of it.
    Descent(const CellSearch& search,
            const at::Tensor& echo,
            const at::Tensor& transmit,
            double energy);

    at::Tensor rest() const;
    double noise(double explained) const;
    void complete(const at::Tensor& rest, Part& part) const;
    void descend(const at::Tensor& echo, Part& part, double until) const;
    bool choose_line(const at::Tensor& echo,
                     LocalTargets& targets,
                     std::int64_t target,
                     std::int64_t transmitter,
                     bool only_if_stronger) const;
    std::vector<double> noise_floors(double noise_power) const;
    double energy_alone(std::int64_t target) const;
    // One for each target; nothing for one that cannot be told from another.
    std::vector<std::optional<LocalEstimate>> estimates() const;
    void review_lines();
    void drop_weak_paths();
    bool join_split_targets();

    const CellSearch& d_search;
    const at::Tensor d_transmit;
    const at::Tensor d_still; // signal::static_subspace(), where that is removed
    at::Tensor d_echo;
    double d_energy;
    const double d_samples; // dimensions of the echo
    const LocalLikelihood d_likelihood;
    Part d_found;
};

} // namespace cfisac::estimators

#endif
