// SPDX-License-Identifier: GPL-3.0-or-later
#include "virtual_radio.h"
#include <cfisac/scenario/yaml.h>
#include <csignal>
#include <fstream>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

namespace {

using namespace cfisac;
using namespace cfisac::test;

std::string segment_path() { return "/dev/shm/gr-isac." + own_environment(); }

bool exists(const std::string& path)
{
    struct stat status {
    };
    return stat(path.c_str(), &status) == 0;
}

// A process that makes the radio of an access point, activates its stream and then writes
// or waits until it is killed. To be made before any radio of this process.
class OtherProcess
{
public:
    explicit OtherProcess(const std::string& access_point,
                          const SoapySDR::Kwargs& others = {})
    {
        own_environment(); // that of this process
        int ends[2];
        if (pipe(ends) != 0 || (d_process = fork()) < 0) {
            throw std::runtime_error("no other process");
        }
        if (d_process == 0) {
            const auto radio = make_radio(access_point, others);
            const bool transmits = radio->getNumChannels(SOAPY_SDR_TX) > 0;
            StreamOf stream(radio, transmits ? SOAPY_SDR_TX : SOAPY_SDR_RX);
            stream.activate();
            if (::write(ends[1], "x", 1) != 1) {
                _exit(1);
            }
            const std::vector<Buffer> samples(2, Buffer(1000, {0.5f, 0.0f}));
            while (transmits) {
                stream.write(samples);
            }
            pause();
            _exit(0);
        }
        close(ends[1]);
        char byte = 0;
        d_ready = ::read(ends[0], &byte, 1) == 1;
        close(ends[0]);
    }
    ~OtherProcess() { end(); }
    OtherProcess(const OtherProcess&) = delete;
    OtherProcess& operator=(const OtherProcess&) = delete;

    bool ready() const { return d_ready; }
    void end()
    {
        if (d_process > 0) {
            ::kill(d_process, SIGKILL);
            waitpid(d_process, nullptr, 0);
            d_process = -1;
        }
    }

private:
    pid_t d_process = -1;
    bool d_ready = false;
};

TEST(RadioEnvironment, IsPrivateAndGoesWithTheLastRadio)
{
    {
        const auto first = make_radio("tx0");
        struct stat status {
        };
        ASSERT_EQ(stat(segment_path().c_str(), &status), 0);
        EXPECT_EQ(status.st_mode & 0777, 0600u);
        {
            const auto second = make_radio("rx0");
        }
        EXPECT_TRUE(exists(segment_path()));
    }
    EXPECT_FALSE(exists(segment_path()));
}

TEST(RadioEnvironment, SecondRadioOfAnAccessPointIsRefused)
{
    auto first = make_radio("tx0");
    // Other arguments, as SoapySDR would hand out the same device for the same ones.
    const auto text = refusal(radio_arguments("tx0", {{"bits", "10"}}));
    EXPECT_NE(text.find("tx0"), std::string::npos) << text;
    EXPECT_NE(text.find(std::to_string(getpid())), std::string::npos) << text;
    first.reset();
    EXPECT_EQ(refusal(radio_arguments("tx0", {{"bits", "10"}})), "");
}

TEST(RadioEnvironment, OtherScenarioIsRefused)
{
    const auto first = make_radio("tx0");
    auto text = refusal(radio_arguments(
        "rx0",
        {{"scenario",
          std::string(CFISAC_SOURCE_DIR) + "/examples/scenarios/sdr_2x2.yml"}}));
    EXPECT_NE(text.find("small-radio"), std::string::npos) << text;
    EXPECT_NE(text.find("sdr-2x2"), std::string::npos) << text;

    auto changed = load_scenario(radio_scenario_path());
    changed.transmit_power_dbm += 1.0;
    const auto path = testing::TempDir() + own_environment() + ".yml";
    std::ofstream(path) << to_yaml(changed);
    text = refusal(radio_arguments("rx0", {{"scenario", path}}));
    EXPECT_NE(text.find("another version of scenario small-radio"), std::string::npos)
        << text;
    // How a receiver is calibrated is no part of what it is in.
    changed = load_scenario(radio_scenario_path());
    changed.receive[0].calibration = {{0.5, 0.0}, {10.0, 0.0}};
    std::ofstream(path) << to_yaml(changed);
    EXPECT_EQ(refusal(radio_arguments("rx0", {{"scenario", path}})), "");
    std::remove(path.c_str());
}

TEST(RadioEnvironment, OtherSettingsAreRefusedByName)
{
    const SoapySDR::Kwargs settings{
        {"time", "lockstep"}, {"participants", "2"}, {"start_s", "0.5"}, {"seed", "7"}};
    const auto first = make_radio("tx0", settings);
    const std::vector<std::pair<std::string, std::string>> others{
        {"participants", "3"}, {"start_s", "0.25"}, {"seed", "8"}, {"scene", "moving"}};
    for (const auto& [name, value] : others) {
        auto changed = settings;
        changed[name] = value;
        const auto text = refusal(radio_arguments("rx0", changed));
        EXPECT_NE(text.find(name), std::string::npos) << text;
    }
    EXPECT_NE(refusal(radio_arguments("rx0", {{"seed", "7"}, {"start_s", "0.5"}}))
                  .find("time is lockstep, not real"),
              std::string::npos);
    EXPECT_EQ(refusal(radio_arguments("rx0", settings)), "");
}

TEST(RadioEnvironment, PlaceOfAKilledProcessIsFree)
{
    OtherProcess other("tx0");
    ASSERT_TRUE(other.ready());
    const auto receiver = make_radio("rx0");
    EXPECT_NE(refusal(radio_arguments("tx0")).find("tx0"), std::string::npos);
    other.end();
    EXPECT_EQ(refusal(radio_arguments("tx0")), "");
}

TEST(RadioEnvironment, WhatTheKilledLeaveIsTakenOver)
{
    {
        OtherProcess other("tx0", {{"seed", "1"}});
        ASSERT_TRUE(other.ready());
    }
    EXPECT_TRUE(exists(segment_path()));
    {
        // Of other settings, so that it cannot be what was left.
        const auto radio = make_radio("tx0", {{"seed", "2"}});
        EXPECT_EQ(refusal(radio_arguments("rx0", {{"seed", "2"}})), "");
    }
    EXPECT_FALSE(exists(segment_path()));
}

TEST(RadioEnvironment, NonsenseInItsPlaceIsTakenOver)
{
    std::ofstream(segment_path()) << "not a segment";
    EXPECT_EQ(refusal(radio_arguments("tx0")), "");
    EXPECT_FALSE(exists(segment_path()));
}

TEST(RadioEnvironment, NoRoomIsAnErrorWithTheSize)
{
    // A process that may not have files so large.
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    own_environment();
    const pid_t process = fork();
    ASSERT_GE(process, 0);
    if (process == 0) {
        std::signal(SIGXFSZ, SIG_IGN);
        const rlimit limit{1 << 20, 1 << 20};
        setrlimit(RLIMIT_FSIZE, &limit);
        const auto text = refusal(radio_arguments("tx0"));
        const bool sent = ::write(ends[1], text.data(), text.size()) >= 0;
        _exit(sent && !exists(segment_path()) ? 0 : 1);
    }
    close(ends[1]);
    std::string text;
    for (char byte = 0; ::read(ends[0], &byte, 1) == 1;) {
        text += byte;
    }
    close(ends[0]);
    int status = -1;
    waitpid(process, &status, 0);
    EXPECT_EQ(status, 0);
    // 2 · 2 rings of half a million samples of 8 bytes, and two pages.
    EXPECT_NE(text.find("no room for its 16 MiB"), std::string::npos) << text;
}

TEST(RadioEnvironment, KilledTransmitterHoldsNobody)
{
    const SoapySDR::Kwargs settings{{"time", "lockstep"}};
    OtherProcess other("tx0", settings);
    ASSERT_TRUE(other.ready());
    const auto receiver = make_radio("rx0", settings);
    const auto transmitter = make_radio("tx1", settings);
    StreamOf received(receiver, SOAPY_SDR_RX);
    StreamOf sent(transmitter, SOAPY_SDR_TX);
    ASSERT_EQ(received.activate(), 0);
    ASSERT_EQ(sent.activate(), 0);
    std::atomic<bool> go_on{true};
    std::thread writing([&] {
        const std::vector<Buffer> samples(2, Buffer(1000));
        while (go_on) {
            sent.write(samples, 0, 0, [&] { return go_on.load(); });
        }
    });
    EXPECT_EQ(received.read_all(2, 20000)[0].size(), 20000u);
    other.end();
    // Far more than the rings hold.
    EXPECT_EQ(received.read_all(2, 2000000)[0].size(), 2000000u);
    EXPECT_EQ(count_of(receiver, "overflows"), 0);
    go_on = false;
    writing.join();
}

TEST(RadioEnvironment, KilledReceiverHoldsNobody)
{
    const SoapySDR::Kwargs settings{{"time", "lockstep"}};
    OtherProcess other("rx0", settings);
    ASSERT_TRUE(other.ready());
    const auto transmitter = make_radio("tx0", settings);
    StreamOf sent(transmitter, SOAPY_SDR_TX);
    ASSERT_EQ(sent.activate(), 0);
    // The receiver reads nothing: the ring fills up and the transmitter has to wait.
    const std::vector<Buffer> samples(2, Buffer(4000000));
    std::atomic<bool> go_on{true};
    std::size_t written = 0;
    std::thread writing(
        [&] { written = sent.write(samples, 0, 0, [&] { return go_on.load(); }); });
    other.end();
    writing.join();
    EXPECT_EQ(written, samples[0].size());
}

} // namespace
