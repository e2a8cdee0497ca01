// SPDX-License-Identifier: GPL-3.0-or-later
#include "locate.h"
#include <algorithm>
#include <cfisac/estimators/geometry.h>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <string>

namespace cfisac::estimators {

namespace {

constexpr int most_steps = 30;
constexpr double settled = 1e-12;    // squared normalised step
constexpr double least_width = 1e-3; // of a coordinate that the prior fixes, m or m/s
// Share of the information of the prior below which a direction counts as open.
constexpr double least_information = 0.01;

// Prior of (location, velocity): boxes as Gaussians of the same variance.
struct Prior {
    Prior(const Box& area_m, const Box& velocity_mps)
    {
        for (const auto* box : {&area_m, &velocity_mps}) {
            for (std::size_t k = 0; k < box->min.size(); k++) {
                const double width = std::max(box->max[k] - box->min[k], least_width);
                mean.push_back(0.5 * (box->max[k] + box->min[k]));
                half_width.push_back(0.5 * width);
                information.push_back(12.0 / (width * width));
                log_volume += std::log(width);
            }
        }
    }
    bool contains(const std::vector<double>& values) const
    {
        for (std::size_t k = 0; k < mean.size(); k++) {
            // A tenth more: an estimate near the border errs to both sides of it.
            if (!(std::abs(values[k] - mean[k]) <= 1.2 * half_width[k])) {
                return false;
            }
        }
        return true;
    }
    std::vector<double> mean, half_width, information;
    double log_volume = 0.0;
};

// Normal equations of the squared normalised residuals at a state, row by row.
struct Equations {
    std::vector<double> information; // [2D, 2D]
    std::vector<double> right;       // [2D]
    double mismatch = 0.0;           // of the reports
    double cost = 0.0;               // with the prior, where it is used
};

at::Tensor matrix_of(const std::vector<double>& values)
{
    const auto size = std::llround(std::sqrt(static_cast<double>(values.size())));
    return at::tensor(values, at::kDouble).view({size, size});
}

// Solution of positive equations; nothing where they are not positive.
std::optional<std::vector<double>> solved(const at::Tensor& matrix,
                                          const std::vector<double>& right)
{
    const auto [factor, info] = at::linalg_cholesky_ex(matrix);
    if (*info.data_ptr<int>() != 0) {
        return std::nullopt;
    }
    const auto solution =
        at::cholesky_solve(at::tensor(right, at::kDouble).unsqueeze(1), factor)
            .contiguous();
    const auto* values = solution.data_ptr<double>();
    return std::vector<double>(values, values + right.size());
}

class Problem
{
public:
    Problem(const Scenario& scenario,
            const std::vector<Report>& reports,
            const std::vector<std::size_t>& members,
            const Prior& prior)
        : d_scenario(scenario), d_reports(reports), d_members(members), d_prior(prior)
    {
    }

    //! As locate() says.
    FusedTarget solve() const;
    //! With the prior in all directions.
    FusedTarget solve_with_prior() const { return target_of(likeliest()); }

private:
    struct Solution {
        std::vector<double> values;
        Equations equations;
    };

    Equations equations(const std::vector<double>& values,
                        const std::vector<double>& prior) const;
    std::vector<double> start_at(const Coordinates& location) const;
    std::vector<double> no_prior() const;
    std::vector<double> full_prior() const;
    std::vector<double> prior_where_open(const Solution& solution) const;
    Solution descend(std::vector<double> values, const std::vector<double>& prior) const;
    std::vector<Coordinates> starts() const;
    Solution likeliest() const;
    FusedTarget target_of(const Solution& best) const;

    const Scenario& d_scenario;
    const std::vector<Report>& d_reports;
    const std::vector<std::size_t>& d_members;
    const Prior d_prior;
};

Equations Problem::equations(const std::vector<double>& values,
                             const std::vector<double>& prior) const
{
    const auto size = values.size();
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(size / 2);
    const State state{{values.begin(), middle}, {middle, values.end()}};
    Equations result{std::vector<double>(size * size), std::vector<double>(size)};
    for (const auto member : d_members) {
        const auto& report = d_reports[member];
        const auto prediction = predict_values(d_scenario, report, state);
        const auto count = prediction.value.size();
        const auto* value = report.value.data_ptr<double>();
        const auto* weight = report.information.data_ptr<double>();
        for (std::size_t k = 0; k < count; k++) {
            const double residual = value[k] - prediction.value[k];
            for (std::size_t l = 0; l < count; l++) {
                const double w = weight[k * count + l];
                const auto* of_k = prediction.jacobian.data() + k * size;
                const auto* of_l = prediction.jacobian.data() + l * size;
                result.mismatch += residual * w * (value[l] - prediction.value[l]);
                for (std::size_t i = 0; i < size; i++) {
                    result.right[i] += of_l[i] * w * residual;
                    for (std::size_t j = 0; j < size; j++) {
                        result.information[i * size + j] += of_k[i] * w * of_l[j];
                    }
                }
            }
        }
    }
    result.cost = result.mismatch;
    for (std::size_t i = 0; i < size; i++) {
        for (std::size_t j = 0; j < size; j++) {
            const double weight = prior[i * size + j];
            const double residual = d_prior.mean[j] - values[j];
            result.information[i * size + j] += weight;
            result.right[i] += weight * residual;
            result.cost += weight * residual * (d_prior.mean[i] - values[i]);
        }
    }
    return result;
}

// The velocity enters linearly: with the prior it follows from the location at once.
std::vector<double> Problem::start_at(const Coordinates& location) const
{
    const auto d = location.size();
    auto values = d_prior.mean;
    std::copy(location.begin(), location.end(), values.begin());
    const auto here = equations(values, full_prior());
    const auto velocities = static_cast<std::int64_t>(d);
    const auto change =
        solved(matrix_of(here.information).slice(0, velocities).slice(1, velocities),
               {here.right.begin() + velocities, here.right.end()});
    for (std::size_t k = 0; change && k < d; k++) {
        values[d + k] += (*change)[k];
    }
    return values;
}

std::vector<double> Problem::no_prior() const
{
    return std::vector<double>(d_prior.mean.size() * d_prior.mean.size(), 0.0);
}

std::vector<double> Problem::full_prior() const
{
    const auto size = d_prior.mean.size();
    auto result = no_prior();
    for (std::size_t k = 0; k < size; k++) {
        result[k * size + k] = d_prior.information[k];
    }
    return result;
}

// The prior's information in the directions that the reports leave open at a solution.
std::vector<double> Problem::prior_where_open(const Solution& solution) const
{
    const auto root = at::tensor(d_prior.information, at::kDouble).sqrt();
    const auto without = equations(solution.values, no_prior());
    const auto relative = matrix_of(without.information) / (root.unsqueeze(1) * root);
    const auto [value, vector] = at::linalg_eigh(relative);
    const auto open = (value < least_information).to(at::kDouble);
    const auto result =
        (at::matmul(vector * open, vector.t()) * root.unsqueeze(1) * root).contiguous();
    return {result.data_ptr<double>(), result.data_ptr<double>() + result.numel()};
}

Problem::Solution Problem::descend(std::vector<double> values,
                                   const std::vector<double>& prior) const
{
    const auto size = values.size();
    auto here = equations(values, prior);
    double damping = 1e-3;
    for (int step = 0; step < most_steps && damping < 1e12; step++) {
        auto damped = here.information;
        for (std::size_t k = 0; k < size; k++) {
            damped[k * size + k] *= 1.0 + damping;
        }
        const auto change = solved(matrix_of(damped), here.right);
        if (!change) {
            damping *= 10.0;
            continue;
        }
        auto next = values;
        double length = 0.0;
        for (std::size_t i = 0; i < size; i++) {
            next[i] += (*change)[i];
            length += here.right[i] * (*change)[i];
        }
        auto there = equations(next, prior);
        if (there.cost <= here.cost) {
            values = std::move(next);
            here = std::move(there);
            damping *= 0.1;
        } else {
            damping *= 10.0;
        }
        if (length < settled) {
            break;
        }
    }
    return {values, here};
}

// Where the reports alone see the target.
std::vector<Coordinates> Problem::starts() const
{
    std::vector<Coordinates> result;
    for (const auto member : d_members) {
        const auto& report = d_reports[member];
        const auto* value = report.value.data_ptr<double>();
        if (report.kind == Report::Kind::target) {
            result.emplace_back(value, value + d_scenario.dimensions);
        } else if (const auto place =
                       location_of_path(d_scenario,
                                        report.receiver,
                                        {static_cast<int>(report.transmitter),
                                         value[0],
                                         value[1],
                                         value[2]})) {
            result.emplace_back(place->begin(), place->end());
        }
    }
    if (result.empty()) {
        result.emplace_back(d_prior.mean.begin(),
                            d_prior.mean.begin() + d_scenario.dimensions);
    }
    return result;
}

Problem::Solution Problem::likeliest() const
{
    Solution best;
    for (const auto& start : starts()) {
        const auto solution = descend(start_at(start), full_prior());
        if (best.values.empty() || solution.equations.cost < best.equations.cost) {
            best = solution;
        }
    }
    return best;
}

FusedTarget Problem::solve() const
{
    // With the prior there is always a solution; it leads to the one without.
    const auto with_prior = likeliest();
    auto best = descend(with_prior.values, no_prior());
    for (const auto& start : starts()) {
        const auto solution = descend(start_at(start), no_prior());
        if (solution.equations.cost < best.equations.cost &&
            d_prior.contains(solution.values)) {
            best = solution;
        }
    }
    if (!d_prior.contains(best.values) || prior_where_open(best) != no_prior()) {
        best = descend(with_prior.values, prior_where_open(with_prior));
    }
    return target_of(d_prior.contains(best.values) ? best : with_prior);
}

FusedTarget Problem::target_of(const Solution& best) const
{
    // In units of the prior, where the eigenvalues are of a like size.
    const auto deviation = at::tensor(d_prior.information, at::kDouble).rsqrt();
    const auto [value, vector] = at::linalg_eigh(matrix_of(best.equations.information) *
                                                 deviation.unsqueeze(1) * deviation);
    const auto axes = vector * deviation.unsqueeze(1);
    const auto relative = value.clamp_min(1e-12);
    FusedTarget target;
    const auto middle = best.values.begin() + d_scenario.dimensions;
    target.state = {{best.values.begin(), middle}, {middle, best.values.end()}};
    target.covariance = at::matmul(axes / relative, axes.t());
    target.mismatch = best.equations.mismatch;
    target.reports = d_members;
    const double half_size = 0.5 * static_cast<double>(best.values.size());
    // cost: where the prior was needed, its density counts as well. The covariance is that of
    // reports and prior together: nothing is less certain than the prior.
    target.score =
        -0.5 * best.equations.cost - d_prior.log_volume +
        half_size * std::log(2.0 * M_PI) +
        (deviation.log().sum() - 0.5 * (relative + 1.0).log().sum()).item<double>();
    for (const auto member : d_members) {
        target.score += d_reports[member].gain;
    }
    return target;
}

[[noreturn]] void refuse(std::size_t report, const std::string& what)
{
    throw std::invalid_argument("report " + std::to_string(report) + ": " + what);
}

} // namespace

void check_reports(const Scenario& scenario, const std::vector<Report>& reports)
{
    for (std::size_t k = 0; k < reports.size(); k++) {
        const auto& report = reports[k];
        const bool path = report.kind == Report::Kind::path;
        const std::int64_t size =
            path ? 3
                 : scenario.dimensions +
                       static_cast<std::int64_t>(scenario.transmit.size());
        if (path && scenario.dimensions != 2) {
            refuse(k,
                   "paths are fused in scenarios with 2 dimensions only, this one has " +
                       std::to_string(scenario.dimensions));
        }
        if (report.receiver >= scenario.receive.size()) {
            refuse(k, "no receive access point " + std::to_string(report.receiver));
        }
        if (path && report.transmitter >= scenario.transmit.size()) {
            refuse(k, "no transmit access point " + std::to_string(report.transmitter));
        }
        if (!report.value.defined() || report.value.scalar_type() != at::kDouble ||
            report.value.sizes() != at::IntArrayRef{size}) {
            refuse(k, "has not " + std::to_string(size) + " values in float64");
        }
        if (!report.information.defined() ||
            report.information.scalar_type() != at::kDouble ||
            report.information.sizes() != at::IntArrayRef{size, size}) {
            refuse(k,
                   "its information is no matrix of " + std::to_string(size) +
                       " rows and columns in float64");
        }
        if (!at::isfinite(report.value).all().item<bool>() ||
            !at::isfinite(report.information).all().item<bool>() ||
            !std::isfinite(report.gain)) {
            refuse(k, "a value, its information or its gain is not finite");
        }
    }
}

FusedTarget locate_members(const Scenario& scenario,
                           const std::vector<Report>& reports,
                           const std::vector<std::size_t>& members)
{
    const auto& targets = scenario.targets;
    return Problem(
               scenario, reports, members, Prior(targets.area_m, targets.velocity_mps))
        .solve();
}

double clutter_score(const Scenario& scenario,
                     const std::vector<Report>& reports,
                     const std::vector<std::size_t>& members)
{
    const auto& clutter = scenario.clutter;
    if (clutter.scatterers == 0 || !(clutter.reflection_variance > 0.0)) {
        return -std::numeric_limits<double>::infinity();
    }
    return Problem(
               scenario, reports, members, Prior(clutter.area_m, clutter.velocity_mps))
               .solve_with_prior()
               .score +
           std::log(static_cast<double>(clutter.scatterers) / scenario.targets.count);
}

FusedTarget locate(const Scenario& scenario, const std::vector<Report>& reports)
{
    check_reports(scenario, reports);
    if (reports.empty()) {
        throw std::invalid_argument("no report to locate a target from");
    }
    std::vector<std::size_t> members(reports.size());
    std::iota(members.begin(), members.end(), 0);
    return locate_members(scenario, reports, members);
}

} // namespace cfisac::estimators
