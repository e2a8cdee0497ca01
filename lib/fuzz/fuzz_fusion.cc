// SPDX-License-Identifier: GPL-3.0-or-later
//
// What access points may lie about: every message that is one is fused with the others, and
// the estimates that come out are finite.

#include "fuzz.h"

#include <cfisac/estimators/fusion.h>
#include <cfisac/estimators/maximum_likelihood.h>
#include <cfisac/scenario/yaml.h>

#include <ATen/ATen.h>

namespace {

using namespace cfisac::estimators;
using cfisac::fuzz::Input;
using cfisac::fuzz::require;

const cfisac::Scenario& scenario()
{
    static const auto lite = [] {
        auto scenario =
            cfisac::load_scenario(CFISAC_SOURCE_DIR "/examples/scenarios/lite.yml");
        scenario.targets.count = 1;
        return scenario;
    }();
    return lite;
}

//! The next message of `words` words, and what it reports.
template <typename Decode, typename Make>
void add_reports(Input& input,
                 std::size_t words,
                 Decode decode,
                 Make report,
                 std::vector<Report>& reports)
{
    if (const auto values = decode(input.list<std::uint16_t>(words))) {
        for (const auto& value : *values) {
            reports.push_back(report(value));
        }
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    constexpr std::size_t count = 2; // of each message
    Input input(data, size);
    const bool paths = input.below(2) == 0;
    std::vector<Report> reports;
    for (std::size_t m = 0; m < scenario().receive.size(); m++) {
        if (paths) {
            add_reports(
                input,
                count * words_of_a_path,
                [](const Message& message) {
                    return decode_paths(message, count, scenario().transmit.size());
                },
                [m](const PathParameters& path) {
                    return report_of(scenario(), m, path);
                },
                reports);
        } else {
            add_reports(
                input,
                words_of_local_estimates(scenario(), count),
                [](const Message& message) {
                    return decode_local_estimates(message, scenario(), count);
                },
                [m](const LocalEstimate& estimate) { return report_of(m, estimate); },
                reports);
        }
    }
    const auto targets = static_cast<std::size_t>(scenario().targets.count);
    const auto estimates = to_estimates(scenario(), fuse(scenario(), reports, targets));
    for (const auto& values : {estimates.location,
                               estimates.velocity,
                               estimates.covariance,
                               estimates.confidence}) {
        require(at::isfinite(values).all().item<bool>(), "estimates are finite");
    }
    return 0;
}
