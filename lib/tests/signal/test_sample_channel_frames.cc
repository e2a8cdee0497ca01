// SPDX-License-Identifier: GPL-3.0-or-later
// OFDM frames through the channel in the time domain, against (6) in the frequency domain.
#include "sample_streams.h"

#include <cfisac/signal/sensing_channel.h>
#include <gtest/gtest.h>

namespace {

using namespace cfisac;
using namespace cfisac::signal;
using namespace cfisac::test;

//! Few symbols and slow reflectors, so that i Δf (τ(t) - τ(0)) is below -60 dB.
Scenario slow_scenario(const std::string& name)
{
    auto scenario = example_scenario(name);
    scenario.waveform.symbols = 32;
    scenario.waveform.symbol_step = 1;
    scenario.radio->null_dc = false;
    for (auto* box : {&scenario.targets.velocity_mps, &scenario.clutter.velocity_mps}) {
        box->min.assign(2, -4.0);
        box->max.assign(2, 4.0);
    }
    return scenario;
}

class SampleChannelFrames : public testing::TestWithParam<const char*>
{
protected:
    explicit SampleChannelFrames(Scenario scenario_ = slow_scenario(GetParam()))
        : scenario(scenario_),
          timing(scenario),
          layout(scenario),
          sent(random_complex(layout))
    {
        options.noise_dbm = no_noise_dbm;
        options.direct_path = false;
    }

    //! X [1, N, N_t, S, T]
    static at::Tensor random_complex(const Layout& layout)
    {
        return Random(77, {0}).complex_normal(Purpose::training,
                                              {layout.transmitters(),
                                               layout.scenario.transmit_antennas(),
                                               layout.subcarriers(),
                                               layout.symbols()},
                                              at::TensorOptions().dtype(at::kDouble));
    }
    at::Tensor bins() const
    {
        return at::arange(layout.subcarriers())
            .mul(scenario.waveform.subcarrier_step)
            .sub(timing.subcarriers / 2)
            .remainder(timing.fft_size);
    }

    //! The payload [N, N_t, samples]: inverse transforms with a cyclic prefix.
    at::Tensor payload() const
    {
        auto grid = at::zeros({layout.transmitters(),
                               scenario.transmit_antennas(),
                               layout.symbols(),
                               timing.fft_size},
                              at::kComplexDouble);
        grid.index_copy_(-1, bins(), sent[0].transpose(-1, -2).contiguous());
        const auto symbols = at::fft_ifft(grid).mul(timing.fft_size);
        const auto prefix = symbols.slice(-1, timing.fft_size - timing.prefix);
        return at::cat({prefix, symbols}, -1).flatten(2).contiguous();
    }

    //! Samples between the window of the transform and the end of the prefix, as the
    //! demodulator has them: the fractional delay of a short path begins before the path.
    int advance() const { return timing.prefix / 8; }

    //! Y [M, M_r, S, T] of frame `number`, demodulated where it would be without delay.
    at::Tensor received(SampleChannel& channel, std::int64_t number) const
    {
        const std::int64_t start = number * timing.period + timing.payload_start();
        const auto samples = payload();
        const auto* values = samples.data_ptr<c10::complex<double>>();
        SampleFunction source(
            scenario.transmit_antennas(), [&](int n, int a, std::int64_t k) -> Complex {
                k -= start;
                if (k < 0 || k >= timing.payload_samples()) {
                    return 0.0;
                }
                const auto row = n * scenario.transmit_antennas() + a;
                const auto value = values[row * timing.payload_samples() + k];
                return {value.real(), value.imag()};
            });
        std::vector<at::Tensor> antennas;
        for (int m = 0; m < layout.receivers(); m++) {
            for (auto& stream :
                 receive(channel, scenario, m, start, timing.payload_samples(), source)) {
                antennas.push_back(
                    at::from_blob(stream.data(),
                                  {timing.symbols, timing.symbol_samples()},
                                  at::kComplexFloat)
                        .to(at::kComplexDouble)
                        .clone());
            }
        }
        const auto first = timing.prefix - advance();
        const auto useful = at::stack(antennas).slice(-1, first, first + timing.fft_size);
        return at::fft_fft(useful)
            .div(timing.fft_size)
            .index_select(-1, bins())
            .mul(phasor(bins().to(at::kDouble) *
                        (2.0 * M_PI * advance() / timing.fft_size)))
            .transpose(-1, -2)
            .view({layout.receivers(),
                   scenario.receive_antennas(),
                   layout.subcarriers(),
                   layout.symbols()});
    }

    /*! (6), of which β has what the Doppler frequency does until the middle of the first
     * symbol's transform: (6) counts the time of its first sample. */
    at::Tensor expected(const Scene& scene) const
    {
        const auto paths = bistatic_paths(layout, scene.position, scene.velocity);
        const double later_s = (timing.prefix - advance() + 0.5 * (timing.fft_size - 1)) /
                               timing.sample_rate_hz;
        auto moved = scene;
        moved.reflection =
            scene.reflection * phasor(paths.doppler_hz * (2.0 * M_PI * later_s));
        return echo_by_tensor_operations(layout, sent, moved)[0];
    }

    //! Power of the error over the inner three quarters of the band, dB.
    double error_db(const at::Tensor& actual, const at::Tensor& wanted) const
    {
        const auto all = layout.subcarriers();
        const auto part = [&](const at::Tensor& frame) {
            return frame.slice(2, all / 8, all - all / 8);
        };
        const auto power = [](const at::Tensor& frame) {
            return frame.abs().square().sum().item<double>();
        };
        return 10.0 *
               std::log10(power(part(actual) - part(wanted)) / power(part(wanted)));
    }

    const Scenario scenario;
    const FrameTiming timing;
    const Layout layout;
    const at::Tensor sent;
    SampleChannelOptions options;
};

TEST_P(SampleChannelFrames, TargetsAreThoseOfTheFrequencyDomain)
{
    const auto scenes = std::make_shared<DrawnScenes>(scenario, 21);
    SampleChannel channel(scenario, scenes, options);
    for (const std::int64_t frame : {0, 7}) {
        const auto targets = draw_targets(layout, scenario.targets, Random(21, {frame}));
        EXPECT_LT(error_db(received(channel, frame), expected(targets)), -45.0);
    }
}

TEST_P(SampleChannelFrames, ClutterBelongsToTheScene)
{
    auto cluttered = scenario;
    cluttered.clutter.scatterers = 5;
    SampleChannel channel(
        cluttered, std::make_shared<DrawnScenes>(cluttered, 22), options);
    const Random random(22, {3});
    const auto scene = join(draw_targets(layout, cluttered.targets, random),
                            draw_clutter(layout, cluttered.clutter, random));
    EXPECT_LT(error_db(received(channel, 3), expected(scene)), -45.0);
}

TEST_P(SampleChannelFrames, TargetsThatWereSet)
{
    const auto scenes = std::make_shared<DrawnScenes>(scenario, 23);
    auto targets = draw_targets(layout, scenario.targets, Random(23, {2}));
    targets.position = targets.position * 0.3 + 80.0;
    targets.velocity = -targets.velocity;
    scenes->set_targets(targets.position, targets.velocity);
    SampleChannel channel(scenario, scenes, options);
    EXPECT_LT(error_db(received(channel, 2), expected(targets)), -45.0);
}

TEST_P(SampleChannelFrames, DirectPathsByTheClosedForm)
{
    options.direct_path = true;
    options.direct_path_gain_db = -3.0;
    SampleChannel channel(
        scenario, std::make_shared<MovingScene>(scenario, Scene{}, Scene{}), options);
    std::vector<at::Tensor> frames;
    for (const auto& receiver : scenario.receive) {
        auto frame = at::zeros(
            {scenario.receive_antennas(), layout.subcarriers(), layout.symbols()},
            at::kComplexDouble);
        for (int n = 0; n < layout.transmitters(); n++) {
            const auto& transmitter = scenario.transmit[n];
            const Way out(transmitter, receiver.position_m);
            const Way in(receiver, transmitter.position_m);
            const double gain =
                std::pow(10.0, -3.0 / 20.0) * amplitude(scenario, out.length_m);
            const auto over_band = phasor(layout.frequency_hz *
                                          (-2.0 * M_PI * out.length_m / speed_of_light));
            for (int r = 0; r < scenario.receive_antennas(); r++) {
                for (int a = 0; a < scenario.transmit_antennas(); a++) {
                    const auto factor =
                        gain * in.steering(r) * std::conj(out.steering(a));
                    frame[r] +=
                        sent[0][n][a] * over_band.unsqueeze(-1) *
                        at::full({},
                                 c10::complex<double>(factor.real(), factor.imag()),
                                 at::kComplexDouble);
                }
            }
        }
        frames.push_back(frame);
    }
    EXPECT_LT(error_db(received(channel, 1), at::stack(frames)), -45.0);
}

TEST_P(SampleChannelFrames, NoiseIsThatOfAResourceElement)
{
    options.noise_dbm = -80.0;
    SampleChannel channel(
        scenario, std::make_shared<MovingScene>(scenario, Scene{}, Scene{}), options);
    const auto power = received(channel, 5).abs().square();
    const auto count = static_cast<double>(power.numel());
    EXPECT_NEAR(power.mean().item<double>() / 1e-11, 1.0, 5.0 / std::sqrt(count));
}

INSTANTIATE_TEST_SUITE_P(Examples,
                         SampleChannelFrames,
                         testing::Values("sdr_2x2", "sdr_4x4"),
                         [](const auto& info) { return std::string(info.param); });

} // namespace
