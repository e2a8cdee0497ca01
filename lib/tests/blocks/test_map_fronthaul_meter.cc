// SPDX-License-Identifier: GPL-3.0-or-later
#include <qt/fronthaul_meter.h>

#include <cmath>
#include <gtest/gtest.h>

namespace gr {
namespace isac {
namespace {

namespace fronthaul = cfisac::fronthaul;

//! A codebook of 16, two positions of 64 and four codewords in a packet.
map_packets packets() { return {fronthaul::PacketFormat(64, 6, 1, 2), 16, 2}; }

std::vector<std::uint8_t> packet(std::uint16_t access_point,
                                 std::int64_t capture_time_ns,
                                 std::vector<std::uint32_t> indices)
{
    fronthaul::Packet all;
    all.access_point = access_point;
    all.capture_time_ns = capture_time_ns;
    all.bits_per_index = 6;
    all.scenario_fingerprint = 1;
    all.model_fingerprint = 2;
    all.indices = std::move(indices);
    std::vector<std::uint8_t> bytes(packets().format.size());
    fronthaul::encode(all, bytes.data(), bytes.size());
    return bytes;
}

TEST(MapFronthaulMeter, RateByTheCaptureTimes)
{
    fronthaul_meter meter(packets(), 2);
    EXPECT_TRUE(std::isnan(meter.of(0).bits_per_update));
    EXPECT_TRUE(std::isnan(meter.of(0).perplexity));
    for (int i = 0; i < 100; i++) {
        // 36 bits every 2 ms are 18 kbit/s.
        const auto bytes = packet(1, i * 2000000LL, {40, 50, 1, 2, 3, 3});
        ASSERT_EQ(meter.add(1, bytes.data()), nullptr);
    }
    const auto state = meter.of(1);
    EXPECT_EQ(state.packets, 100u);
    EXPECT_DOUBLE_EQ(state.bits_per_update, 36.0);
    EXPECT_NEAR(state.bits_per_second, 18000.0, 1e-6);
    EXPECT_EQ(state.distinct, 3u);
    EXPECT_NEAR(state.perplexity, std::pow(2.0, 1.5), 1e-12);
    EXPECT_EQ(state.counts[3], 200u);
    EXPECT_EQ(meter.of(0).packets, 0u);
    meter.clear();
    EXPECT_EQ(meter.of(1).packets, 0u);
    EXPECT_EQ(meter.of(1).distinct, 0u);
}

TEST(MapFronthaulMeter, CodewordsOfOldPacketsAreNotInUse)
{
    fronthaul_meter meter(packets(), 1);
    const auto old = packet(0, 0, {0, 1, 15, 15, 15, 15});
    meter.add(0, old.data());
    for (std::size_t i = 0; i < 2 * fronthaul_meter::use_packets; i++) {
        const auto bytes = packet(0, 1000LL * i, {0, 1, 2, 2, 2, 2});
        meter.add(0, bytes.data());
    }
    EXPECT_EQ(meter.of(0).distinct, 1u);
}

TEST(MapFronthaulMeter, CaptureTimesThatDoNotRiseTellNoRate)
{
    fronthaul_meter meter(packets(), 1);
    for (int i = 0; i < 4; i++) {
        const auto bytes = packet(0, 7, {0, 1, 2, 2, 2, 2});
        meter.add(0, bytes.data());
    }
    EXPECT_TRUE(std::isnan(meter.of(0).bits_per_second));
    EXPECT_DOUBLE_EQ(meter.of(0).bits_per_update, 36.0);
}

TEST(MapFronthaulMeter, WhatIsWrongIsToldAndNotCounted)
{
    fronthaul_meter meter(packets(), 2);
    auto bytes = packet(0, 0, {0, 1, 2, 2, 2, 2});
    EXPECT_STREQ(meter.add(1, bytes.data()), "wrong_access_point");
    bytes[60] ^= 1;
    EXPECT_STREQ(meter.add(0, bytes.data()), "bad_crc");
    const auto indices = packet(0, 0, {0, 1, 2, 2, 2, 16});
    EXPECT_STREQ(meter.add(0, indices.data()), "bad_indices");
    EXPECT_EQ(meter.of(0).packets + meter.of(1).packets, 0u);
}

} // namespace
} // namespace isac
} // namespace gr
