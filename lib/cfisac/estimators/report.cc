// SPDX-License-Identifier: GPL-3.0-or-later
#include "locate.h"
#include "signal/leg.h"
#include <cmath>

namespace cfisac::estimators {

namespace {

// Gain of a path that is sent without one: more than the prior of a target weighs.
constexpr double certain_gain = 100.0;

// Of the values of a path that is sent without a covariance: estimators come to about a tenth
// of the resolution at the signal-to-noise ratios at which they find a path at all.
constexpr double unit_of_resolution = 0.1;

// From an array to a place, with what signal::Leg refers to.
struct LineOfSight {
    LineOfSight(const AccessPoint& point, const Coordinates& place)
    {
        double square = 0.0, along = 0.0;
        for (std::size_t d = 0; d < place.size(); d++) {
            direction.push_back(place[d] - point.position_m[d]);
            square += direction[d] * direction[d];
            along += direction[d] * point.axis[d];
        }
        distance = std::max(std::sqrt(square), 1e-9); // in the array all is void
        for (auto& value : direction) {
            value /= distance;
        }
        cosine = along / distance;
    }
    signal::Leg leg(const AccessPoint& point, const Coordinates& velocity) const
    {
        return {point, distance, direction.data(), cosine, velocity.data()};
    }

    Coordinates direction;
    double distance;
    double cosine;
};

} // namespace

PredictedValues predict_values(const Scenario& scenario,
                               const Report& report,
                               const State& state)
{
    const auto d = state.location.size();
    const auto& receiver = scenario.receive[report.receiver];
    const LineOfSight arriving(receiver, state.location);
    const auto in = arriving.leg(receiver, state.velocity);
    const bool path = report.kind == Report::Kind::path;
    const std::size_t size = path ? 3 : d + scenario.transmit.size();
    PredictedValues result{std::vector<double>(size), std::vector<double>(size * 2 * d)};
    auto& value = result.value;
    auto* row = result.jacobian.data();
    const auto put_rate = [&](std::size_t n, std::size_t place) {
        const auto& transmitter = scenario.transmit[n];
        const LineOfSight departing(transmitter, state.location);
        const auto out = departing.leg(transmitter, state.velocity);
        value[place] = in.range_rate() + out.range_rate();
        for (std::size_t e = 0; e < d; e++) {
            row[place * 2 * d + e] =
                in.range_rate_gradient(e) + out.range_rate_gradient(e);
            row[place * 2 * d + d + e] =
                in.distance_gradient(e) + out.distance_gradient(e);
        }
        return departing.distance;
    };
    if (path) {
        value[0] = arriving.cosine;
        value[1] = arriving.distance + put_rate(report.transmitter, 2);
        for (std::size_t e = 0; e < d; e++) {
            row[e] = in.cosine_gradient(e);
            row[2 * d + e] = row[4 * d + d + e]; // (34): the range's is the rate's in v
        }
        return result;
    }
    for (std::size_t e = 0; e < d; e++) {
        value[e] = state.location[e];
        row[e * 2 * d + e] = 1.0;
    }
    for (std::size_t n = 0; n < scenario.transmit.size(); n++) {
        put_rate(n, d + n);
    }
    return result;
}

Prediction predict(const Scenario& scenario, const Report& report, const State& state)
{
    const auto predicted = predict_values(scenario, report, state);
    return {at::tensor(predicted.value, at::kDouble),
            at::tensor(predicted.jacobian, at::kDouble)
                .view({static_cast<std::int64_t>(predicted.value.size()), -1})};
}

at::Tensor unit_information(const Scenario& scenario, std::size_t receiver)
{
    const auto& waveform = scenario.waveform;
    const auto& array = scenario.receive.at(receiver);
    const double cells[] = {1.0 / (array.antennas * array.spacing_wavelengths),
                            speed_of_light /
                                (waveform.subcarriers * waveform.subcarrier_spacing_hz),
                            waveform.wavelength_m() / waveform.interval_s()};
    auto information = at::zeros({3, 3}, at::kDouble);
    for (std::int64_t k = 0; k < 3; k++) {
        const double unit = unit_of_resolution * cells[k];
        information[k][k] = 1.0 / (unit * unit);
    }
    return information;
}

Report report_of(const Scenario& scenario,
                 std::size_t receiver,
                 const PathParameters& path,
                 const std::optional<at::Tensor>& information,
                 std::optional<double> gain)
{
    Report report;
    report.kind = Report::Kind::path;
    report.receiver = receiver;
    report.transmitter = static_cast<std::size_t>(path.transmitter);
    report.value =
        at::tensor({path.cosine, path.range_m, path.range_rate_mps}, at::kDouble);
    report.information = information ? information->to(at::kCPU, at::kDouble)
                                     : unit_information(scenario, receiver);
    report.gain = gain.value_or(certain_gain);
    return report;
}

} // namespace cfisac::estimators
