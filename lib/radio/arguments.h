// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_RADIO_ARGUMENTS_H
#define INCLUDED_RADIO_ARGUMENTS_H

#include <SoapySDR/Types.hpp>
#include <cfisac/scenario/scenario.h>
#include <cstdint>
#include <optional>
#include <string>

namespace cfisac::radio {

//! How an environment's time passes.
enum class TimeMode : std::int32_t {
    real,    //!< with the machine's steady clock
    lockstep //!< as far as the active transmit streams have written
};

//! Where the targets of an environment are.
enum class SceneMode : std::int32_t {
    drawn, //!< drawn anew from the scenario's prior for every frame
    moving //!< drawn once; they move on with their velocities
};

/*! What all radios of an environment must agree on. See `Arguments` for the meaning. */
struct Settings {
    TimeMode time = TimeMode::real;
    SceneMode scene = SceneMode::drawn;
    std::uint64_t seed = 0;
    std::optional<double> start_s;
    int participants = 0;
};

/*! The device arguments of a virtual radio, `driver=isac, NAME=VALUE, …`:
 *
 * - `scenario`: the scenario's file; with a section `radio`
 * - `access_point`: which of its access points this radio is; a transmit access point's
 *   radio has transmit channels only, a receive access point's receive channels only
 * - `environment`: name of what the radios of this machine share (default
 *   default-USERID): letters, digits, '.', '_' and '-'
 * - `time`: real (default) or lockstep
 * - `scene`: drawn (default) or moving
 * - `seed`: of the scene and of the noise (default 0)
 * - `start_s`: environment time of frame 0 of the schedule, s. Where it is given, sample k
 *   of a transmit stream without times leaves at start_s + k / rate. Scenes that are drawn
 *   for each frame count frames from it, or from 0.
 * - `participants`: how many radios must stream before the time of lockstep starts
 * - `noise_dbm`: ξ² per resource element at a receive channel (default: the scenario's)
 * - `direct_path`: whether a receiver hears the transmitters directly (default true)
 * - `clock_ppm`, `clock_offset_s`: how far this radio's own clock runs fast, and what it
 *   shows at environment time 0, while clock and time source are internal
 * - `clock_source`, `time_source`: internal (default) or external
 * - `bits`: of the converter, 2 to 24 (default 12)
 */
struct Arguments {
    std::string scenario_path;
    Scenario scenario;
    bool transmit = false; //!< whether the access point transmits
    int index = 0;         //!< of the access point on its side
    std::string environment;
    Settings settings;
    double noise_dbm = 0.0;
    bool direct_path = true;
    double clock_ppm = 0.0;
    double clock_offset_s = 0.0;
    bool external_clock = false;
    bool external_time = false;
    int bits = 12;

    const AccessPoint& access_point() const
    {
        return transmit ? scenario.transmit[index] : scenario.receive[index];
    }
};

/*! Read and check the arguments.
 * \throws std::runtime_error naming the argument and the value, also for an argument that
 * is not known, and ScenarioError where the scenario cannot be read
 */
Arguments parse_arguments(const SoapySDR::Kwargs& given);

//! "default-USERID"
std::string default_environment();

} // namespace cfisac::radio

#endif
