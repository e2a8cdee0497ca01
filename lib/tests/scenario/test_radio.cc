// SPDX-License-Identifier: GPL-3.0-or-later
// The sections `radio` and `calibration`, and what frames look like over the air.
#include "example.h"

#include <algorithm>
#include <cfisac/scenario/frame_timing.h>
#include <gtest/gtest.h>
#include <set>

namespace cfisac {
namespace {

using test::example_path;
using test::example_text;
using test::scenario_error;

const std::string rx0 = "{name: rx0, position_m: [0, 0], axis: [1, 0], antennas: 2, "
                        "spacing_wavelengths: 0.5";
const std::string tx1 = "{name: tx1, position_m: [200, 0], axis: [-1, 0], antennas: 2, "
                        "spacing_wavelengths: 0.5";

//! Text of sdr_2x2.yml with `from`, which must be there once, replaced by `to`.
std::string edited(const std::string& from, const std::string& to)
{
    std::string text = example_text("sdr_2x2.yml");
    const auto at = text.find(from);
    if (at == std::string::npos || text.find(from, at + 1) != std::string::npos) {
        ADD_FAILURE() << "'" << from << "' must be in sdr_2x2.yml once";
        return text;
    }
    return text.replace(at, from.size(), to);
}

struct Wrong {
    std::string from; //!< text of sdr_2x2.yml, replaced
    std::string to;   //!< by this, at the line of which the error is
    std::string says; //!< the error after "f.yml:LINE: " begins with this
    std::string also; //!< and contains this
};

class WrongRadio : public testing::TestWithParam<Wrong>
{
};

TEST_P(WrongRadio, NamesLineAndKey)
{
    const Wrong& wrong = GetParam();
    const std::string text = edited(wrong.from, wrong.to);
    const std::string error = scenario_error([&] { parse_scenario(text, "f.yml"); });
    const auto at = static_cast<std::ptrdiff_t>(text.find(wrong.to));
    const auto line = 1 + std::count(text.begin(), text.begin() + at, '\n');
    const std::string begin = "f.yml:" + std::to_string(line) + ": " + wrong.says;
    EXPECT_EQ(error.substr(0, begin.size()), begin) << error;
    EXPECT_NE(error.find(wrong.also), std::string::npos) << error;
}

INSTANTIATE_TEST_SUITE_P(
    Radio,
    WrongRadio,
    testing::Values(
        Wrong{"fft_size: 80", "fft_size: 81", "radio.fft_size: ", "even, is 81"},
        Wrong{"fft_size: 80", "fft_size: 62", "radio.fft_size: ", "62"},
        Wrong{"fft_size: 80", "fft_size: 65538", "radio.fft_size: ", "65538"},
        Wrong{"fft_size: 80", "fft_size: 80.5", "radio.fft_size: ", "'80.5'"},
        Wrong{"fft_size: 80", "fft: 80", "radio: unknown key 'fft'", "fft_size"},
        Wrong{"frame_period_s: 0.1", "frame_period_s: 0", "radio.frame_period_s: ", "0"},
        Wrong{"frame_period_s: 0.1",
              "frame_period_s: -0.1",
              "radio.frame_period_s: ",
              "-0.1"},
        Wrong{"frame_period_s: 0.1",
              "frame_period_s: 0.1000001",
              "radio.frame_period_s: ",
              "500000.5"},
        Wrong{"frame_period_s: 0.1",
              "frame_period_s: 0.0062526",
              "radio.frame_period_s: ",
              "at least the 31264 samples of a frame, is 31263"},
        Wrong{"preamble_length: 128",
              "preamble_length: 126",
              "radio.preamble_length: ",
              "multiple of 4, is 126"},
        Wrong{"preamble_length: 128",
              "preamble_length: 12",
              "radio.preamble_length: ",
              "12"},
        Wrong{"preamble_length: 128",
              "preamble_length: 1048580",
              "radio.preamble_length: ",
              "1048580"},
        Wrong{"preamble_repetitions: 16",
              "preamble_repetitions: 3",
              "radio.preamble_repetitions: ",
              "3"},
        Wrong{"preamble_repetitions: 16",
              "preamble_repetitions: 8193",
              "radio.preamble_repetitions: ",
              "limit of 1048576"},
        Wrong{"header: true", "header: yes", "radio.header: ", "'yes'"},
        Wrong{"null_dc: true", "null_dc: 1", "radio.null_dc: ", "'1'"},
        Wrong{"cyclic_prefix_s: 4.0e-6",
              "cyclic_prefix_s: 4.1e-6",
              "waveform.cyclic_prefix_s: ",
              "20.5"},
        Wrong{"cyclic_prefix_s: 4.0e-6",
              "cyclic_prefix_s: 16.2e-6",
              "waveform.cyclic_prefix_s: ",
              "81 samples of 80"}));

INSTANTIATE_TEST_SUITE_P(
    Calibration,
    WrongRadio,
    testing::Values(Wrong{rx0,
                          rx0 + ", calibration: {gain_db: [1], phase_deg: [0, 1]}",
                          "receive_access_points[0].calibration.gain_db: ",
                          "2 antennas, has 1"},
                    Wrong{rx0,
                          rx0 + ", calibration: {gain_db: [1, 2], phase_deg: []}",
                          "receive_access_points[0].calibration.phase_deg: ",
                          "2 antennas, has 0"},
                    Wrong{rx0,
                          rx0 + ", calibration: {gain_db: [1, 101], phase_deg: [0, 1]}",
                          "receive_access_points[0].calibration.gain_db: ",
                          "101"},
                    Wrong{rx0,
                          rx0 + ", calibration: {gain_db: [1, 0], phase_deg: [0, .inf]}",
                          "receive_access_points[0].calibration.phase_deg: ",
                          "finite"},
                    Wrong{rx0,
                          rx0 + ", calibration: {gain_db: [1, 0]}",
                          "receive_access_points[0].calibration.phase_deg: ",
                          "missing"},
                    Wrong{rx0,
                          rx0 + ", calibration: {gain: [1, 0], phase_deg: [0, 0]}",
                          "receive_access_points[0].calibration: unknown key 'gain'",
                          "gain_db"},
                    Wrong{tx1,
                          tx1 + ", calibration: {gain_db: [1, 0], phase_deg: [0, 0]}",
                          "transmit_access_points[1].calibration",
                          "receive access points"}));

void expect_equal(const Scenario& a, const Scenario& b)
{
    ASSERT_EQ(a.radio.has_value(), b.radio.has_value());
    if (a.radio) {
        EXPECT_EQ(a.radio->fft_size, b.radio->fft_size);
        EXPECT_EQ(a.radio->frame_period_s, b.radio->frame_period_s);
        EXPECT_EQ(a.radio->preamble_length, b.radio->preamble_length);
        EXPECT_EQ(a.radio->preamble_repetitions, b.radio->preamble_repetitions);
        EXPECT_EQ(a.radio->header, b.radio->header);
        EXPECT_EQ(a.radio->null_dc, b.radio->null_dc);
    }
    for (std::size_t m = 0; m < a.receive.size(); m++) {
        EXPECT_EQ(a.receive[m].calibration.gain_db, b.receive[m].calibration.gain_db);
        EXPECT_EQ(a.receive[m].calibration.phase_deg, b.receive[m].calibration.phase_deg);
    }
}

TEST(Radio, RoundTripIsExact)
{
    for (const char* file : {"paper.yml", "sdr_2x2.yml", "sdr_4x4.yml"}) {
        const Scenario s = load_scenario(example_path(file));
        expect_equal(parse_scenario(to_yaml(s)), s);
    }
    Scenario s = load_scenario(example_path("sdr_2x2.yml"));
    s.radio = cfisac::Radio{96, 12345678 / 6e6, 132, 7, false, false};
    s.waveform.cyclic_prefix_s = 25 / 6e6;
    s.receive[1].calibration = {{0.1, -1.0 / 3.0}, {0.0, -179.999999999999}};
    expect_equal(parse_scenario(to_yaml(s)), s);
    EXPECT_EQ(FrameTiming(parse_scenario(to_yaml(s))).period, 12345678);
}

TEST(Radio, WhatIsNotSaidHasItsDefault)
{
    const std::string text = edited("  preamble_length: 128\n  preamble_repetitions: 16\n"
                                    "  header: true\n  null_dc: true\n",
                                    "");
    expect_equal(parse_scenario(text), load_scenario(example_path("sdr_2x2.yml")));
    const Scenario paper = load_scenario(example_path("paper.yml"));
    EXPECT_FALSE(paper.radio);
    EXPECT_TRUE(paper.receive[0].calibration.empty());
    EXPECT_NE(scenario_error([&] { FrameTiming timing(paper); }).find("radio: "),
              std::string::npos);
}

TEST(Radio, KeepsTheFingerprint)
{
    Scenario s = load_scenario(example_path("sdr_2x2.yml"));
    const auto print = fingerprint(s);
    s.receive[0].calibration = {{1.0, -1.0}, {0.0, 30.0}};
    EXPECT_EQ(fingerprint(s), print);
    s.radio->frame_period_s = 0.2;
    EXPECT_EQ(fingerprint(s), print);
    s.radio.reset();
    EXPECT_EQ(fingerprint(s), print);
}

TEST(FrameTiming, TwoAntennasAt5Msps)
{
    const FrameTiming timing(load_scenario(example_path("sdr_2x2.yml")));
    EXPECT_EQ(timing.sample_rate_hz, 5e6);
    EXPECT_EQ(timing.center_hz, 5.802e9); // 2 MHz above the lowest subcarrier
    EXPECT_EQ(timing.prefix, 20);
    EXPECT_EQ(timing.symbol_samples(), 100);
    EXPECT_EQ(timing.preamble_start(1), 2048);
    EXPECT_EQ(timing.header_start(), 4096);
    EXPECT_EQ(timing.header_symbols, 49);
    EXPECT_EQ(timing.header_samples(), 49 * 32);
    EXPECT_EQ(timing.payload_start(), 5664);
    EXPECT_EQ(timing.payload_samples(), 25600);
    EXPECT_EQ(timing.frame_samples(), 31264);
    EXPECT_EQ(timing.period, 500000);
    EXPECT_EQ(timing.period_s(), 0.1);
}

TEST(FrameTiming, FourAntennasAt25Msps)
{
    const FrameTiming timing(load_scenario(example_path("sdr_4x4.yml")));
    EXPECT_EQ(timing.sample_rate_hz, 25e6);
    EXPECT_EQ(timing.center_hz, 5.81e9);
    EXPECT_EQ(timing.prefix, 60);
    // The comb leaves the full grid as it is.
    EXPECT_EQ(timing.subcarriers, 160);
    EXPECT_EQ(timing.symbols, 512);
    EXPECT_EQ(timing.payload_samples(), 133120);
    EXPECT_EQ(timing.period, 2500000);
}

TEST(FrameTiming, WithoutHeaderThePayloadFollowsThePreambles)
{
    Scenario s = load_scenario(example_path("sdr_2x2.yml"));
    s.radio->header = false;
    const FrameTiming timing(s);
    EXPECT_EQ(timing.header_samples(), 0);
    EXPECT_EQ(timing.payload_start(), 4096);
    // As many samples as there are in a frame are enough.
    s.radio->frame_period_s = 29696 / 5e6;
    EXPECT_EQ(FrameTiming(s).period, timing.frame_samples());
}

//! Bin b of a transform of F samples is the frequency b Δf, or (b - F) Δf above the middle.
TEST(FrameTiming, BinsAreTheFrequenciesFromTheCentre)
{
    for (const char* file : {"sdr_2x2.yml", "sdr_4x4.yml"}) {
        const Scenario s = load_scenario(example_path(file));
        const FrameTiming timing(s);
        std::set<int> bins;
        for (int i = 0; i < timing.subcarriers; i++) {
            const int bin = timing.bin(i);
            ASSERT_GE(bin, 0);
            ASSERT_LT(bin, timing.fft_size);
            bins.insert(bin);
            const int signed_bin =
                bin < timing.fft_size / 2 ? bin : bin - timing.fft_size;
            EXPECT_DOUBLE_EQ(
                timing.center_hz + signed_bin * s.waveform.subcarrier_spacing_hz,
                s.waveform.carrier_hz + i * s.waveform.subcarrier_spacing_hz);
        }
        EXPECT_EQ(bins.size(), static_cast<std::size_t>(timing.subcarriers));
    }
}

TEST(FrameTiming, AFullPrefixIsTheLongest)
{
    Scenario s = load_scenario(example_path("sdr_2x2.yml"));
    s.waveform.cyclic_prefix_s = 16e-6;
    EXPECT_EQ(FrameTiming(s).prefix, 80);
    s.waveform.cyclic_prefix_s = 0;
    EXPECT_EQ(FrameTiming(s).symbol_samples(), 80);
}

} // namespace
} // namespace cfisac
