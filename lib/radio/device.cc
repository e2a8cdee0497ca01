// SPDX-License-Identifier: GPL-3.0-or-later
#include "device.h"
#include <algorithm>
#include <cfisac/version.h>
#include <cmath>
#include <stdexcept>

namespace cfisac::radio {

namespace {

const std::string gain_name = "PGA";
const std::string frequency_name = "RF";

// Values that are one and the same may differ by the rounding of a text.
bool equal(double given, double expected)
{
    return std::abs(given - expected) <= 1e-9 * expected;
}

std::string number(double value)
{
    char text[32];
    std::snprintf(text, sizeof(text), "%.12g", value);
    return text;
}

} // namespace

Device::Device(const Arguments& arguments) : d_radio(arguments)
{
    SoapySDR::logf(SOAPY_SDR_INFO,
                   "isac radio: %s%zu channels at %g Msps, %g MHz",
                   d_radio.label().c_str(),
                   d_radio.channels(),
                   d_radio.timing.sample_rate_hz / 1e6,
                   d_radio.timing.center_hz / 1e6);
}

int Device::direction() const
{
    return d_radio.arguments.transmit ? SOAPY_SDR_TX : SOAPY_SDR_RX;
}

void Device::require_channel(int direction, size_t channel) const
{
    if (channel >= getNumChannels(direction)) {
        throw std::out_of_range("isac radio: " + d_radio.label() + "there is no " +
                                (direction == SOAPY_SDR_TX ? "transmit" : "receive") +
                                " channel " + std::to_string(channel));
    }
}

// ---------------------------------------------------------------- identification
std::string Device::getDriverKey() const { return "isac"; }

std::string Device::getHardwareKey() const { return "virtual"; }

SoapySDR::Kwargs Device::getHardwareInfo() const
{
    const auto& arguments = d_radio.arguments;
    return {{"access_point", arguments.access_point().name},
            {"scenario", arguments.scenario.name},
            {"environment", arguments.environment},
            {"time", d_radio.environment.lockstep() ? "lockstep" : "real"},
            {"converter_bits", std::to_string(arguments.bits)},
            {"version", version}};
}

// ---------------------------------------------------------------------- channels
size_t Device::getNumChannels(int direction) const
{
    return direction == this->direction() ? d_radio.channels() : 0;
}

SoapySDR::Kwargs Device::getChannelInfo(int direction, size_t channel) const
{
    require_channel(direction, channel);
    return {{"antenna", std::to_string(channel)},
            {"access_point", d_radio.arguments.access_point().name}};
}

bool Device::getFullDuplex(int direction, size_t channel) const
{
    require_channel(direction, channel);
    return false;
}

// ---------------------------------------------------------------- antenna, gains
std::vector<std::string> Device::listAntennas(int direction, size_t channel) const
{
    require_channel(direction, channel);
    return {direction == SOAPY_SDR_TX ? "TX" : "RX"};
}

void Device::setAntenna(int direction, size_t channel, const std::string& name)
{
    const auto antennas = listAntennas(direction, channel);
    if (name != antennas[0]) {
        throw std::invalid_argument("isac radio: " + d_radio.label() +
                                    "there is no antenna " + name + ", only " +
                                    antennas[0]);
    }
}

std::string Device::getAntenna(int direction, size_t channel) const
{
    return listAntennas(direction, channel)[0];
}

std::vector<std::string> Device::listGains(int direction, size_t channel) const
{
    require_channel(direction, channel);
    return {gain_name};
}

void Device::require_gain(const std::string& name) const
{
    if (name != gain_name) {
        throw std::invalid_argument("isac radio: " + d_radio.label() +
                                    "there is no gain " + name + ", only " + gain_name);
    }
}

void Device::setGain(int direction, size_t channel, double value)
{
    require_channel(direction, channel);
    if (!(value >= 0.0 && value <= Radio::max_gain_db)) {
        throw std::invalid_argument("isac radio: " + d_radio.label() + "a gain of " +
                                    number(value) + " dB is not between 0 and " +
                                    number(Radio::max_gain_db) + " dB");
    }
    d_radio.gain_db[channel] = value;
}

void Device::setGain(int direction, size_t channel, const std::string& name, double value)
{
    require_gain(name);
    setGain(direction, channel, value);
}

double Device::getGain(int direction, size_t channel) const
{
    require_channel(direction, channel);
    return d_radio.gain_db[channel];
}

double Device::getGain(int direction, size_t channel, const std::string& name) const
{
    require_gain(name);
    return getGain(direction, channel);
}

SoapySDR::Range Device::getGainRange(int direction, size_t channel) const
{
    require_channel(direction, channel);
    return SoapySDR::Range(0.0, Radio::max_gain_db);
}

SoapySDR::Range Device::getGainRange(int direction,
                                     size_t channel,
                                     const std::string& name) const
{
    require_gain(name);
    return getGainRange(direction, channel);
}

// ------------------------------------------------------ frequency, rate, bandwidth
std::vector<std::string> Device::listFrequencies(int direction, size_t channel) const
{
    require_channel(direction, channel);
    return {frequency_name};
}

void Device::require_rf(const std::string& name) const
{
    if (name != frequency_name) {
        throw std::invalid_argument("isac radio: " + d_radio.label() +
                                    "there is no frequency " + name + ", only " +
                                    frequency_name);
    }
}

void Device::setFrequency(int direction,
                          size_t channel,
                          double frequency,
                          const SoapySDR::Kwargs&)
{
    require_channel(direction, channel);
    if (!equal(frequency, d_radio.timing.center_hz)) {
        throw std::invalid_argument(
            "isac radio: " + d_radio.label() + "cannot be tuned to " + number(frequency) +
            " Hz: the scenario's centre is " + number(d_radio.timing.center_hz) + " Hz");
    }
}

void Device::setFrequency(int direction,
                          size_t channel,
                          const std::string& name,
                          double frequency,
                          const SoapySDR::Kwargs& args)
{
    require_rf(name);
    setFrequency(direction, channel, frequency, args);
}

double Device::getFrequency(int direction, size_t channel) const
{
    require_channel(direction, channel);
    return d_radio.timing.center_hz;
}

double Device::getFrequency(int direction, size_t channel, const std::string& name) const
{
    require_rf(name);
    return getFrequency(direction, channel);
}

SoapySDR::RangeList Device::getFrequencyRange(int direction, size_t channel) const
{
    const double center_hz = getFrequency(direction, channel);
    return {SoapySDR::Range(center_hz, center_hz)};
}

SoapySDR::RangeList Device::getFrequencyRange(int direction,
                                              size_t channel,
                                              const std::string& name) const
{
    require_rf(name);
    return getFrequencyRange(direction, channel);
}

SoapySDR::ArgInfoList Device::getFrequencyArgsInfo(int direction, size_t channel) const
{
    require_channel(direction, channel);
    return {};
}

void Device::setSampleRate(int direction, size_t channel, double rate)
{
    require_channel(direction, channel);
    if (!equal(rate, d_radio.timing.sample_rate_hz)) {
        throw std::invalid_argument("isac radio: " + d_radio.label() +
                                    "does not run at " + number(rate) +
                                    " samples/s: the scenario's rate is " +
                                    number(d_radio.timing.sample_rate_hz));
    }
}

double Device::getSampleRate(int direction, size_t channel) const
{
    require_channel(direction, channel);
    return d_radio.timing.sample_rate_hz;
}

std::vector<double> Device::listSampleRates(int direction, size_t channel) const
{
    return {getSampleRate(direction, channel)};
}

SoapySDR::RangeList Device::getSampleRateRange(int direction, size_t channel) const
{
    const double rate = getSampleRate(direction, channel);
    return {SoapySDR::Range(rate, rate)};
}

void Device::setBandwidth(int direction, size_t channel, double bandwidth)
{
    require_channel(direction, channel);
    // 0 asks for the default.
    if (bandwidth != 0.0 && !equal(bandwidth, d_radio.timing.sample_rate_hz)) {
        throw std::invalid_argument(
            "isac radio: " + d_radio.label() + "has no filter of " + number(bandwidth) +
            " Hz: its bandwidth is " + number(d_radio.timing.sample_rate_hz) + " Hz");
    }
}

double Device::getBandwidth(int direction, size_t channel) const
{
    return getSampleRate(direction, channel);
}

std::vector<double> Device::listBandwidths(int direction, size_t channel) const
{
    return listSampleRates(direction, channel);
}

SoapySDR::RangeList Device::getBandwidthRange(int direction, size_t channel) const
{
    return getSampleRateRange(direction, channel);
}

} // namespace cfisac::radio
