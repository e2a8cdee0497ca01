// SPDX-License-Identifier: GPL-3.0-or-later
#include <cfisac/training/report.h>

#include <nlohmann/json.hpp>

namespace cfisac::training {

std::string to_json(const Report& report)
{
    using Json = nlohmann::ordered_json;
    const auto& progress = report.progress;
    const auto& validation = report.validation;
    const auto where_quantized = [&](const auto& values) {
        return validation.perplexity.empty() ? Json() : Json(values);
    };
    Json json{{"step", progress.step},
              {"steps", progress.steps},
              {"frames", progress.frames},
              {"learning_rate", progress.learning_rate},
              {"loss", progress.loss},
              {"commitment", progress.commitment},
              {"samples_per_second", progress.samples_per_second},
              {"waiting_share", progress.waiting_share},
              {"waiting_share_run", progress.waiting_share_run},
              {"perplexity", where_quantized(validation.perplexity)},
              {"distinct", where_quantized(validation.distinct)},
              {"dead", where_quantized(validation.dead)},
              {"replaced", where_quantized(report.replaced)}};
    const auto scores = Json::parse(evaluation::to_json(validation.scores));
    for (const auto& item : scores.items()) {
        const auto& name = item.key();
        if (name.rfind("location_", 0) == 0 || name.rfind("velocity_", 0) == 0) {
            json[name] = item.value();
        }
    }
    if (!validation.location_median_without_access_point_m.empty()) {
        json["location_median_without_access_point_m"] =
            validation.location_median_without_access_point_m;
    }
    return json.dump();
}

} // namespace cfisac::training
