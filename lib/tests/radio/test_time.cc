// SPDX-License-Identifier: GPL-3.0-or-later
#include "virtual_radio.h"

namespace {

using namespace cfisac::test;

constexpr long long second = 1000000000;
constexpr long long sample = 1000; // ns at 1 Msps
// What a stream knows of time behind the last sample that it wrote.
constexpr long long margin = 64 * sample;

const SoapySDR::Kwargs lockstep{{"time", "lockstep"}};

SoapySDR::Kwargs lockstep_with(const SoapySDR::Kwargs& others)
{
    auto arguments = others;
    arguments["time"] = "lockstep";
    return arguments;
}

// A transmitter that moves the time of a lockstep environment.
class Mover
{
public:
    Mover() : d_radio(make_radio("tx1", lockstep)), d_stream(d_radio, SOAPY_SDR_TX)
    {
        d_stream.activate();
    }
    // To environment time `to`, ns.
    void move(long long to)
    {
        const auto count = (to + margin - d_at) / sample;
        d_at += count * sample;
        EXPECT_EQ(d_stream.write({Buffer(count), Buffer(count)}),
                  static_cast<std::size_t>(count));
    }

private:
    DevicePtr d_radio;
    StreamOf d_stream;
    long long d_at = 0;
};

TEST(RadioTime, StartsWithTheEnvironmentAndCanBeSet)
{
    Mover mover;
    const auto radio = make_radio("rx0", lockstep);
    EXPECT_TRUE(radio->hasHardwareTime());
    EXPECT_TRUE(radio->hasHardwareTime("PPS"));
    EXPECT_FALSE(radio->hasHardwareTime("GPS"));
    EXPECT_THROW(radio->getHardwareTime("GPS"), std::invalid_argument);
    EXPECT_EQ(radio->getHardwareTime(), 0);
    mover.move(second / 4);
    EXPECT_EQ(radio->getHardwareTime(), second / 4);
    radio->setHardwareTime(7 * second);
    EXPECT_EQ(radio->getHardwareTime(), 7 * second);
    mover.move(second / 2);
    EXPECT_EQ(radio->getHardwareTime(), 7 * second + second / 4);
    EXPECT_EQ(std::stod(radio->readSensor("time")), 7.25);
    EXPECT_EQ(std::stod(radio->readSensor("environment_time")), 0.5);
}

TEST(RadioTime, IsSetAtTheNextPulse)
{
    Mover mover;
    const auto first = make_radio("rx0", lockstep);
    const auto second_radio =
        make_radio("tx0", lockstep_with({{"time_source", "external"}}));
    mover.move(second * 3 / 10);
    first->setHardwareTime(50 * second, "PPS");
    mover.move(second * 9 / 10);
    second_radio->setHardwareTime(50 * second, "PPS");
    EXPECT_EQ(first->getHardwareTime(), second * 9 / 10);
    EXPECT_EQ(first->getHardwareTime("PPS"), 0);
    mover.move(second);
    EXPECT_EQ(first->getHardwareTime(), 50 * second);
    EXPECT_EQ(first->getHardwareTime("PPS"), 50 * second);
    mover.move(second * 25 / 10);
    for (const auto* const radio : {first.get(), second_radio.get()}) {
        EXPECT_EQ(radio->getHardwareTime(), 50 * second + second * 15 / 10);
        EXPECT_EQ(radio->getHardwareTime("PPS"), 51 * second);
    }
    // A second time, after the first one has come.
    first->setHardwareTime(0, "PPS");
    EXPECT_EQ(first->getHardwareTime(), 50 * second + second * 15 / 10);
    mover.move(second * 35 / 10);
    EXPECT_EQ(first->getHardwareTime(), second / 2);
}

TEST(RadioTime, SourcesDecideOnRateAndOffset)
{
    Mover mover;
    const auto radio = make_radio(
        "rx0", lockstep_with({{"clock_ppm", "20"}, {"clock_offset_s", "0.125"}}));
    EXPECT_EQ(radio->getClockSource(), "internal");
    EXPECT_EQ(radio->getTimeSource(), "internal");
    mover.move(2 * second);
    // 0.125 s + 2 s (1 + 20e-6)
    EXPECT_EQ(radio->getHardwareTime(), 2 * second + second / 8 + 40 * sample);
    radio->setClockSource("external");
    EXPECT_EQ(radio->getHardwareTime(), 2 * second + second / 8);
    radio->setTimeSource("external");
    EXPECT_EQ(radio->getHardwareTime(), 2 * second);
    EXPECT_EQ(radio->getTimeSource(), "external");
    radio->setClockSource("internal");
    EXPECT_EQ(radio->getHardwareTime(), 2 * second + 40 * sample);
    EXPECT_THROW(radio->setTimeSource("gps"), std::invalid_argument);
    StreamOf stream(radio, SOAPY_SDR_RX);
    ASSERT_EQ(stream.activate(), 0);
    EXPECT_THROW(radio->setTimeSource("internal"), std::runtime_error);
    EXPECT_THROW(radio->setClockSource("external"), std::runtime_error);
    EXPECT_EQ(stream.deactivate(), 0);
    radio->setTimeSource("internal");
}

TEST(RadioTime, PassesInRealTimeForAllAlike)
{
    const auto first = make_radio("tx0", {{"time_source", "external"}});
    const auto other = make_radio("rx0", {{"time_source", "external"}});
    long long before = 0;
    for (int k = 0; k < 100; k++) {
        // Each reading is not before the one before, whichever radio is asked.
        const auto a = first->getHardwareTime();
        const auto b = other->getHardwareTime();
        EXPECT_GE(a, before);
        EXPECT_GE(b, a);
        before = b;
    }
    EXPECT_GT(before, 0);
}

} // namespace
