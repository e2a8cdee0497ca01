// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "small_scenario.h"
#include <SoapySDR/Constants.h>
#include <SoapySDR/Device.hpp>
#include <SoapySDR/Errors.h>
#include <atomic>
#include <complex>
#include <functional>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

namespace cfisac::test {

using Buffer = std::vector<std::complex<float>>;

//! Where the scenario lies that these tests use: two transmit and two receive access points.
inline std::string radio_scenario_path()
{
    return std::string(CFISAC_SOURCE_DIR) + "/lib/tests/radio/small_radio.yml";
}

//! Name of an environment that no other test uses. Processes that a test starts have it too.
inline std::string own_environment()
{
    static const auto process = std::to_string(getpid());
    const auto* const info = testing::UnitTest::GetInstance()->current_test_info();
    return std::string(info->test_suite_name()) + "." + info->name() + "-" + process;
}

inline SoapySDR::Kwargs radio_arguments(const std::string& access_point,
                                        const SoapySDR::Kwargs& others = {})
{
    SoapySDR::Kwargs arguments{{"driver", "isac"},
                               {"scenario", radio_scenario_path()},
                               {"access_point", access_point},
                               {"environment", own_environment()}};
    for (const auto& [name, value] : others) {
        arguments[name] = value;
    }
    return arguments;
}

struct Unmake {
    void operator()(SoapySDR::Device* device) const { SoapySDR::Device::unmake(device); }
};
using DevicePtr = std::unique_ptr<SoapySDR::Device, Unmake>;

inline DevicePtr make_radio(const std::string& access_point,
                            const SoapySDR::Kwargs& others = {})
{
    return DevicePtr(SoapySDR::Device::make(radio_arguments(access_point, others)));
}

//! What the device says is wrong with the arguments; empty when nothing is.
inline std::string refusal(const SoapySDR::Kwargs& arguments)
{
    try {
        const DevicePtr device(SoapySDR::Device::make(arguments));
        return "";
    } catch (const std::exception& error) {
        return error.what();
    }
}

//! A stream of all channels that is closed at the end.
class StreamOf
{
public:
    StreamOf(const DevicePtr& device,
             int direction,
             const std::vector<size_t>& channels = {},
             const std::string& format = "CF32")
        : d_device(device.get()),
          d_stream(d_device->setupStream(direction, format, channels))
    {
    }
    ~StreamOf() { d_device->closeStream(d_stream); }
    StreamOf(const StreamOf&) = delete;
    StreamOf& operator=(const StreamOf&) = delete;

    int activate(int flags = 0, long long time_ns = 0, size_t count = 0)
    {
        return d_device->activateStream(d_stream, flags, time_ns, count);
    }
    int deactivate() { return d_device->deactivateStream(d_stream); }

    //! Write all, whatever time it takes, as long as `go_on` holds.
    //! \return samples that were written
    std::size_t write(
        const std::vector<Buffer>& samples,
        int flags = 0,
        long long time_ns = 0,
        const std::function<bool()>& go_on = [] { return true; })
    {
        std::size_t done = 0;
        const std::size_t count = samples.at(0).size();
        while (done < count && go_on()) {
            std::vector<const void*> buffers;
            for (const auto& channel : samples) {
                buffers.push_back(channel.data() + done);
            }
            int now = done == 0 ? flags : flags & ~SOAPY_SDR_HAS_TIME;
            const int written = d_device->writeStream(
                d_stream, buffers.data(), count - done, now, time_ns);
            if (written < 0) {
                ADD_FAILURE() << "writeStream: " << SoapySDR_errToStr(written);
                break;
            }
            done += static_cast<std::size_t>(written);
        }
        return done;
    }

    struct Read {
        int result;
        int flags;
        long long time_ns;
    };
    //! One readStream() of up to `count` samples.
    Read read(std::vector<Buffer>& samples, std::size_t count, long timeout_us = 100000)
    {
        std::vector<void*> buffers;
        for (auto& channel : samples) {
            channel.resize(count);
            buffers.push_back(channel.data());
        }
        Read read{};
        read.result = d_device->readStream(
            d_stream, buffers.data(), count, read.flags, read.time_ns, timeout_us);
        return read;
    }
    //! Exactly `count` samples, or fewer when one waits for ten minutes.
    std::vector<Buffer> read_all(std::size_t channels, std::size_t count)
    {
        std::vector<Buffer> all(channels);
        std::vector<Buffer> part(channels);
        for (int tries = 0; all[0].size() < count && tries < 6000;) {
            const auto got =
                read(part, std::min<std::size_t>(8192, count - all[0].size()));
            if (got.result == SOAPY_SDR_TIMEOUT) {
                tries++;
                continue;
            }
            if (got.result < 0) {
                ADD_FAILURE() << "readStream: " << SoapySDR_errToStr(got.result);
                break;
            }
            if (all[0].empty()) {
                d_first_ns = got.time_ns;
            }
            for (std::size_t k = 0; k < channels; k++) {
                all[k].insert(
                    all[k].end(), part[k].begin(), part[k].begin() + got.result);
            }
        }
        return all;
    }
    //! Time of the first sample that read_all() returned.
    long long first_ns() const { return d_first_ns; }

    struct Status {
        int result;
        size_t mask;
        int flags;
        long long time_ns;
    };
    Status status(long timeout_us = 100000)
    {
        Status status{};
        status.result = d_device->readStreamStatus(
            d_stream, status.mask, status.flags, status.time_ns, timeout_us);
        return status;
    }

private:
    SoapySDR::Device* d_device;
    SoapySDR::Stream* d_stream;
    long long d_first_ns = 0;
};

inline long count_of(const DevicePtr& device, const std::string& sensor)
{
    return std::stol(device->readSensor(sensor));
}

} // namespace cfisac::test
