// SPDX-License-Identifier: GPL-3.0-or-later
#include "evaluation_plan.h"

#include <algorithm>
#include <cfisac/evaluation/record_file.h>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

namespace isac::apps {

namespace evaluation = cfisac::evaluation;

namespace {

constexpr int scatter_plot = 10;          // shows frames, not scores
constexpr std::int64_t shown_frames = 10; // of it
constexpr int codebook_figure = 12;       // compares the models of a scheme

std::string place_of(const evaluation::Sweep& sweep, const evaluation::SweepPoint& point)
{
    std::ostringstream text;
    if (point.series && !sweep.series_name.empty()) {
        text << sweep.series_name << " = " << *point.series << ", ";
    }
    if (point.x && !sweep.x_name.empty()) {
        text << sweep.x_name << " = " << *point.x;
    }
    return text.str();
}

void leave_out(PlannedFigure& figure,
               const std::string& scheme,
               const std::string& reason,
               const std::string& place)
{
    for (auto& left : figure.left_out) {
        if (left.scheme == scheme && left.reason == reason) {
            left.places.push_back(place);
            return;
        }
    }
    figure.left_out.push_back({scheme, reason, {place}, ""});
}

//! Say where in words.
void finish(PlannedFigure& figure)
{
    for (auto& left : figure.left_out) {
        if (left.places.size() == figure.points.size()) {
            left.where = "every point";
            continue;
        }
        for (const auto& place : left.places) {
            left.where += (left.where.empty() ? "" : "; ") + place;
        }
    }
}

//! Models of a scheme for a point; one, or where codebooks are compared all of them.
std::vector<const GivenModel*> fitting(const EvaluationOptions& options,
                                       const std::string& scheme,
                                       const evaluation::Sweep& sweep,
                                       const cfisac::Scenario& scenario)
{
    std::vector<const GivenModel*> found;
    for (const auto& given : options.models) {
        if (given.scheme == scheme && cfisac::fingerprint(given.model->scenario()) ==
                                          cfisac::fingerprint(scenario)) {
            found.push_back(&given);
        }
    }
    if (found.size() > 1 && sweep.figure != codebook_figure) {
        found.resize(1);
    }
    return found;
}

Contender contender(const std::string& scheme,
                    const cfisac::Scenario& scenario,
                    const EvaluationOptions& options,
                    const GivenModel* given)
{
    Contender result;
    result.scheme = scheme;
    result.id = scheme;
    result.options.device = at::Device(options.device);
    result.options.reference = options.reference;
    result.codewords = 0;
    if (given) {
        result.options.model = given->model;
        result.file = given->file;
        result.id += ":" + hexadecimal(given->model->fingerprint());
        result.codewords = given->model->codewords();
    }
    const auto made = evaluation::make_scheme(scheme, scenario, result.options);
    result.fronthaul_bits = made->fronthaul_bits();
    result.reference_bits = made->reference_bits();
    result.estimates_velocity = made->estimates_velocity();
    return result;
}

//! Plans one figure, and remembers what is possible in any.
class Planner
{
public:
    explicit Planner(const EvaluationOptions& options) : d_options(options) {}

    PlannedFigure operator()(int figure)
    {
        PlannedFigure planned;
        planned.sweep =
            evaluation::make_sweep(figure, d_options.scenario, d_options.quick);
        const auto& names =
            d_options.schemes.empty() ? evaluation::scheme_names() : d_options.schemes;
        for (const auto& point : planned.sweep.points) {
            PlannedPoint here{point,
                              evaluation::point_id(point.scenario),
                              figure == scatter_plot
                                  ? std::min(d_options.frames, shown_frames)
                                  : d_options.frames,
                              {}};
            for (const auto& name : names) {
                add(here, name, planned);
            }
            planned.points.push_back(std::move(here));
        }
        planned.sweep.points.clear();
        finish(planned);
        return planned;
    }

    //! \throws UsageError, see plan()
    void check() const
    {
        for (const auto& given : d_options.models) {
            const bool wanted =
                d_options.schemes.empty() || std::count(d_options.schemes.begin(),
                                                        d_options.schemes.end(),
                                                        given.scheme);
            if (!wanted) {
                throw UsageError("--model " + given.scheme + "=" + given.file + ": " +
                                 given.scheme + " is not among the --schemes");
            }
            if (d_used.count(given.file) == 0) {
                throw UsageError(
                    "--model " + given.scheme + "=" + given.file +
                    ": made for scenario '" + given.model->scenario().name +
                    "' (fingerprint " +
                    hexadecimal(cfisac::fingerprint(given.model->scenario())) +
                    "), which no point of the figures has; '" + d_options.scenario.name +
                    "' has " + hexadecimal(cfisac::fingerprint(d_options.scenario)));
            }
        }
        for (const auto& name : d_options.schemes) {
            if (d_possible.count(name) == 0) {
                throw UsageError("--schemes " + name + ": " + d_reason.at(name));
            }
        }
    }

private:
    void add(PlannedPoint& here, const std::string& name, PlannedFigure& planned)
    {
        try {
            if (!evaluation::is_learned(name)) {
                here.contenders.push_back(
                    contender(name, here.point.scenario, d_options, nullptr));
            } else {
                add_learned(here, name, planned.sweep);
            }
            d_possible.insert(name);
        } catch (const std::invalid_argument& error) {
            d_reason[name] = error.what();
            leave_out(planned, name, error.what(), place_of(planned.sweep, here.point));
        }
    }

    void add_learned(PlannedPoint& here,
                     const std::string& name,
                     const evaluation::Sweep& sweep)
    {
        const auto models = fitting(d_options, name, sweep, here.point.scenario);
        if (models.empty()) {
            const bool any =
                std::any_of(d_options.models.begin(),
                            d_options.models.end(),
                            [&](const auto& given) { return given.scheme == name; });
            throw std::invalid_argument(any ? "no --model " + name +
                                                  "=FILE is for this scenario"
                                            : "no --model " + name + "=FILE is given");
        }
        for (const auto* given : models) {
            here.contenders.push_back(
                contender(name, here.point.scenario, d_options, given));
        }
        // All that fit are of use, also those that only Fig. 12 takes.
        for (const auto& given : d_options.models) {
            if (given.scheme == name && cfisac::fingerprint(given.model->scenario()) ==
                                            cfisac::fingerprint(here.point.scenario)) {
                d_used.insert(given.file);
            }
        }
    }

    const EvaluationOptions& d_options;
    std::set<std::string> d_possible;            //!< schemes
    std::set<std::string> d_used;                //!< files of models
    std::map<std::string, std::string> d_reason; //!< why a scheme was not possible
};

} // namespace

std::vector<PlannedFigure> plan(const EvaluationOptions& options)
{
    std::vector<PlannedFigure> figures;
    Planner planner(options);
    const auto& sweeps = evaluation::sweep_figures();
    for (const auto figure : options.figures) {
        if (std::find(sweeps.begin(), sweeps.end(), figure) != sweeps.end()) {
            figures.push_back(planner(figure));
        }
    }
    if (!figures.empty()) {
        planner.check();
    }
    return figures;
}

std::vector<std::string> left_out_lines(const std::vector<PlannedFigure>& figures)
{
    std::vector<std::string> lines;
    std::vector<std::pair<std::string, std::string>> order; // what, and in which figures
    for (const auto& figure : figures) {
        for (const auto& left : figure.left_out) {
            const auto what =
                ": no " + left.scheme + " at " + left.where + ": " + left.reason;
            const auto number = std::to_string(figure.sweep.figure);
            const auto found = std::find_if(order.begin(), order.end(), [&](auto& entry) {
                return entry.first == what;
            });
            if (found == order.end()) {
                order.emplace_back(what, "figure " + number);
            } else {
                found->second += ", " + number;
            }
        }
    }
    for (const auto& [what, where] : order) {
        lines.push_back(where + what);
    }
    return lines;
}

WorkPlan::WorkPlan(const std::vector<PlannedFigure>& figures)
{
    std::map<std::string, std::size_t> places;
    for (std::size_t f = 0; f < figures.size(); f++) {
        for (const auto& point : figures[f].points) {
            const auto [place, fresh] = places.emplace(point.id, d_units.size());
            if (fresh) {
                const auto name = place_of(figures[f].sweep, point.point);
                d_units.push_back({point.id,
                                   "figure " + std::to_string(figures[f].sweep.figure) +
                                       (name.empty() ? "" : ", " + name),
                                   point.point.scenario,
                                   0,
                                   {},
                                   f});
            }
            auto& unit = d_units[place->second];
            unit.frames = std::max(unit.frames, point.frames);
            for (const auto& contender : point.contenders) {
                const bool known =
                    std::any_of(unit.contenders.begin(),
                                unit.contenders.end(),
                                [&](const auto& c) { return c.id == contender.id; });
                if (!known) {
                    unit.contenders.push_back(contender);
                }
            }
        }
    }
}

std::vector<WorkItem> WorkPlan::items(
    const std::function<bool(
        const std::string&, const std::string&, std::int64_t, std::int64_t)>& known) const
{
    std::vector<WorkItem> items;
    for (std::size_t u = 0; u < d_units.size(); u++) {
        const auto& unit = d_units[u];
        for (std::int64_t first = 0; first < unit.frames; first += chunk_frames) {
            WorkItem item{u, first, std::min(chunk_frames, unit.frames - first), {}};
            std::vector<std::string> ids{truth_id};
            for (const auto& contender : unit.contenders) {
                ids.push_back(contender.id);
            }
            for (const auto& id : ids) {
                if (!known(unit.id, id, first, item.count)) {
                    item.schemes.push_back(id);
                }
            }
            if (!item.schemes.empty()) {
                items.push_back(std::move(item));
            }
        }
    }
    return items;
}

std::string to_text(const std::vector<WorkItem>& items)
{
    auto json = nlohmann::json::array();
    for (const auto& item : items) {
        json.push_back({item.unit, item.first, item.count, item.schemes});
    }
    return json.dump();
}

std::vector<WorkItem> items_from_text(const std::string& text)
{
    std::vector<WorkItem> items;
    for (const auto& json : nlohmann::json::parse(text)) {
        items.push_back({json.at(0).get<std::size_t>(),
                         json.at(1).get<std::int64_t>(),
                         json.at(2).get<std::int64_t>(),
                         json.at(3).get<std::vector<std::string>>()});
    }
    return items;
}

} // namespace isac::apps
