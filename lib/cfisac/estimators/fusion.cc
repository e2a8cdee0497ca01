// SPDX-License-Identifier: GPL-3.0-or-later
#include "locate.h"
#include <algorithm>
#include <cmath>

namespace cfisac::estimators {

namespace {

// Whether two reports can be of one target: not twice of the same access point, or path.
bool exclude(const Report& one, const Report& other)
{
    return one.receiver == other.receiver &&
           (one.kind == Report::Kind::target || one.transmitter == other.transmitter);
}

class Association
{
public:
    Association(const Scenario& scenario, const std::vector<Report>& reports)
        : d_scenario(scenario), d_reports(reports), d_used(reports.size(), false)
    {
        for (std::size_t k = 0; k < reports.size(); k++) {
            d_alone.push_back(locate_members(scenario, reports, {k}));
        }
    }

    //! The best target of the reports that are left, which are then used.
    FusedTarget take()
    {
        FusedTarget best;
        for (std::size_t seed = 0; seed < d_reports.size(); seed++) {
            if (d_used[seed]) {
                continue;
            }
            const auto target = shrink(grow(d_alone[seed]));
            if (best.reports.empty() || target.score > best.score) {
                best = target;
            }
        }
        for (const auto member : best.reports) {
            d_used[member] = true;
        }
        return best;
    }

    bool is_empty() const
    {
        return std::all_of(d_used.begin(), d_used.end(), [](bool u) { return u; });
    }

private:
    //! What a report is worth as a target of its own, nothing if noise explains it better.
    double worth_alone(std::size_t report) const
    {
        return std::max(d_alone[report].score, 0.0);
    }

    bool can_join(const FusedTarget& target, std::size_t report) const
    {
        return !d_used[report] &&
               std::none_of(
                   target.reports.begin(), target.reports.end(), [&](std::size_t member) {
                       return exclude(d_reports[member], d_reports[report]);
                   });
    }

    FusedTarget grow(FusedTarget target) const
    {
        for (;;) {
            FusedTarget best;
            double best_profit = 0.0;
            for (std::size_t report = 0; report < d_reports.size(); report++) {
                if (!can_join(target, report)) {
                    continue;
                }
                auto members = target.reports;
                members.insert(std::upper_bound(members.begin(), members.end(), report),
                               report);
                auto joint = locate_members(d_scenario, d_reports, members);
                const double profit = joint.score - target.score - worth_alone(report);
                if (profit > best_profit) {
                    best_profit = profit;
                    best = std::move(joint);
                }
            }
            if (best.reports.empty()) {
                return target;
            }
            target = std::move(best);
        }
    }

    FusedTarget shrink(FusedTarget target) const
    {
        while (target.reports.size() > 2) {
            FusedTarget best;
            double best_profit = 0.0;
            for (const auto outlier : target.reports) {
                auto members = target.reports;
                members.erase(std::find(members.begin(), members.end(), outlier));
                auto rest = locate_members(d_scenario, d_reports, members);
                const double profit = rest.score + worth_alone(outlier) - target.score;
                if (profit > best_profit) {
                    best_profit = profit;
                    best = std::move(rest);
                }
            }
            if (best.reports.empty()) {
                break;
            }
            target = std::move(best);
        }
        return target;
    }

    const Scenario& d_scenario;
    const std::vector<Report>& d_reports;
    std::vector<FusedTarget> d_alone;
    std::vector<bool> d_used;
};

} // namespace

std::vector<FusedTarget> fuse(const Scenario& scenario,
                              const std::vector<Report>& reports,
                              std::size_t targets)
{
    check_reports(scenario, reports);
    Association association(scenario, reports);
    std::vector<FusedTarget> result;
    while (result.size() < targets && !association.is_empty()) {
        result.push_back(association.take());
    }
    return result;
}

TargetEstimates to_estimates(const Scenario& scenario,
                             const std::vector<FusedTarget>& targets)
{
    auto result = prior_estimates(scenario);
    const auto count = std::min<std::size_t>(targets.size(), result.location.size(0));
    for (std::size_t q = 0; q < count; q++) {
        const auto& target = targets[q];
        const auto row = static_cast<std::int64_t>(q);
        result.location[row].copy_(at::tensor(target.state.location, at::kDouble));
        result.velocity[row].copy_(at::tensor(target.state.velocity, at::kDouble));
        result.covariance[row].copy_(target.covariance);
        result.confidence[row].fill_(1.0 / (1.0 + std::exp(-target.score)));
    }
    return result;
}

} // namespace cfisac::estimators
