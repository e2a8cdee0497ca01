// SPDX-License-Identifier: GPL-3.0-or-later
#include <cfisac/training/options.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>

namespace cfisac::training {

namespace {

using Json = nlohmann::ordered_json;

template <typename Value>
void require(bool good, const char* name, const Value& value, const char* rule)
{
    if (!good) {
        std::ostringstream text;
        text << name << " must be " << rule << ", got " << value;
        throw std::invalid_argument(text.str());
    }
}

} // namespace

void TrainerOptions::check(const Scenario& scenario) const
{
    require(steps >= 1, "steps", steps, "at least 1");
    require(batch >= 1, "batch", batch, "at least 1");
    require(learning_rate > 0, "learning rate", learning_rate, "positive");
    require(gradient_norm > 0, "gradient norm", gradient_norm, "positive");
    require(commitment >= 0, "commitment", commitment, "at least 0");
    require(warm_up >= 1, "warm-up", warm_up, "at least 1");
    require(dead_threshold >= 0, "dead threshold", dead_threshold, "at least 0");
    require(threads >= 0, "threads", threads, "at least 0");
    require(drop_access_point >= 0 && drop_access_point <= 1,
            "drop access point",
            drop_access_point,
            "a probability");
    require(drop_access_point == 0 || scenario.receive.size() >= 2,
            "drop access point",
            drop_access_point,
            "0 where there is one receive access point only");
    randomisation.check(scenario);
}

std::string TrainerOptions::to_json() const
{
    return Json{{"seed", seed},
                {"steps", steps},
                {"batch", batch},
                {"learning_rate", learning_rate},
                {"gradient_norm", gradient_norm},
                {"commitment", commitment},
                {"warm_up", warm_up},
                {"dead_threshold", dead_threshold},
                {"ordered", ordered},
                {"drop_access_point", drop_access_point},
                {"randomisation", Json::parse(randomisation.to_json())}}
        .dump();
}

} // namespace cfisac::training
