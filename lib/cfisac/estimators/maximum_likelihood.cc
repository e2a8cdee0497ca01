// SPDX-License-Identifier: GPL-3.0-or-later
#include "descent.h"
#include <cmath>
#include <stdexcept>
#include <string>

namespace cfisac::estimators {

namespace {

void require_positive(const char* name, double value)
{
    if (!(value > 0.0) || !std::isfinite(value)) {
        throw std::invalid_argument(std::string("maximum likelihood: ") + name +
                                    " must be positive, got " + std::to_string(value));
    }
}

} // namespace

StaticClutter static_clutter_from_string(const std::string& word)
{
    if (word == "keep") {
        return StaticClutter::keep;
    }
    if (word == "remove") {
        return StaticClutter::remove;
    }
    if (word == "scenario") {
        return StaticClutter::as_scenario;
    }
    throw std::invalid_argument("static clutter: '" + word +
                                "' is not one of keep, remove, scenario");
}

MaximumLikelihood::MaximumLikelihood(const signal::Layout& layout,
                                     std::int64_t receiver,
                                     const MaximumLikelihoodOptions& options)
{
    auto chosen = options;
    if (chosen.candidates == 0) {
        chosen.candidates =
            static_cast<std::int64_t>(local_estimates_sent(layout.scenario));
    }
    require_positive("candidates", static_cast<double>(chosen.candidates));
    require_positive("cells per resolution", chosen.cells_per_resolution);
    require_positive("lines per resolution", chosen.lines_per_resolution);
    require_positive("iterations", static_cast<double>(chosen.iterations));
    d_search = std::make_unique<CellSearch>(layout, receiver, chosen);
}

MaximumLikelihood::~MaximumLikelihood() = default;

const std::vector<std::int64_t>& MaximumLikelihood::cells() const
{
    return d_search->cells();
}

std::vector<LocalEstimate> MaximumLikelihood::operator()(const at::Tensor& echo,
                                                         const at::Tensor& transmit) const
{
    Descent descent(*d_search, echo, transmit);
    const auto candidates = d_search->options().candidates;
    for (std::int64_t k = 0; k < candidates && descent.add_target(); k++) {
    }
    return descent.finish(candidates);
}

} // namespace cfisac::estimators
