// SPDX-License-Identifier: GPL-3.0-or-later
#include "scenario/hash.h"
#include <cfisac/estimators/access_point.h>
#include <cfisac/estimators/compressed_sensing.h>
#include <cfisac/estimators/fusion.h>
#include <cfisac/estimators/maximum_likelihood.h>
#include <cfisac/estimators/music.h>
#include <stdexcept>

namespace cfisac::estimators {

namespace {

struct Named {
    Scheme scheme;
    const char* name;
};
constexpr Named schemes[] = {
    {Scheme::music, "music"}, {Scheme::cs, "cs"}, {Scheme::ml, "ml"}};

std::size_t targets_of(const Scenario& scenario)
{
    return static_cast<std::size_t>(scenario.targets.count);
}

//! Schemes that send paths.
template <typename Estimator>
class PathSender : public AccessPointEstimator
{
public:
    PathSender(const signal::Layout& layout, std::int64_t receiver)
        : d_estimator(layout, receiver), d_paths(targets_of(layout.scenario))
    {
    }
    Message operator()(const at::Tensor& echo, const at::Tensor& transmit) override
    {
        return encode_paths(d_estimator(echo, transmit), d_paths);
    }

private:
    Estimator d_estimator;
    std::size_t d_paths;
};

//! The scheme that sends what is likeliest.
class LikelihoodSender : public AccessPointEstimator
{
public:
    LikelihoodSender(const signal::Layout& layout,
                     std::int64_t receiver,
                     const MaximumLikelihoodOptions& options)
        : d_estimator(layout, receiver, options), d_scenario(layout.scenario)
    {
    }
    Message operator()(const at::Tensor& echo, const at::Tensor& transmit) override
    {
        return encode_local_estimates(
            d_estimator(echo, transmit), d_scenario, local_estimates_sent(d_scenario));
    }

private:
    MaximumLikelihood d_estimator;
    Scenario d_scenario;
};

//! What a message reports; nothing when it is none of the scheme's.
std::optional<std::vector<Report>> reports_of(Scheme scheme,
                                              const Scenario& scenario,
                                              std::size_t receiver,
                                              const Message& message)
{
    std::vector<Report> reports;
    if (scheme == Scheme::ml) {
        const auto estimates =
            decode_local_estimates(message, scenario, local_estimates_sent(scenario));
        if (!estimates) {
            return std::nullopt;
        }
        for (const auto& estimate : *estimates) {
            reports.push_back(report_of(receiver, estimate));
        }
        return reports;
    }
    const auto paths =
        decode_paths(message, targets_of(scenario), scenario.transmit.size());
    if (!paths) {
        return std::nullopt;
    }
    for (const auto& path : *paths) {
        reports.push_back(report_of(scenario, receiver, path));
    }
    return reports;
}

class Fusion : public CentralEstimator
{
public:
    Fusion(Scheme scheme, const Scenario& scenario)
        : d_scheme(scheme), d_scenario(scenario)
    {
        validate(scenario);
        if (scenario.dimensions != 2 && scheme != Scheme::ml) {
            throw std::invalid_argument(
                std::string("fusion of the scheme ") + to_string(scheme) +
                " is for scenarios of 2 dimensions, not " +
                std::to_string(scenario.dimensions) + "; the scheme ml is for both");
        }
    }

    TargetEstimates operator()(const std::vector<Message>& messages) override
    {
        if (messages.size() != d_scenario.receive.size()) {
            throw std::invalid_argument(
                std::to_string(messages.size()) + " messages given for " +
                std::to_string(d_scenario.receive.size()) + " receive access points");
        }
        std::vector<Report> reports;
        for (std::size_t m = 0; m < messages.size(); m++) {
            if (messages[m].empty()) {
                continue;
            }
            const auto own = reports_of(d_scheme, d_scenario, m, messages[m]);
            if (!own) {
                throw std::invalid_argument("message of access point " +
                                            std::to_string(m) + " is none of " +
                                            to_string(d_scheme));
            }
            reports.insert(reports.end(), own->begin(), own->end());
        }
        return to_estimates(d_scenario,
                            fuse(d_scenario, reports, targets_of(d_scenario)));
    }

private:
    Scheme d_scheme;
    Scenario d_scenario;
};

} // namespace

const char* to_string(Scheme scheme)
{
    for (const auto& each : schemes) {
        if (each.scheme == scheme) {
            return each.name;
        }
    }
    throw std::invalid_argument("no such scheme");
}

Scheme scheme_from_string(const std::string& word)
{
    for (const auto& each : schemes) {
        if (word == each.name) {
            return each.scheme;
        }
    }
    throw std::invalid_argument("scheme must be music, cs or ml, got '" + word + "'");
}

std::unique_ptr<AccessPointEstimator> make_access_point_estimator(
    Scheme scheme,
    const signal::Layout& layout,
    std::int64_t receiver,
    StaticClutter static_clutter)
{
    if (scheme != Scheme::ml && static_clutter != StaticClutter::as_scenario) {
        throw std::invalid_argument(std::string("the scheme ") + to_string(scheme) +
                                    " has no choice what it does about static clutter");
    }
    switch (scheme) {
    case Scheme::music:
        return std::make_unique<PathSender<MusicEstimator>>(layout, receiver);
    case Scheme::cs:
        return std::make_unique<PathSender<CompressedSensingEstimator>>(layout, receiver);
    case Scheme::ml: {
        MaximumLikelihoodOptions options;
        options.static_clutter = static_clutter;
        return std::make_unique<LikelihoodSender>(layout, receiver, options);
    }
    }
    throw std::invalid_argument("no such scheme");
}

std::size_t message_words(Scheme scheme, const Scenario& scenario)
{
    return scheme == Scheme::ml
               ? words_of_local_estimates(scenario, local_estimates_sent(scenario))
               : targets_of(scenario) * words_of_a_path;
}

bool is_message(Scheme scheme, const Scenario& scenario, const Message& message)
{
    return reports_of(scheme, scenario, 0, message).has_value();
}

std::uint64_t fingerprint(Scheme scheme)
{
    return cfisac::detail::fnv1a(std::string("cfisac message 1 ") + to_string(scheme));
}

std::unique_ptr<CentralEstimator> make_central_estimator(Scheme scheme,
                                                         const Scenario& scenario)
{
    return std::make_unique<Fusion>(scheme, scenario);
}

} // namespace cfisac::estimators
