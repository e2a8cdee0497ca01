// SPDX-License-Identifier: GPL-3.0-or-later
#include "locate.h"
#include <algorithm>
#include <cmath>

namespace cfisac::estimators {

namespace {

// Logarithm of the odds against a range rate that is wrong altogether.
constexpr double wrong_rate = 6.0;

// What agreement can add to the score beside the gain: more than any prior outweighs
// information, twice for the bound's linearisation.
constexpr double most_profit = 60.0;

// The report without one of its values, of which nothing is known then.
Report without_value(const Report& report, std::int64_t k)
{
    auto rest = report;
    const auto column = report.information.select(1, k);
    const double own = column[k].item<double>();
    rest.information =
        report.information - column.unsqueeze(1) * column.unsqueeze(0) / own;
    rest.information.select(0, k).zero_();
    rest.information.select(1, k).zero_();
    rest.gain -= wrong_rate;
    return rest;
}

/* Reports and what they may become: a path that fades can have been measured at the Doppler
 * line of something else, and its range rate is then left out.
 */
class Association
{
public:
    Association(const Scenario& scenario, const std::vector<Report>& reports)
        : d_scenario(scenario), d_used(reports.size(), false)
    {
        for (std::size_t k = 0; k < reports.size(); k++) {
            const auto& report = reports[k];
            add(report, k);
            for (std::int64_t rate = scenario.dimensions;
                 report.kind == Report::Kind::target && rate < report.value.numel();
                 rate++) {
                if (report.information[rate][rate].item<double>() > 0.0) {
                    add(without_value(report, rate), k);
                }
            }
        }
    }

    bool is_empty() const
    {
        return std::all_of(d_used.begin(), d_used.end(), [](bool used) { return used; });
    }

    //! The best target of the reports that are left, which are then used.
    FusedTarget take()
    {
        FusedTarget best;
        double best_odds = 0.0;
        for (const auto seed : d_seeds) {
            if (d_used[d_source[seed]]) {
                continue;
            }
            auto& [grown, odds] = d_grown[seed];
            const bool stale =
                std::any_of(grown.reports.begin(),
                            grown.reports.end(),
                            [&](std::size_t member) { return d_used[d_source[member]]; });
            if (grown.reports.empty() || stale) {
                grown = shrink(grow(d_alone[seed]));
                odds = grown.score - clutter_score(d_scenario, d_variants, grown.reports);
            }
            // Where anything is likelier to be a target than clutter, nothing else counts.
            const bool better =
                (odds > 0.0) == (best_odds > 0.0) ? grown.score > best.score : odds > 0.0;
            if (best.reports.empty() || better) {
                best = grown;
                best_odds = odds;
            }
        }
        for (auto& member : best.reports) {
            member = d_source[member];
            d_used[member] = true;
        }
        return best;
    }

private:
    struct Grown {
        FusedTarget target;
        double odds = 0.0;
    };

    void add(const Report& variant, std::size_t source)
    {
        if (d_source.empty() || d_source.back() != source) {
            d_seeds.push_back(d_variants.size());
            d_worth.push_back(0.0);
        }
        d_variants.push_back(variant);
        d_source.push_back(source);
        d_alone.push_back(locate_members(d_scenario, d_variants, {d_alone.size()}));
        d_grown.emplace_back();
        d_worth[source] = std::max(d_worth[source], d_alone.back().score);
    }

    // What a report is worth as a target of its own, nothing if noise explains it better.
    double worth(std::size_t variant) const { return d_worth[d_source[variant]]; }

    // Whether two reports can be of one target: not twice of the same access point, or path.
    bool exclude(std::size_t one, std::size_t other) const
    {
        const auto& a = d_variants[one];
        const auto& b = d_variants[other];
        return a.receiver == b.receiver &&
               (a.kind == Report::Kind::target || a.transmitter == b.transmitter);
    }

    bool can_join(const FusedTarget& target, std::size_t variant) const
    {
        return !d_used[d_source[variant]] &&
               std::none_of(target.reports.begin(),
                            target.reports.end(),
                            [&](std::size_t member) { return exclude(member, variant); });
    }

    // Whether a variant sees its target too far away to join: the distance, normalised by both
    // covariances, is a lower bound of the mismatch that it would bring.
    bool is_elsewhere(const FusedTarget& target, std::size_t variant) const
    {
        return 0.5 * distance(target, d_alone[variant]) >
               d_variants[variant].gain - worth(variant) + most_profit;
    }

    // Squared, of the locations.
    double distance(const FusedTarget& target, const FusedTarget& other) const
    {
        if (d_scenario.dimensions != 2) {
            const auto d = d_scenario.dimensions;
            const auto difference = at::tensor(target.state.location, at::kDouble) -
                                    at::tensor(other.state.location, at::kDouble);
            const auto covariance =
                (target.covariance + other.covariance).slice(0, 0, d).slice(1, 0, d);
            const auto [factor, info] = at::linalg_cholesky_ex(covariance);
            return info.item<int>() != 0
                       ? 0.0
                       : at::dot(difference,
                                 at::cholesky_solve(difference.unsqueeze(1), factor)
                                     .squeeze(1))
                             .item<double>();
        }
        const double dx = target.state.location[0] - other.state.location[0];
        const double dy = target.state.location[1] - other.state.location[1];
        const auto* a = target.covariance.data_ptr<double>();
        const auto* b = other.covariance.data_ptr<double>();
        const auto width = target.covariance.size(1);
        const double xx = a[0] + b[0], xy = a[1] + b[1];
        const double yy = a[width + 1] + b[width + 1];
        return (dx * dx * yy - 2.0 * dx * dy * xy + dy * dy * xx) / (xx * yy - xy * xy);
    }

    FusedTarget grow(FusedTarget target) const
    {
        for (;;) {
            FusedTarget best;
            double best_profit = 0.0;
            for (std::size_t k = 0; k < d_variants.size(); k++) {
                if (!can_join(target, k) || is_elsewhere(target, k)) {
                    continue;
                }
                auto members = target.reports;
                members.insert(std::upper_bound(members.begin(), members.end(), k), k);
                auto joint = locate_members(d_scenario, d_variants, members);
                const double profit = joint.score - target.score - worth(k);
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
                auto rest = locate_members(d_scenario, d_variants, members);
                const double profit = rest.score + worth(outlier) - target.score;
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
    std::vector<Report> d_variants;
    std::vector<std::size_t> d_source; // report of each variant
    std::vector<FusedTarget> d_alone;  // of each variant
    std::vector<double> d_worth;       // of each report
    std::vector<std::size_t> d_seeds;  // variant of each report that leaves nothing out
    //! From each seed, with its score above that of clutter; empty where not known yet.
    std::vector<Grown> d_grown;
    std::vector<bool> d_used;          // reports that have their target
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
