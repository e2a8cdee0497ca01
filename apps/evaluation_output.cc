// SPDX-License-Identifier: GPL-3.0-or-later
#include "evaluation_output.h"
#include "evaluation_workers.h"

#include <algorithm>
#include <array>
#include <cfisac/evaluation/durable_file.h>
#include <cfisac/evaluation/scores.h>
#include <cfisac/scenario/yaml.h>
#include <cfisac/version.h>
#include <cmath>
#include <filesystem>
#include <torch/version.h>

namespace isac::apps {

using Json = nlohmann::ordered_json;
namespace evaluation = cfisac::evaluation;

namespace {

constexpr const char* plot_program = "isac_plot_evaluation";
constexpr const char* bound_name = "crlb";

Json number(double value) { return std::isnan(value) ? Json() : Json(value); }

Json optional_number(const std::optional<double>& value)
{
    return value ? Json(*value) : Json();
}

//! Records of a scheme for the frames of a point, chunk by chunk.
std::vector<evaluation::Record> records_of(const PlannedPoint& point,
                                           const std::string& scheme,
                                           const evaluation::RecordFile& file)
{
    std::vector<evaluation::Record> all;
    for (std::int64_t first = 0; first < point.frames; first += chunk_frames) {
        const auto count = std::min(chunk_frames, point.frames - first);
        const auto* records = file.find(point.id, scheme, first, count);
        if (!records) {
            throw std::runtime_error("no results of " + scheme + " from frame " +
                                     std::to_string(first));
        }
        all.insert(all.end(), records->begin(), records->end());
    }
    return all;
}

evaluation::Scored scored_of(const Contender& contender)
{
    return contender.estimates_velocity ? evaluation::Scored::location_and_velocity
                                        : evaluation::Scored::location;
}

//! Values of the truth that the estimates have too; the bounds are behind them.
std::size_t coordinates_of(const cfisac::Scenario& scenario)
{
    return std::size_t{2} * static_cast<std::size_t>(scenario.dimensions) *
           static_cast<std::size_t>(scenario.targets.count);
}

void add_interval(Json& row,
                  const std::string& name,
                  const std::string& unit,
                  double score,
                  const evaluation::Interval& interval)
{
    row[name + "_" + unit] = number(score);
    row[name + "_low_" + unit] = number(interval.low);
    row[name + "_high_" + unit] = number(interval.high);
}

Json score_row(const evaluation::Scores& scores,
               const evaluation::ScoreIntervals& intervals)
{
    Json row;
    row["frames"] = scores.frames;
    row["frames_lost"] = scores.frames_lost;
    add_interval(
        row, "location_rmse", "m", scores.location_rmse_m, intervals.location_rmse_m);
    add_interval(row,
                 "location_median",
                 "m",
                 scores.location_median_m,
                 intervals.location_median_m);
    row["location_p90_m"] = number(scores.location_p90_m);
    row["location_within_1m"] = number(scores.location_within_1m);
    add_interval(row,
                 "velocity_rmse",
                 "mps",
                 scores.velocity_rmse_mps,
                 intervals.velocity_rmse_mps);
    add_interval(row,
                 "velocity_median",
                 "mps",
                 scores.velocity_median_mps,
                 intervals.velocity_median_mps);
    row["velocity_p90_mps"] = number(scores.velocity_p90_mps);
    row["root_crlb_location_rms_m"] = number(scores.root_crlb_location_rms_m);
    row["root_crlb_location_median_m"] = number(scores.root_crlb_location_median_m);
    row["root_crlb_velocity_rms_mps"] = number(scores.root_crlb_velocity_rms_mps);
    row["root_crlb_velocity_median_mps"] = number(scores.root_crlb_velocity_median_mps);
    return row;
}

//! What stands before the scores of a row.
Json place_row(const PlannedFigure& figure,
               const PlannedPoint& point,
               const std::string& scheme)
{
    return Json{{"figure", figure.sweep.figure},
                {"x_name", figure.sweep.x_name},
                {"x", optional_number(point.point.x)},
                {"series_name", figure.sweep.series_name},
                {"series", optional_number(point.point.series)},
                {"scheme", scheme},
                {"codewords", nullptr}};
}

Json bound_row(const PlannedFigure& figure,
               const PlannedPoint& point,
               const std::vector<evaluation::Record>& truth)
{
    const auto values = coordinates_of(point.point.scenario);
    evaluation::ScoreKeeper keeper(point.point.scenario);
    for (const auto& record : truth) {
        keeper.add(record->data(), record->data(), record->data() + values);
    }
    auto scores = keeper.scores();
    auto row = place_row(figure, point, bound_name);
    row.update(score_row(scores, evaluation::bootstrap({})));
    for (auto& item : row.items()) { // of the truth against itself
        if (item.key().rfind("location_", 0) == 0 ||
            item.key().rfind("velocity_", 0) == 0) {
            item.value() = nullptr;
        }
    }
    row["fronthaul_bits_per_update"] = nullptr;
    row["reference_bits_per_update"] = nullptr;
    return row;
}

Json contender_row(const PlannedFigure& figure,
                   const PlannedPoint& point,
                   const Contender& contender,
                   const std::vector<evaluation::Record>& truth,
                   const std::vector<evaluation::Record>& estimates,
                   const evaluation::BootstrapOptions& options)
{
    const auto& scenario = point.point.scenario;
    const auto values = coordinates_of(scenario);
    evaluation::ScoreKeeper keeper(scenario, scored_of(contender));
    const evaluation::Matcher match(scenario, scored_of(contender));
    std::vector<evaluation::FrameErrors> errors;
    for (std::size_t k = 0; k < truth.size(); k++) {
        if (!estimates[k]) {
            keeper.add_lost();
            continue;
        }
        errors.push_back(match(truth[k]->data(), estimates[k]->data()));
        keeper.add(errors.back(), truth[k]->data() + values);
    }
    auto row = place_row(figure, point, contender.scheme);
    if (contender.codewords > 0) {
        row["codewords"] = contender.codewords;
    }
    if (!point.point.x) { // the axis is what is sent
        row["x"] = contender.fronthaul_bits;
    }
    row.update(score_row(keeper.scores(), evaluation::bootstrap(errors, options)));
    row["fronthaul_bits_per_update"] = contender.fronthaul_bits;
    row["reference_bits_per_update"] = contender.reference_bits;
    return row;
}

std::string cell(const Json& value)
{
    if (value.is_null()) {
        return "";
    }
    if (value.is_string()) {
        return value.get<std::string>();
    }
    if (value.is_number_float() && std::isinf(value.get<double>())) {
        return "inf";
    }
    return value.dump();
}

std::string plot_path()
{
    return (std::filesystem::path(program_folder()) / plot_program).string();
}

} // namespace

Rows score_rows(const PlannedFigure& figure,
                const evaluation::RecordFile& file,
                const EvaluationOptions& options,
                const std::function<void()>& alive)
{
    Rows rows;
    for (const auto& point : figure.points) {
        const auto truth = records_of(point, truth_id, file);
        rows.push_back(bound_row(figure, point, truth));
        for (const auto& contender : point.contenders) {
            rows.push_back(contender_row(figure,
                                         point,
                                         contender,
                                         truth,
                                         records_of(point, contender.id, file),
                                         options.bootstrap));
            alive();
        }
    }
    return rows;
}

Rows target_rows(const PlannedFigure& figure, const evaluation::RecordFile& file)
{
    constexpr std::array<const char*, 3> axes{"x", "y", "z"};
    Rows rows;
    for (const auto& point : figure.points) {
        const auto& scenario = point.point.scenario;
        const auto dimensions = static_cast<std::size_t>(scenario.dimensions);
        const auto targets = static_cast<std::size_t>(scenario.targets.count);
        const auto truth = records_of(point, truth_id, file);
        for (const auto& contender : point.contenders) {
            const evaluation::Matcher match(scenario, scored_of(contender));
            const auto estimates = records_of(point, contender.id, file);
            for (std::size_t k = 0; k < truth.size(); k++) {
                if (!estimates[k]) {
                    continue; // lost
                }
                const auto errors = match(truth[k]->data(), estimates[k]->data());
                for (std::size_t q = 0; q < targets; q++) {
                    Json row{{"figure", figure.sweep.figure},
                             {"scheme", contender.scheme},
                             {"frame", k},
                             {"target", q}};
                    const auto add = [&](const char* what,
                                         const std::vector<float>& values,
                                         std::size_t target,
                                         bool velocity) {
                        for (const bool second : {false, true}) {
                            for (std::size_t d = 0; d < dimensions; d++) {
                                const auto name = std::string(what) +
                                                  (second ? "_velocity_" : "_") +
                                                  axes[d] + (second ? "_mps" : "_m");
                                const auto at =
                                    (second ? targets + target : target) * dimensions + d;
                                row[name] = second && !velocity
                                                ? Json()
                                                : number(static_cast<double>(values[at]));
                            }
                        }
                    };
                    add("true", *truth[k], q, true);
                    add("estimated",
                        *estimates[k],
                        errors.match[q],
                        contender.estimates_velocity);
                    row["location_error_m"] = errors.location_m[q];
                    row["velocity_error_mps"] = errors.velocity_mps.empty()
                                                    ? Json()
                                                    : Json(errors.velocity_mps[q]);
                    rows.push_back(std::move(row));
                }
            }
        }
    }
    return rows;
}

std::string to_csv(const Rows& rows)
{
    std::string text;
    const auto line = [&](const Json& row, bool names) {
        bool first = true;
        for (const auto& item : row.items()) {
            text += (first ? "" : ",") + (names ? item.key() : cell(item.value()));
            first = false;
        }
        text += "\n";
    };
    if (!rows.empty()) {
        line(rows.front(), true);
    }
    for (const auto& row : rows) {
        line(row, false);
    }
    return text;
}

Json write_output(const std::string& name,
                  const Rows& rows,
                  Json about,
                  const EvaluationOptions& options)
{
    const auto base = (std::filesystem::path(options.out) / name).string();
    evaluation::write_durably(base + ".csv", to_csv(rows));
    Json json = std::move(about);
    json["settings"] = {{"version", cfisac::version},
                        {"libtorch", TORCH_VERSION},
                        {"device", options.device},
                        {"quick", options.quick},
                        {"seed", options.seed},
                        {"reference", cfisac::signal::to_string(options.reference)},
                        {"bootstrap_resamples", options.bootstrap.resamples},
                        {"confidence_level", options.bootstrap.level},
                        {"scenario", options.scenario.name},
                        {"scenario_yaml", cfisac::to_yaml(options.scenario)}};
    json["rows"] = rows; // a bound that is infinite is written as null
    evaluation::write_durably(base + ".json", json.dump(1) + "\n");
    Json written{{"name", name},
                 {"csv", base + ".csv"},
                 {"json", base + ".json"},
                 {"picture", nullptr},
                 {"rows", rows.size()}};
    if (options.picture && !rows.empty()) {
        const auto picture = base + ".png";
        const int code =
            run_program({plot_path(), base + ".csv", "--out", picture, "--quiet"});
        if (code != success) {
            throw std::runtime_error(picture + ": " + plot_program + " ended with code " +
                                     std::to_string(code));
        }
        written["picture"] = picture;
    }
    return written;
}

void check_pictures()
{
    const auto program = plot_path();
    if (!std::filesystem::exists(program)) {
        throw std::runtime_error("pictures need " + program +
                                 ", which is not there; give --no-picture for CSV and "
                                 "JSON only");
    }
    if (run_program({program, "--check"}) != success) {
        throw std::runtime_error(
            "pictures need Python's matplotlib (python3-matplotlib); "
            "give --no-picture for CSV and JSON only");
    }
}

} // namespace isac::apps
