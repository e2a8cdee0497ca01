// SPDX-License-Identifier: GPL-3.0-or-later
#include <cfisac/evaluation/scores.h>
#include <nlohmann/json.hpp>

namespace cfisac::evaluation {

std::string to_json(const Scores& scores)
{
    nlohmann::ordered_json json; // writes a number that is not finite as null
    json["frames"] = scores.frames;
    json["frames_lost"] = scores.frames_lost;
    json["location_rmse_m"] = scores.location_rmse_m;
    json["location_median_m"] = scores.location_median_m;
    json["location_p90_m"] = scores.location_p90_m;
    json["location_within_1m"] = scores.location_within_1m;
    json["velocity_rmse_mps"] = scores.velocity_rmse_mps;
    json["velocity_median_mps"] = scores.velocity_median_mps;
    json["velocity_p90_mps"] = scores.velocity_p90_mps;
    json["root_crlb_location_rms_m"] = scores.root_crlb_location_rms_m;
    json["root_crlb_location_median_m"] = scores.root_crlb_location_median_m;
    json["root_crlb_velocity_rms_mps"] = scores.root_crlb_velocity_rms_mps;
    json["root_crlb_velocity_median_mps"] = scores.root_crlb_velocity_median_mps;
    return json.dump();
}

} // namespace cfisac::evaluation
