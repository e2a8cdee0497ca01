// SPDX-License-Identifier: GPL-3.0-or-later
#include "virtual_radio.h"

namespace {

using namespace cfisac::test;

constexpr long long millisecond = 1000000;

const SoapySDR::Kwargs lockstep{{"time", "lockstep"}};

std::vector<Buffer> noise(std::size_t count, unsigned seed)
{
    std::vector<Buffer> samples(2, Buffer(count));
    std::uint32_t state = seed;
    const auto next = [&state] {
        state = state * 1664525u + 1013904223u;
        return static_cast<float>(state >> 8) / 16777216.0f - 0.5f;
    };
    for (auto& channel : samples) {
        for (auto& sample : channel) {
            sample = {next(), next()};
        }
    }
    return samples;
}

double power(const Buffer& samples, std::size_t from, std::size_t to)
{
    double sum = 0.0;
    for (std::size_t k = from; k < to; k++) {
        sum += std::norm(std::complex<double>(samples[k]));
    }
    return sum / static_cast<double>(to - from);
}

TEST(RadioStreams, InactiveOnesTimeOut)
{
    const auto receiver = make_radio("rx0");
    StreamOf received(receiver, SOAPY_SDR_RX);
    std::vector<Buffer> samples(2);
    EXPECT_EQ(received.read(samples, 100, 1000).result, SOAPY_SDR_TIMEOUT);
    EXPECT_EQ(received.status(0).result, SOAPY_SDR_NOT_SUPPORTED);
    const auto transmitter = make_radio("tx0");
    StreamOf sent(transmitter, SOAPY_SDR_TX);
    EXPECT_EQ(sent.status(1000).result, SOAPY_SDR_TIMEOUT);
    EXPECT_EQ(sent.activate(0, 0, 100), SOAPY_SDR_NOT_SUPPORTED);
}

TEST(RadioStreams, LockstepGivesTheSameSamplesAgain)
{
    constexpr std::size_t count = 60000;
    std::vector<std::vector<Buffer>> runs;
    for (int run = 0; run < 2; run++) {
        const SoapySDR::Kwargs settings{
            {"time", "lockstep"}, {"participants", "4"}, {"seed", "3"}};
        const auto tx0 = make_radio("tx0", settings);
        const auto tx1 = make_radio("tx1", settings);
        const auto rx0 = make_radio("rx0", settings);
        const auto rx1 = make_radio("rx1", settings);
        tx0->setGain(SOAPY_SDR_TX, 0, 80.0);
        tx1->setGain(SOAPY_SDR_TX, 1, 70.0);
        rx0->setGain(SOAPY_SDR_RX, 0, 70.0);
        rx1->setGain(SOAPY_SDR_RX, 1, 75.0);
        StreamOf sent0(tx0, SOAPY_SDR_TX);
        StreamOf sent1(tx1, SOAPY_SDR_TX);
        StreamOf received0(rx0, SOAPY_SDR_RX);
        StreamOf received1(rx1, SOAPY_SDR_RX);
        std::vector<StreamOf*> order{&sent0, &received0, &sent1, &received1};
        if (run == 1) {
            std::swap(order[0], order[3]);
            std::swap(order[1], order[2]);
        }
        ASSERT_EQ(order[0]->activate(), 0);
        // Nothing passes before all are there, whatever was written.
        std::thread early;
        if (run == 0) {
            early = std::thread([&] { sent0.write(noise(count + 1000, 1)); });
        }
        for (int k = 1; k < 4; k++) {
            ASSERT_EQ(order[k]->activate(), 0);
        }
        std::thread first([&] {
            if (run == 1) {
                sent0.write(noise(count + 1000, 1));
            }
        });
        std::thread second([&] { sent1.write(noise(count + 1000, 2)); });
        std::vector<Buffer> other;
        std::thread third([&] { other = received1.read_all(2, count); });
        auto samples = received0.read_all(2, count);
        for (auto* const thread : {&first, &second, &third}) {
            thread->join();
        }
        if (early.joinable()) {
            early.join();
        }
        EXPECT_EQ(received0.first_ns(), 0);
        EXPECT_EQ(received1.first_ns(), 0);
        samples.insert(samples.end(), other.begin(), other.end());
        runs.push_back(samples);
    }
    ASSERT_EQ(runs[0].size(), 4u);
    for (std::size_t k = 0; k < 4; k++) {
        ASSERT_EQ(runs[0][k].size(), count);
        EXPECT_EQ(runs[0][k], runs[1][k]) << k;
    }
    EXPECT_GT(power(runs[0][0], 0, count), 0.0);
    EXPECT_GT(power(runs[0][3], 0, count), 0.0);
}

TEST(RadioStreams, LateBurstIsDroppedAndReported)
{
    const auto transmitter = make_radio("tx0");
    StreamOf sent(transmitter, SOAPY_SDR_TX);
    ASSERT_EQ(sent.activate(), 0);
    // Of a time before the stream was activated.
    const std::size_t count = 1000;
    EXPECT_EQ(sent.write(noise(count, 1),
                         SOAPY_SDR_HAS_TIME | SOAPY_SDR_END_BURST,
                         -10 * millisecond),
              count);
    const auto status = sent.status(10000000);
    EXPECT_EQ(status.result, SOAPY_SDR_TIME_ERROR);
    EXPECT_EQ(status.flags & SOAPY_SDR_HAS_TIME, SOAPY_SDR_HAS_TIME);
    EXPECT_EQ(status.time_ns, -10 * millisecond);
    EXPECT_EQ(status.mask, 3u);
    EXPECT_EQ(count_of(transmitter, "late"), 1000);
    EXPECT_EQ(count_of(transmitter, "underflows"), 0);
    // What is activated too late is not active.
    StreamOf* const stream = &sent;
    EXPECT_EQ(stream->deactivate(), 0);
    EXPECT_EQ(stream->activate(SOAPY_SDR_HAS_TIME, -10 * millisecond),
              SOAPY_SDR_TIME_ERROR);
}

TEST(RadioStreams, MissingSamplesAreAnUnderflowAndAnEndedBurstIsNone)
{
    const auto transmitter = make_radio("tx0");
    StreamOf sent(transmitter, SOAPY_SDR_TX);
    ASSERT_EQ(sent.activate(), 0);
    EXPECT_EQ(sent.write(noise(2000, 1), SOAPY_SDR_END_BURST), 2000u);
    auto status = sent.status(10000000);
    EXPECT_EQ(status.result, 0);
    EXPECT_EQ(status.flags, SOAPY_SDR_HAS_TIME | SOAPY_SDR_END_BURST);
    // The time of the first sample that was not sent.
    const auto end_ns = status.time_ns;
    EXPECT_GE(transmitter->getHardwareTime(), end_ns);
    EXPECT_EQ(sent.status(50000).result, SOAPY_SDR_TIMEOUT);
    EXPECT_EQ(count_of(transmitter, "underflows"), 0);

    EXPECT_EQ(sent.write(noise(2000, 1)), 2000u);
    status = sent.status(10000000);
    EXPECT_EQ(status.result, SOAPY_SDR_UNDERFLOW);
    EXPECT_GE(status.time_ns, end_ns + 2 * millisecond);
    // Said once, however long it lasts.
    EXPECT_EQ(sent.status(50000).result, SOAPY_SDR_TIMEOUT);
    EXPECT_EQ(count_of(transmitter, "underflows"), 1);
    // It goes on.
    EXPECT_EQ(sent.write(noise(2000, 1), SOAPY_SDR_END_BURST), 2000u);
    status = sent.status(10000000);
    EXPECT_EQ(status.result, 0);
    EXPECT_EQ(count_of(transmitter, "late"), 0);
}

TEST(RadioStreams, SlowReaderIsToldOfTheOverflowOnce)
{
    const auto receiver = make_radio("rx0", {{"noise_dbm", "-300"}});
    StreamOf received(receiver, SOAPY_SDR_RX);
    ASSERT_EQ(received.activate(), 0);
    std::vector<Buffer> samples(2);
    auto got = received.read(samples, 1000, 10000000);
    for (int k = 0; k < 100 && got.result == SOAPY_SDR_OVERFLOW; k++) {
        got = received.read(samples, 1000, 10000000); // the machine stood still
    }
    ASSERT_EQ(got.result, 1000);
    ASSERT_EQ(got.flags, SOAPY_SDR_HAS_TIME);
    const auto overflows = count_of(receiver, "overflows");
    // Longer than half a second of samples: more than the rings hold.
    std::this_thread::sleep_for(std::chrono::milliseconds(700));
    const auto before = receiver->getHardwareTime();
    got = received.read(samples, 1000, 10000000);
    EXPECT_EQ(got.result, SOAPY_SDR_OVERFLOW);
    EXPECT_EQ(count_of(receiver, "overflows"), overflows + 1);
    // The next samples are of the present.
    const auto next = received.read(samples, 1000, 10000000);
    if (next.result != SOAPY_SDR_OVERFLOW) { // once more where the machine stood still
        EXPECT_EQ(next.result, 1000);
        EXPECT_EQ(next.flags, SOAPY_SDR_HAS_TIME);
        EXPECT_GE(next.time_ns, before);
        EXPECT_EQ(next.time_ns, got.time_ns);
    }
}

TEST(RadioStreams, ReceptionOfSoManySamplesEndsByItself)
{
    const auto transmitter = make_radio("tx0", lockstep);
    const auto receiver = make_radio("rx0", lockstep);
    StreamOf received(receiver, SOAPY_SDR_RX);
    StreamOf sent(transmitter, SOAPY_SDR_TX);
    ASSERT_EQ(
        received.activate(SOAPY_SDR_HAS_TIME | SOAPY_SDR_END_BURST, 2 * millisecond, 500),
        0);
    ASSERT_EQ(sent.activate(), 0);
    EXPECT_EQ(sent.write(noise(5000, 1)), 5000u);
    std::vector<Buffer> samples(2);
    auto got = received.read(samples, 300);
    EXPECT_EQ(got.result, 300);
    EXPECT_EQ(got.flags, SOAPY_SDR_HAS_TIME);
    EXPECT_EQ(got.time_ns, 2 * millisecond);
    got = received.read(samples, 300);
    EXPECT_EQ(got.result, 200);
    EXPECT_EQ(got.flags, SOAPY_SDR_HAS_TIME | SOAPY_SDR_END_BURST);
    EXPECT_EQ(received.read(samples, 300, 1000).result, SOAPY_SDR_TIMEOUT);
    // It no longer holds the transmitter.
    EXPECT_EQ(sent.write(noise(2000000, 1)), 2000000u);
}

TEST(RadioStreams, ReaderWaitsForAllTransmitters)
{
    const auto tx0 = make_radio("tx0", lockstep);
    const auto tx1 = make_radio("tx1", lockstep);
    const auto receiver = make_radio("rx0", lockstep);
    StreamOf sent0(tx0, SOAPY_SDR_TX);
    StreamOf sent1(tx1, SOAPY_SDR_TX);
    StreamOf received(receiver, SOAPY_SDR_RX);
    std::vector<Buffer> samples(2);
    ASSERT_EQ(received.activate(), 0);
    EXPECT_EQ(received.read(samples, 100, 1000).result, SOAPY_SDR_TIMEOUT);
    ASSERT_EQ(sent0.activate(), 0);
    ASSERT_EQ(sent1.activate(), 0);
    sent0.write(noise(10000, 1));
    EXPECT_EQ(received.read(samples, 100, 1000).result, SOAPY_SDR_TIMEOUT);
    sent1.write(noise(1000, 1));
    auto got = received.read(samples, 8000, 1000);
    EXPECT_GT(got.result, 800);
    EXPECT_LE(got.result, 1000);
    // Who stops holds nobody.
    EXPECT_EQ(sent1.deactivate(), 0);
    got = received.read(samples, 8000, 1000);
    EXPECT_EQ(got.result, 8000);
    // A burst that has ended neither; what was sent still arrives.
    sent0.write(noise(1000, 1), SOAPY_SDR_END_BURST);
    EXPECT_GT(received.read(samples, 8000, 1000).result, 2100);
}

} // namespace
