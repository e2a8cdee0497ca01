// SPDX-License-Identifier: GPL-3.0-or-later
#include "small_scenario.h"
#include <cfisac/signal/transmitter.h>
#include <cfisac/signal/user_receiver.h>
#include <cmath>
#include <gtest/gtest.h>

namespace {

using namespace cfisac;
using namespace cfisac::signal;

/*! Bit error rate of square QAM with Gray mapping on a channel with white noise, exact (Cho and
 * Yoon, "On the general BER expression of one- and two-dimensional amplitude modulations", IEEE
 * Trans. Commun. 50(7), 2002). \param snr energy of a symbol over noise density
 */
double textbook_rate(int bits, double snr)
{
    const int levels = 1 << (bits / 2);
    const double points = levels * levels;
    double sum = 0.0;
    for (int k = 1; k <= bits / 2; k++) {
        const int half = 1 << (k - 1);
        for (int i = 0; i < levels - levels / (1 << k); i++) {
            const int turns = i * half / levels;
            const double weight =
                half - std::floor(static_cast<double>(i * half) / levels + 0.5);
            sum += (turns % 2 ? -1.0 : 1.0) * weight *
                   std::erfc((2 * i + 1) * std::sqrt(1.5 * snr / (points - 1.0))) /
                   levels;
        }
    }
    return sum / (bits / 2);
}

//! One user, 16 subcarriers and `symbols` symbols.
Scenario one_user(Modulation modulation, int symbols)
{
    auto scenario = test::small_scenario();
    scenario.users.count = 1;
    scenario.waveform.modulation = modulation;
    scenario.waveform.symbols = symbols;
    scenario.waveform.symbol_step = 1;
    return scenario;
}

TEST(UserReceiver, TextbookRatesAreThoseOfSimpleCases)
{
    // QPSK: Q(sqrt(2 Eb/N0)); 16-QAM at high ratios: 3/4 Q(sqrt(4/5 Eb/N0)).
    const auto q = [](double x) { return 0.5 * std::erfc(x / std::sqrt(2.0)); };
    EXPECT_NEAR(textbook_rate(2, 6.0), q(std::sqrt(6.0)), 1e-12);
    EXPECT_NEAR(textbook_rate(4, 100.0) / (0.75 * q(std::sqrt(20.0))), 1.0, 1e-6);
}

TEST(UserReceiver, BitErrorRateIsThatOfTheTextbook)
{
    constexpr int symbols = 4096, training = 2048;
    for (const auto modulation :
         {Modulation::qpsk, Modulation::qam16, Modulation::qam64}) {
        const int bits = static_cast<int>(modulation);
        const Layout layout(one_user(modulation, symbols));
        const UserReceiver receiver(layout, 0, training);
        for (const double per_bit_db : {2.0, 5.0, 8.0}) {
            const double snr = bits * std::pow(10.0, per_bit_db / 10.0);
            UserScores scores;
            for (std::int64_t frame = 0; frame < 8; frame++) {
                const Random random(static_cast<std::uint64_t>(40 + per_bit_db), {frame});
                const auto sent = payload(layout, random, at::kDouble)[0][0];
                // A flat channel that the receiver has to find: -70 dB and a phase.
                const auto channel = c10::complex<double>(2e-4, -3e-4);
                const double noise = std::norm(channel) / snr;
                const auto received =
                    sent * channel + user_noise(layout,
                                                10.0 * std::log10(noise) + 30.0,
                                                random,
                                                at::kDouble)[0][0];
                scores.add(receiver(received, sent).scores);
            }
            // The estimate of the channel from so many symbols costs 0.002 dB.
            const double wanted = textbook_rate(bits, snr / (1.0 + 1.0 / training));
            const double count = static_cast<double>(scores.bits);
            EXPECT_EQ(scores.bits, 8u * 16u * (symbols - training) * bits);
            // 99.9 % of a binomial variable; two bits of a symbol may fall together.
            EXPECT_NEAR(scores.bit_error_rate(),
                        wanted,
                        3.29 * std::sqrt(wanted * (1.0 - wanted) / count) + 1.0 / count)
                << bits << " bits at " << per_bit_db << " dB";
            EXPECT_NEAR(scores.sinr_db(), 10.0 * std::log10(snr), 0.05);
        }
    }
}

//! Σ of signal and disturbance, and mean of 1/SINR, over the subcarriers that count.
struct ClosedForm {
    ClosedForm(const Transmission& made,
               std::int64_t user,
               double noise_w,
               std::int64_t silent)
    {
        const auto ratio = sinr(made.channel, made.precoder, noise_w)[0].select(1, user);
        const auto gains = at::matmul(made.channel.mH(), made.precoder)[0];
        std::int64_t counted = 0;
        for (std::int64_t i = 0; i < ratio.size(0); i++) {
            if (i == silent) {
                continue;
            }
            const double own =
                std::norm(gains[i][user][user].item<c10::complex<double>>());
            signal += own;
            disturbance += own / ratio[i].item<double>();
            squared_evm += 1.0 / ratio[i].item<double>();
            counted++;
        }
        squared_evm /= static_cast<double>(counted);
    }
    double signal = 0.0, disturbance = 0.0, squared_evm = 0.0;
};

TEST(UserReceiver, RatioAndErrorVectorAreThoseOfTheClosedForm)
{
    for (const char* name : {"lite", "sdr_2x2"}) {
        auto scenario = test::example_scenario(name);
        const std::int64_t silent =
            scenario.radio ? scenario.waveform.subcarriers / 2 : -1;
        const Layout layout(scenario);
        const double noise_w = dbm_to_watt(scenario.users.noise_dbm);
        const std::int64_t training = layout.symbols() / 2;
        for (std::int64_t user = 0; user < 2; user++) {
            const UserReceiver receiver(layout, user, training, false, silent);
            UserScores scores;
            double signal = 0.0, disturbance = 0.0, squared_evm = 0.0;
            constexpr std::int64_t frames = 60;
            for (std::int64_t frame = 0; frame < frames; frame++) {
                const Random random(11, {frame});
                const auto made =
                    transmit(layout, scenario.transmit_power_dbm, random, at::kDouble);
                const auto received =
                    received_at_users(made.channel, made.signal) +
                    user_noise(layout, scenario.users.noise_dbm, random, at::kDouble);
                scores.add(receiver(received[0][user], made.symbols[0][user]).scores);
                const ClosedForm wanted(made, user, noise_w, silent);
                signal += wanted.signal;
                disturbance += wanted.disturbance;
                squared_evm += wanted.squared_evm / frames;
            }
            const double sinr_db = 10.0 * std::log10(signal / disturbance);
            const double evm_db =
                10.0 *
                std::log10(squared_evm * (1.0 + 1.0 / static_cast<double>(training)));
            EXPECT_NEAR(scores.sinr_db(), sinr_db, 0.2) << name << ", user " << user;
            EXPECT_NEAR(scores.evm_db(), evm_db, 0.2) << name << ", user " << user;
        }
    }
}

TEST(UserReceiver, SinrOfEverySubcarrierAndChannel)
{
    // A channel and a noise of their own on each subcarrier.
    const Layout layout(one_user(Modulation::qam16, 4096));
    const Random random(3, {0});
    const auto sent = payload(layout, random, at::kDouble)[0][0];
    const auto index = at::arange(16, at::kDouble);
    const auto channel = phasor(index) * (1.0 + index);
    const auto noise = user_noise(layout, 30.0, random, at::kDouble)[0][0];
    const auto frame =
        UserReceiver(layout, 0, 100)(sent * channel.unsqueeze(1) + noise, sent);
    for (std::int64_t i = 0; i < 16; i++) {
        const double wanted = (1.0 + i) * (1.0 + i);
        EXPECT_NEAR(10 * std::log10(frame.sinr[i] / wanted), 0.0, 0.4);
        EXPECT_LT(std::abs(std::complex<double>(frame.channel[i]) -
                           std::polar(1.0 + i, static_cast<double>(i))),
                  5.0 / std::sqrt(100.0));
        const auto found =
            frame.symbols[i] *
            c10::complex<double>(frame.channel[i].real(), frame.channel[i].imag());
        EXPECT_LT((found - sent[i] * channel[i] - noise[i]).abs().max().item<double>(),
                  1e-5);
    }
}

TEST(UserReceiver, FollowsTheResidualOfTheFrequency)
{
    const Layout layout(test::example_scenario("sdr_2x2"));
    const Random random(3, {0});
    const auto sent = payload(layout, random, at::kDouble)[0][0];
    const double snr_db = 20.0;
    const auto noise = user_noise(layout, 30.0 - snr_db, random, at::kDouble)[0][0];
    for (const double hertz : {0.0, 30.0, -300.0}) {
        const auto turned =
            sent * phasor(layout.time_s * (2.0 * M_PI * hertz)) * 0.7 + noise * 0.7;
        const auto with = UserReceiver(layout, 0, 16, true)(turned, sent).scores;
        EXPECT_EQ(with.bit_errors, 0u) << hertz << " Hz";
        EXPECT_NEAR(with.evm_db(), -snr_db + 10 * std::log10(1.0 + 1.0 / 16.0), 0.4)
            << hertz << " Hz";
        EXPECT_NEAR(with.sinr_db(), snr_db, 0.4);
        const auto without = UserReceiver(layout, 0, 16, false)(turned, sent).scores;
        if (hertz != 0.0) {
            EXPECT_GT(without.evm_db(), with.evm_db() + 10.0);
        }
    }
}

TEST(UserReceiver, SilentAndDeadSubcarriers)
{
    const Layout layout(one_user(Modulation::qpsk, 64));
    const auto sent = payload(layout, Random(3, {0}), at::kDouble)[0][0];
    auto received = sent.clone();
    received[7].zero_();
    const auto counted = UserReceiver(layout, 0, 8)(received, sent);
    EXPECT_EQ(counted.scores.bits, 16u * 56u * 2u);
    EXPECT_GT(counted.scores.bit_errors, 0u);
    EXPECT_EQ(counted.symbols[7].abs().max().item<float>(), 0.0f);
    const auto left_out = UserReceiver(layout, 0, 8, false, 7)(received, sent);
    EXPECT_EQ(left_out.scores.bits, 15u * 56u * 2u);
    EXPECT_EQ(left_out.scores.bit_errors, 0u);
    EXPECT_LT(left_out.scores.evm(), 1e-12);
    EXPECT_TRUE(std::isnan(left_out.sinr[7]));
}

TEST(UserReceiver, RefusesWhatDoesNotFit)
{
    const Layout layout(test::small_scenario());
    EXPECT_THROW(UserReceiver(layout, 4, 4), std::invalid_argument);
    EXPECT_THROW(UserReceiver(layout, -1, 4), std::invalid_argument);
    EXPECT_THROW(UserReceiver(layout, 0, 0), std::invalid_argument);
    EXPECT_THROW(UserReceiver(layout, 0, 16), std::invalid_argument);
    EXPECT_THROW(UserReceiver(layout, 0, 4, false, 16), std::invalid_argument);
    const auto frame = at::zeros({16, 16}, at::kComplexFloat);
    EXPECT_THROW(UserReceiver(layout, 0, 4)(frame.slice(0, 1), frame),
                 std::invalid_argument);
    EXPECT_THROW(UserReceiver(layout, 0, 4)(frame, frame.slice(1, 1)),
                 std::invalid_argument);
    EXPECT_TRUE(std::isnan(UserScores().evm_db()));
    EXPECT_TRUE(std::isnan(UserScores().sinr_db()));
    EXPECT_TRUE(std::isnan(UserScores().bit_error_rate()));
}

} // namespace
