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
constexpr double settled = 1e-18;    // squared normalised step
constexpr double least_width = 1e-3; // of a coordinate that the prior fixes, m or m/s
// Share of the information of the prior below which a direction counts as open.
constexpr double least_information = 0.01;

// Prior of (location, velocity): boxes as Gaussians of the same variance.
struct Prior {
    explicit Prior(const Scenario& scenario)
    {
        const auto& targets = scenario.targets;
        for (const auto* box : {&targets.area_m, &targets.velocity_mps}) {
            for (std::size_t k = 0; k < box->min.size(); k++) {
                const double width = std::max(box->max[k] - box->min[k], least_width);
                mean.push_back(0.5 * (box->max[k] + box->min[k]));
                half_width.push_back(0.5 * width);
                log_volume += std::log(width);
            }
        }
    }
    bool contains(const double* values) const
    {
        for (std::size_t k = 0; k < mean.size(); k++) {
            // A tenth more: an estimate near the border errs to both sides of it.
            if (!(std::abs(values[k] - mean[k]) <= 1.2 * half_width[k])) {
                return false;
            }
        }
        return true;
    }
    std::vector<double> informations() const
    {
        std::vector<double> result;
        for (const double half : half_width) {
            result.push_back(3.0 / (half * half));
        }
        return result;
    }

    std::vector<double> mean, half_width;
    double log_volume = 0.0;
};

at::Tensor to_tensor(const State& state)
{
    std::vector<double> values(state.location);
    values.insert(values.end(), state.velocity.begin(), state.velocity.end());
    return at::tensor(values, at::kDouble);
}

State to_state(const at::Tensor& values)
{
    const auto* first = values.data_ptr<double>();
    const auto* last = first + values.numel();
    const auto* middle = first + values.numel() / 2;
    return {{first, middle}, {middle, last}};
}

// Normal equations of the squared normalised residuals at a state.
struct Equations {
    at::Tensor information; // [2D, 2D]
    at::Tensor right;       // [2D]
    double mismatch = 0.0;  // of the reports
    double cost = 0.0;      // with the prior, where it is used
};

class Problem
{
public:
    Problem(const Scenario& scenario,
            const std::vector<Report>& reports,
            const std::vector<std::size_t>& members)
        : d_scenario(scenario), d_reports(reports), d_members(members), d_prior(scenario)
    {
    }

    FusedTarget solve() const;

private:
    struct Solution {
        at::Tensor values;
        Equations equations;
        at::Tensor covariance;        // undefined where a direction is open
        double log_determinant = 0.0; // of the information together with the prior's
    };

    Equations equations(const at::Tensor& values, bool with_prior) const;
    at::Tensor start_at(const Coordinates& location) const;
    Solution descend(at::Tensor values, bool with_prior) const;
    std::vector<Coordinates> starts() const;

    const Scenario& d_scenario;
    const std::vector<Report>& d_reports;
    const std::vector<std::size_t>& d_members;
    const Prior d_prior;
};

Equations Problem::equations(const at::Tensor& values, bool with_prior) const
{
    const auto state = to_state(values);
    const auto size = values.numel();
    Equations result{
        at::zeros({size, size}, at::kDouble), at::zeros({size}, at::kDouble), 0.0, 0.0};
    for (const auto member : d_members) {
        const auto& report = d_reports[member];
        const auto prediction = predict(d_scenario, report, state);
        const auto residual = report.value - prediction.value;
        const auto weighted = at::matmul(prediction.jacobian.t(), report.information);
        result.information += at::matmul(weighted, prediction.jacobian);
        result.right += at::mv(weighted, residual);
        result.mismatch +=
            at::dot(residual, at::mv(report.information, residual)).item<double>();
    }
    result.cost = result.mismatch;
    const auto weights = d_prior.informations();
    for (std::int64_t k = 0; with_prior && k < size; k++) {
        const double weight = weights[k];
        const double residual = d_prior.mean[k] - values.data_ptr<double>()[k];
        result.information.data_ptr<double>()[k * size + k] += weight;
        result.right.data_ptr<double>()[k] += weight * residual;
        result.cost += weight * residual * residual;
    }
    return result;
}

// The velocity enters linearly: with the prior it follows from the location at once.
at::Tensor Problem::start_at(const Coordinates& location) const
{
    const auto d = static_cast<std::int64_t>(location.size());
    auto values = to_tensor({location, Coordinates(location.size(), 0.0)});
    std::copy(
        d_prior.mean.begin() + d, d_prior.mean.end(), values.data_ptr<double>() + d);
    const auto here = equations(values, true);
    const auto block = here.information.slice(0, d).slice(1, d).contiguous();
    const auto [factor, info] = at::linalg_cholesky_ex(block);
    if (info.item<int>() == 0) {
        values.slice(0, d).add_(
            at::cholesky_solve(here.right.slice(0, d).unsqueeze(1), factor).squeeze(1));
    }
    return values;
}

Problem::Solution Problem::descend(at::Tensor values, bool with_prior) const
{
    auto here = equations(values, with_prior);
    double damping = 1e-3;
    for (int step = 0; step < most_steps && damping < 1e12; step++) {
        const auto damped =
            here.information + at::diag(here.information.diag() * damping);
        const auto [factor, info] = at::linalg_cholesky_ex(damped);
        if (info.item<int>() != 0) {
            damping = std::max(10.0 * damping, 1e-9);
            continue;
        }
        const auto change =
            at::cholesky_solve(here.right.unsqueeze(1), factor).squeeze(1);
        const auto next = values + change;
        const auto there = equations(next, with_prior);
        const double length =
            at::dot(change, at::mv(here.information, change)).item<double>();
        if (there.cost <= here.cost) {
            values = next;
            here = there;
            damping *= 0.1;
        } else {
            damping *= 10.0;
        }
        if (length < settled) {
            break;
        }
    }
    Solution solution{values, here, {}, 0.0};
    const auto prior = at::tensor(d_prior.informations(), at::kDouble);
    const auto scale = prior.rsqrt();
    const auto relative = here.information * scale.unsqueeze(1) * scale;
    if (at::linalg_eigvalsh(relative, "L").min().item<double>() >= least_information) {
        solution.covariance = at::cholesky_inverse(at::linalg_cholesky(here.information));
    }
    const auto bounded =
        with_prior ? here.information : here.information + at::diag(prior);
    solution.log_determinant =
        2.0 * at::linalg_cholesky(bounded).diagonal().log().sum().item<double>();
    return solution;
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

FusedTarget Problem::solve() const
{
    Solution best;
    for (const bool with_prior : {false, true}) {
        for (const auto& start : starts()) {
            const auto solution = descend(start_at(start), with_prior);
            if (!best.values.defined() ||
                (!best.covariance.defined() && solution.covariance.defined()) ||
                solution.equations.cost < best.equations.cost) {
                best = solution;
            }
        }
        if (best.covariance.defined() &&
            (with_prior || d_prior.contains(best.values.data_ptr<double>()))) {
            break;
        }
        if (!with_prior) {
            best = {};
        }
    }
    FusedTarget target;
    target.state = to_state(best.values);
    target.covariance = best.covariance;
    target.mismatch = best.equations.mismatch;
    target.reports = d_members;
    const double half_size = 0.5 * static_cast<double>(best.values.numel());
    // cost: where the prior was needed, its density counts as well
    target.score = -0.5 * best.equations.cost - d_prior.log_volume +
                   half_size * std::log(2.0 * M_PI) - 0.5 * best.log_determinant;
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
    if (scenario.dimensions != 2) {
        throw std::invalid_argument("fusion is for scenarios of 2 dimensions, not " +
                                    std::to_string(scenario.dimensions));
    }
    for (std::size_t k = 0; k < reports.size(); k++) {
        const auto& report = reports[k];
        const bool path = report.kind == Report::Kind::path;
        const std::int64_t size =
            path ? 3
                 : scenario.dimensions +
                       static_cast<std::int64_t>(scenario.transmit.size());
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
    return Problem(scenario, reports, members).solve();
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
