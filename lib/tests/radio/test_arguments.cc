// SPDX-License-Identifier: GPL-3.0-or-later
#include "virtual_radio.h"
#include <cfisac/scenario/frame_timing.h>

namespace {

using namespace cfisac;
using namespace cfisac::test;

TEST(RadioArguments, EveryWrongOneIsRefusedByName)
{
    const std::vector<std::pair<std::string, std::string>> wrong{
        {"access_point", "tx7"},
        {"access_point", ""},
        {"scenario", ""},
        {"scenario", "/no/such"},
        {"environment", ""},
        {"environment", "a/b"},
        {"environment",
         ".."
         "/"},
        {"time", "fast"},
        {"scene", "still"},
        {"seed", "-1"},
        {"seed", "1.5"},
        {"seed", "x"},
        {"start_s", "-1"},
        {"start_s", "nan"},
        {"start_s", "1s"},
        {"start_s", std::string("1\0s", 3)},
        {"participants", "0"},
        {"participants", "two"},
        {"participants", "2"},
        {"noise_dbm", "loud"},
        {"noise_dbm", "inf"},
        {"direct_path", "maybe"},
        {"clock_ppm", "51"},
        {"clock_ppm", ""},
        {"clock_offset_s", "soon"},
        {"clock_source", "gps"},
        {"time_source", "gps"},
        {"bits", "1"},
        {"bits", "25"},
        {"bits", "twelve"},
        {"colour", "red"},
    };
    for (const auto& [name, value] : wrong) {
        auto arguments = radio_arguments("tx0");
        arguments[name] = value;
        const auto text = refusal(arguments);
        const auto& expected = value == "/no/such" ? value : name;
        EXPECT_NE(text.find(expected), std::string::npos)
            << name << "=" << value << " gives: " << text;
    }
    for (const char* const name : {"scenario", "access_point"}) {
        auto arguments = radio_arguments("tx0");
        arguments.erase(name);
        EXPECT_NE(refusal(arguments).find(name), std::string::npos) << refusal(arguments);
    }
}

TEST(RadioArguments, ScenarioWithoutRadioIsRefused)
{
    auto arguments = radio_arguments("tx0");
    arguments["scenario"] =
        std::string(CFISAC_SOURCE_DIR) + "/examples/scenarios/lite.yml";
    EXPECT_NE(refusal(arguments).find("radio"), std::string::npos) << refusal(arguments);
}

TEST(RadioArguments, OnlyWhoAsksFindsIt)
{
    for (const auto& found : SoapySDR::Device::enumerate()) {
        EXPECT_NE(found.at("driver"), "isac");
    }
    const auto found = SoapySDR::Device::enumerate("driver=isac, access_point=rx0");
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].at("access_point"), "rx0");
}

TEST(RadioArguments, AccessPointDecidesOnChannels)
{
    const auto transmit = make_radio("tx1");
    EXPECT_EQ(transmit->getNumChannels(SOAPY_SDR_TX), 2u);
    EXPECT_EQ(transmit->getNumChannels(SOAPY_SDR_RX), 0u);
    const auto receive = make_radio("rx0");
    EXPECT_EQ(receive->getNumChannels(SOAPY_SDR_TX), 0u);
    EXPECT_EQ(receive->getNumChannels(SOAPY_SDR_RX), 2u);
    EXPECT_THROW(receive->setupStream(SOAPY_SDR_TX, "CF32", {0}), std::out_of_range);
    EXPECT_THROW(receive->setupStream(SOAPY_SDR_RX, "CF32", {2}), std::out_of_range);
    EXPECT_THROW(receive->setupStream(SOAPY_SDR_RX, "CF32", {1, 1}),
                 std::invalid_argument);
    EXPECT_THROW(receive->setupStream(SOAPY_SDR_RX, "CS8", {0}), std::invalid_argument);
    const StreamOf stream(receive, SOAPY_SDR_RX);
    EXPECT_THROW(receive->setupStream(SOAPY_SDR_RX, "CF32", {0}), std::runtime_error);
}

TEST(RadioArguments, OnlyTheScenariosFrequencyAndRate)
{
    const FrameTiming timing(load_scenario(radio_scenario_path()));
    const auto radio = make_radio("rx1");
    radio->setFrequency(SOAPY_SDR_RX, 0, timing.center_hz);
    EXPECT_EQ(radio->getFrequency(SOAPY_SDR_RX, 0), timing.center_hz);
    EXPECT_EQ(timing.center_hz, 5.8e9 + 12 * 31.25e3);
    try {
        radio->setFrequency(SOAPY_SDR_RX, 0, 5.8e9);
        ADD_FAILURE() << "another frequency was taken";
    } catch (const std::invalid_argument& error) {
        EXPECT_NE(std::string(error.what()).find("5800375000"), std::string::npos)
            << error.what();
    }
    radio->setSampleRate(SOAPY_SDR_RX, 1, 1e6);
    EXPECT_EQ(radio->listSampleRates(SOAPY_SDR_RX, 0), std::vector<double>{1e6});
    EXPECT_THROW(radio->setSampleRate(SOAPY_SDR_RX, 0, 2e6), std::invalid_argument);
    radio->setBandwidth(SOAPY_SDR_RX, 0, 1e6);
    EXPECT_THROW(radio->setBandwidth(SOAPY_SDR_RX, 0, 2e5), std::invalid_argument);
    radio->setAntenna(SOAPY_SDR_RX, 0, "RX");
    EXPECT_THROW(radio->setAntenna(SOAPY_SDR_RX, 0, "TX"), std::invalid_argument);
}

TEST(RadioArguments, FullScaleFollowsFromTheGain)
{
    const auto transmit = make_radio("tx0");
    const auto receive = make_radio("rx0");
    transmit->setGain(SOAPY_SDR_TX, 1, 83.5);
    receive->setGain(SOAPY_SDR_RX, 0, "PGA", 60.0);
    EXPECT_EQ(std::stod(transmit->readSensor(SOAPY_SDR_TX, 1, "full_scale_dbm")), 13.5);
    EXPECT_EQ(std::stod(transmit->readSensor(SOAPY_SDR_TX, 0, "full_scale_dbm")), -70.0);
    EXPECT_EQ(std::stod(receive->readSensor(SOAPY_SDR_RX, 0, "full_scale_dbm")), -60.0);
    EXPECT_EQ(receive->getGain(SOAPY_SDR_RX, 0), 60.0);
    for (const double gain : {-1.0, 100.5, std::nan("")}) {
        EXPECT_THROW(transmit->setGain(SOAPY_SDR_TX, 0, gain), std::invalid_argument);
    }
    EXPECT_THROW(transmit->setGain(SOAPY_SDR_TX, 0, "LNA", 1.0), std::invalid_argument);
    EXPECT_THROW(transmit->readSensor("temperature"), std::invalid_argument);
}

} // namespace
