// SPDX-License-Identifier: GPL-3.0-or-later
#include "device.h"
#include <algorithm>
#include <stdexcept>

namespace cfisac::radio {

namespace {

const std::string internal = "internal";
const std::string external = "external";
const std::string pulse = "PPS";

std::string seconds(std::int64_t ns)
{
    char text[32];
    std::snprintf(text, sizeof(text), "%.9f", static_cast<double>(ns) * 1e-9);
    return text;
}

// Whether a source is the external one.
bool is_external(const std::string& what, const std::string& source)
{
    if (source != internal && source != external) {
        throw std::invalid_argument("isac radio: there is no " + what + " source " +
                                    source + ", only internal and external");
    }
    return source == external;
}

SoapySDR::ArgInfo sensor(const std::string& key,
                         const std::string& name,
                         SoapySDR::ArgInfo::Type type,
                         const std::string& units)
{
    SoapySDR::ArgInfo info;
    info.key = key;
    info.name = name;
    info.type = type;
    info.units = units;
    return info;
}

std::vector<SoapySDR::ArgInfo> sensors()
{
    using Info = SoapySDR::ArgInfo;
    return {
        sensor("lo_locked", "Oscillator locked", Info::BOOL, ""),
        sensor("ref_locked", "Reference locked", Info::BOOL, ""),
        sensor("time", "Hardware time", Info::FLOAT, "s"),
        sensor("environment_time", "Time of the environment", Info::FLOAT, "s"),
        sensor("overflows", "Times that samples were not read in time", Info::INT, ""),
        sensor(
            "underflows", "Times that samples were not written in time", Info::INT, ""),
        sensor("late", "Samples dropped because their time had passed", Info::INT, ""),
        sensor("clipped", "Samples beyond full scale", Info::INT, ""),
        sensor("lost", "Transmitted samples overwritten before reception", Info::INT, ""),
    };
}

SoapySDR::ArgInfo full_scale_sensor()
{
    return sensor("full_scale_dbm",
                  "Power at the antenna of a sample of full scale",
                  SoapySDR::ArgInfo::FLOAT,
                  "dBm");
}

[[noreturn]] void refuse_sensor(const std::string& key)
{
    throw std::invalid_argument("isac radio: there is no sensor " + key);
}

} // namespace

// ------------------------------------------------------------------ clocks, time
double Device::getMasterClockRate() const { return d_radio.timing.sample_rate_hz; }

void Device::setMasterClockRate(double rate) { setSampleRate(direction(), 0, rate); }

SoapySDR::RangeList Device::getMasterClockRates() const
{
    return getSampleRateRange(direction(), 0);
}

void Device::require_idle(const std::string& what) const
{
    if (d_radio.environment.own().stream != StreamState::off) {
        throw std::runtime_error("isac radio: " + d_radio.label() + "the " + what +
                                 " source cannot change while a stream is active");
    }
}

std::vector<std::string> Device::listClockSources() const { return {internal, external}; }

void Device::setClockSource(const std::string& source)
{
    const bool chosen = is_external("clock", source);
    if (chosen != d_radio.time.external_clock()) {
        require_idle("clock");
        d_radio.time.set_external_clock(chosen);
    }
}

std::string Device::getClockSource() const
{
    return d_radio.time.external_clock() ? external : internal;
}

std::vector<std::string> Device::listTimeSources() const { return {internal, external}; }

void Device::setTimeSource(const std::string& source)
{
    const bool chosen = is_external("time", source);
    if (chosen != d_radio.time.external_time()) {
        require_idle("time");
        d_radio.time.set_external_time(chosen);
    }
}

std::string Device::getTimeSource() const
{
    return d_radio.time.external_time() ? external : internal;
}

void Device::require_time(const std::string& what) const
{
    if (!hasHardwareTime(what)) {
        throw std::invalid_argument("isac radio: there is no hardware time " + what +
                                    ", only that without a name and PPS");
    }
}

bool Device::hasHardwareTime(const std::string& what) const
{
    return what.empty() || what == pulse;
}

long long Device::getHardwareTime(const std::string& what) const
{
    require_time(what);
    const auto now = d_radio.now_ns();
    return what == pulse ? d_radio.time.last_pulse(now)
                         : d_radio.time.hardware_time(d_radio.time.last_sample_at(now));
}

void Device::setHardwareTime(long long time_ns, const std::string& what)
{
    require_time(what);
    if (what == pulse) {
        d_radio.time.set_at_next_pulse(time_ns, d_radio.now_ns());
    } else {
        d_radio.time.set_hardware_time(time_ns, d_radio.now_ns());
    }
}

// ----------------------------------------------------------------------- sensors
std::vector<std::string> Device::listSensors() const
{
    std::vector<std::string> keys;
    for (const auto& info : sensors()) {
        keys.push_back(info.key);
    }
    return keys;
}

SoapySDR::ArgInfo Device::getSensorInfo(const std::string& key) const
{
    for (auto info : sensors()) {
        if (info.key == key) {
            // What gr-soapy takes for the reading.
            info.value = readSensor(key);
            return info;
        }
    }
    refuse_sensor(key);
}

std::string Device::readSensor(const std::string& key) const
{
    const auto& counters = d_radio.counters;
    if (key == "lo_locked" || key == "ref_locked") {
        return "true";
    }
    if (key == "time") {
        return seconds(getHardwareTime());
    }
    if (key == "environment_time") {
        return seconds(d_radio.now_ns());
    }
    if (key == "overflows") {
        return std::to_string(counters.overflows);
    }
    if (key == "underflows") {
        return std::to_string(counters.underflows);
    }
    if (key == "late") {
        return std::to_string(counters.late);
    }
    if (key == "clipped") {
        return std::to_string(counters.clipped);
    }
    if (key == "lost") {
        return std::to_string(counters.lost);
    }
    refuse_sensor(key);
}

std::vector<std::string> Device::listSensors(int direction, size_t channel) const
{
    require_channel(direction, channel);
    return {full_scale_sensor().key};
}

SoapySDR::ArgInfo Device::getSensorInfo(int direction,
                                        size_t channel,
                                        const std::string& key) const
{
    auto info = full_scale_sensor();
    info.value = readSensor(direction, channel, key);
    return info;
}

std::string Device::readSensor(int direction,
                               size_t channel,
                               const std::string& key) const
{
    require_channel(direction, channel);
    if (key != full_scale_sensor().key) {
        refuse_sensor(key);
    }
    char text[32];
    std::snprintf(text, sizeof(text), "%.6f", d_radio.full_scale_dbm(channel));
    return text;
}

} // namespace cfisac::radio
