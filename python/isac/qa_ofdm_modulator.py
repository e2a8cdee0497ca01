#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""OFDM modulator and demodulator against NumPy's transform and against each other."""

import pathlib
import time

import numpy as np
import pmt
from gnuradio import blocks, gr, gr_unittest, isac

ROOT = pathlib.Path(__file__).resolve().parents[2]
FULL_SCALE_DBM = 24.0
AMPLITUDE = np.sqrt(10 ** ((FULL_SCALE_DBM - 30) / 10))


def scenario_of(name, *replacements):
    text = (ROOT / "examples" / "scenarios" / f"{name}.yml").read_text()
    for old, new in replacements:
        assert old in text, old
        text = text.replace(old, new)
    return isac.parse_scenario(text)


def tag(offset, key, value):
    result = gr.tag_t()
    result.offset, result.key, result.value = offset, pmt.intern(key), value
    return result


def tags_of(sink, key):
    return [(t.offset, pmt.to_python(t.value)) for t in sink.tags()
            if pmt.symbol_to_string(t.key) == key]


class Waveform:
    """What the scenario files say, read apart from the library."""

    def __init__(self, name):
        self.name = name
        if name == "sdr_2x2":
            self.fft, self.carriers, self.symbols, self.steps = 80, 64, 256, (1, 1)
            self.prefix, self.spacing, self.period = 20, 62.5e3, 500000
        else:
            self.fft, self.carriers, self.symbols, self.steps = 200, 160, 512, (2, 4)
            self.prefix, self.spacing, self.period = 50, 125e3, 2500000
        self.payload_start = 2 * 128 * 16 + 49 * 32
        self.payload = self.symbols * (self.fft + self.prefix)
        self.frequencies = np.arange(0, self.carriers, self.steps[0]) - self.carriers // 2

    def samples(self, frame):
        """Samples [antenna, payload] of a frame [antenna, subcarrier, symbol], sqrt(W)."""
        result = np.zeros((len(frame), self.symbols, self.fft + self.prefix), complex)
        time = np.arange(-self.prefix, self.fft)
        tones = np.exp(2j * np.pi * np.outer(self.frequencies, time) / self.fft)
        tones[self.frequencies == 0] = 0.0
        result[:, ::self.steps[1]] = np.einsum("ait,ik->atk", frame, tones)
        return result.reshape(len(frame), -1)


def random_frames(count, antennas, scenario, seed):
    rng = np.random.default_rng(seed)
    shape = (count, antennas, scenario.subcarriers, scenario.symbols)
    # Power of the scenario over all carriers of the grid.
    size = np.sqrt(1e-2 / 64 / antennas / 2)
    return (rng.normal(size=shape) + 1j * rng.normal(size=shape)) * size


class qa_ofdm_modulator(gr_unittest.TestCase):

    def modulate(self, scenario, frames, tags=(), access_point=0, start=-1.0):
        """Samples [antenna, time], the block and the sink of antenna 0."""
        flowgraph = gr.top_block()
        source = blocks.vector_source_c(
            np.asarray(frames, np.complex64).ravel(), False, scenario.transmit_frame_size,
            list(tags))
        modulator = isac.ofdm_modulator(scenario, access_point, FULL_SCALE_DBM, start)
        sinks = [blocks.vector_sink_c() for _ in range(scenario.transmit_antennas)]
        flowgraph.connect(source, modulator)
        for a, sink in enumerate(sinks):
            flowgraph.connect((modulator, a), sink)
        flowgraph.run()
        return np.array([sink.data() for sink in sinks]), modulator, sinks[0]

    def demodulate(self, scenario, samples, tags=(), demodulator=None):
        flowgraph = gr.top_block()
        demodulator = demodulator or isac.ofdm_demodulator(scenario, 0, FULL_SCALE_DBM)
        antennas = len(samples)
        for a, stream in enumerate(samples):
            source = blocks.vector_source_c(
                np.asarray(stream, np.complex64), False, 1, list(tags) if a == 0 else [])
            flowgraph.connect(source, (demodulator, a))
        size = antennas * scenario.subcarriers * scenario.symbols
        sink = blocks.vector_sink_c(size)
        flowgraph.connect(demodulator, sink)
        flowgraph.run()
        frames = np.array(sink.data()).reshape(
            -1, antennas, scenario.subcarriers, scenario.symbols)
        return frames, demodulator, sink

    def test_samples_are_those_of_the_transform(self):
        for name in ("sdr_2x2", "sdr_4x4"):
            scenario, waveform = scenario_of(name), Waveform(name)
            frames = random_frames(1, scenario.transmit_antennas, scenario, 1)
            samples, modulator, sink = self.modulate(scenario, frames)
            self.assertEqual(samples.shape[1], waveform.period)
            start = waveform.payload_start
            expected = waveform.samples(frames[0]) / AMPLITUDE
            found = samples[:, start:start + waveform.payload]
            np.testing.assert_allclose(found, expected, atol=1e-5 * np.abs(expected).max())
            self.assertTrue((samples[:, start + waveform.payload:] == 0).all())
            self.assertEqual(modulator.frames(), 1)
            self.assertEqual(tags_of(sink, "frame"), [(0, 0)])
            power = np.abs(expected) ** 2
            # Mean and peak of the symbols that are not silent.
            symbols = power.reshape(len(power), waveform.symbols, -1)[:, ::waveform.steps[1]]
            self.assertAlmostEqual(
                modulator.mean_dbfs(), 10 * np.log10(symbols.mean()), places=3)
            self.assertAlmostEqual(modulator.crest_factor_db(),
                                   10 * np.log10(symbols.max() / symbols.mean()), places=3)

    def test_preamble_and_header(self):
        scenario = scenario_of("sdr_2x2")
        frames = random_frames(1, 2, scenario, 2)
        for access_point in (0, 1):
            samples, *_ = self.modulate(scenario, frames, access_point=access_point)
            slots = samples[:, :2 * 2048].reshape(2, 2, 2048)
            own, other = slots[:, access_point], slots[:, 1 - access_point]
            self.assertTrue((other == 0).all() and (own[1] == 0).all())
            repeated = own[0].reshape(16, 128)
            np.testing.assert_array_equal(repeated, np.tile(repeated[0], (16, 1)))
            # All the power of the scenario (10 dBm), evenly on the occupied band only.
            power = 10 * np.log10(np.mean(np.abs(own[0]) ** 2) * AMPLITUDE ** 2) + 30
            self.assertAlmostEqual(power, 10.0, places=3)
            spectrum = np.abs(np.fft.fft(repeated[0])) ** 2
            inside = np.zeros(128, bool)
            half = 31 * 128 // 80
            inside[1:half + 1] = inside[-half:] = True
            self.assertLess(spectrum[~inside].max(), 1e-8 * spectrum[inside].max())
            np.testing.assert_allclose(
                spectrum[inside], spectrum[inside].mean(), rtol=1e-4)
            header = samples[:, 4096:4096 + 49 * 32]
            self.assertEqual(bool((header == 0).all()), access_point == 1)

    def test_loop_back_returns_the_frames(self):
        for name in ("sdr_2x2", "sdr_4x4"):
            scenario, waveform = scenario_of(name), Waveform(name)
            count = 2
            frames = random_frames(count, scenario.transmit_antennas, scenario, 3)
            samples, *_ = self.modulate(scenario, frames)
            streams = samples.reshape(len(samples), count, waveform.period)
            start = waveform.payload_start
            streams = streams[:, :, start:start + waveform.payload].reshape(len(samples), -1)
            found, *_ = self.demodulate(scenario, streams)
            expected = frames.copy()
            expected[:, :, waveform.frequencies == 0] = 0.0
            self.assertEqual(found.shape, expected.shape)
            self.assertLess(np.abs(found - expected).max(), 1e-5 * np.abs(expected).max())

    def test_delay_within_the_prefix_is_a_phase_ramp(self):
        scenario, waveform = scenario_of("sdr_2x2"), Waveform("sdr_2x2")
        frame = random_frames(1, 2, scenario, 4)
        payload = waveform.samples(frame[0]) / AMPLITUDE
        for delay in (-2, 0, 1, 11, 18):
            streams = np.roll(payload, delay, axis=1)
            found, *_ = self.demodulate(scenario, streams)
            expected = frame[0] * np.exp(
                -2j * np.pi * waveform.frequencies * delay / 80)[:, None]
            expected[:, waveform.frequencies == 0] = 0.0
            # Rolling wraps the ends of the payload: the first and last symbol aside.
            difference = (found[0] - expected)[:, :, 1:-1]
            self.assertLess(np.abs(difference).max(), 1e-5 * np.abs(expected).max(), delay)

    def test_one_subcarrier_is_a_tone(self):
        scenario, waveform = scenario_of("sdr_2x2"), Waveform("sdr_2x2")
        frame = np.zeros((1, 2, 64, 256), complex)
        frame[0, 1, 40] = 0.05
        samples, *_ = self.modulate(scenario, frame)
        start = waveform.payload_start
        tone = samples[1, start + 20:start + 100] * AMPLITUDE
        time = np.arange(80) / 5e6
        np.testing.assert_allclose(
            tone, 0.05 * np.exp(2j * np.pi * (40 - 32) * 62.5e3 * time), atol=1e-6)
        self.assertTrue((samples[0, start:] == 0).all())

    def test_schedule_follows_the_frame_numbers(self):
        scenario, waveform = scenario_of("sdr_2x2"), Waveform("sdr_2x2")
        frames = random_frames(4, 2, scenario, 5)
        tags = [tag(i, "frame", pmt.from_uint64(number))
                for i, number in enumerate((5, 7, 7, 8))]
        samples, modulator, sink = self.modulate(scenario, frames, tags, start=2.25)
        self.assertEqual(samples.shape[1], 4 * waveform.period)
        self.assertTrue((samples[:, waveform.period:2 * waveform.period] == 0).all())
        self.assertEqual(tags_of(sink, "frame"),
                         [(0, 5), (2 * waveform.period, 7), (3 * waveform.period, 8)])
        (offset, time), = tags_of(sink, "tx_time")
        self.assertEqual((offset, time[0]), (0, 2))
        self.assertAlmostEqual(time[1], 0.75)
        self.assertEqual((modulator.frames(), modulator.frames_silent(),
                          modulator.frames_dropped()), (3, 1, 1))

    def test_power_of_the_frame_is_that_of_its_preamble(self):
        scenario = scenario_of("sdr_2x2")
        frames = random_frames(1, 2, scenario, 6)
        samples, *_ = self.modulate(
            scenario, frames, [tag(0, "power_dbm", pmt.from_double(4.0))])
        power = np.mean(np.abs(samples[0, :2048]) ** 2) * AMPLITUDE ** 2
        self.assertAlmostEqual(10 * np.log10(power) + 30, 4.0, places=3)

    def test_samples_beyond_full_scale_are_counted(self):
        scenario, waveform = scenario_of("sdr_2x2"), Waveform("sdr_2x2")
        frames = 6 * random_frames(1, 2, scenario, 7)
        samples, modulator, _ = self.modulate(scenario, frames)
        payload = samples[:, waveform.payload_start:]
        beyond = int((np.abs(payload) > 1).sum())
        self.assertGreater(beyond, 0)
        self.assertEqual(modulator.samples_beyond_full_scale(), beyond)

    def test_calibration_is_taken_off(self):
        gains, phases = np.array([1.5, -0.5]), np.array([20.0, -110.0])
        scenario = scenario_of("sdr_2x2", (
            "{name: rx0, position_m: [75, 300], axis: [1, 0], antennas: 2, "
            "spacing_wavelengths: 0.5}",
            "{name: rx0, position_m: [75, 300], axis: [1, 0], antennas: 2, "
            "spacing_wavelengths: 0.5, calibration: {gain_db: [1.5, -0.5], "
            "phase_deg: [20, -110]}}"))
        waveform = Waveform("sdr_2x2")
        frame = random_frames(1, 2, scenario, 8)
        response = 10 ** (gains / 20) * np.exp(1j * np.radians(phases))
        streams = response[:, None] * waveform.samples(frame[0]) / AMPLITUDE
        expected = frame[0].copy()
        expected[:, 32] = 0.0
        found, *_ = self.demodulate(scenario, streams)
        self.assertLess(np.abs(found[0] - expected).max(), 1e-5 * np.abs(expected).max())
        without = isac.ofdm_demodulator(scenario, 0, FULL_SCALE_DBM)
        without.set_calibration([], [])
        found, *_ = self.demodulate(scenario, streams, demodulator=without)
        expected *= response[:, None, None]
        self.assertLess(np.abs(found[0] - expected).max(), 1e-5 * np.abs(expected).max())

    def test_frame_cut_short_is_dropped(self):
        scenario, waveform = scenario_of("sdr_2x2"), Waveform("sdr_2x2")
        frames = random_frames(2, 2, scenario, 9)
        first, second = (waveform.samples(frame) / AMPLITUDE for frame in frames)
        cut = 10050
        streams = np.concatenate([first[:, :cut], second, first[:, :70]], axis=1)
        tags = [tag(0, "frame", pmt.from_uint64(3)), tag(cut, "frame", pmt.from_uint64(4)),
                tag(cut, "rx_time", pmt.make_tuple(pmt.from_uint64(9), pmt.from_double(0.5)))]
        found, demodulator, sink = self.demodulate(scenario, streams, tags)
        self.assertEqual(len(found), 1)
        expected = frames[1].copy()
        expected[:, 32] = 0.0
        self.assertLess(np.abs(found[0] - expected).max(), 1e-5 * np.abs(expected).max())
        self.assertEqual(tags_of(sink, "frame"), [(0, 4)])
        self.assertEqual(tags_of(sink, "rx_time"), [(0, (9, 0.5))])
        self.assertEqual(demodulator.samples_dropped(), cut + 70)
        self.assertEqual(demodulator.frames(), 1)

    def test_user_has_one_antenna(self):
        scenario, waveform = scenario_of("sdr_2x2"), Waveform("sdr_2x2")
        frame = random_frames(1, 1, scenario, 10)
        streams = waveform.samples(frame[0]) / AMPLITUDE
        found, *_ = self.demodulate(
            scenario, streams, demodulator=isac.ofdm_demodulator.make_user(
                scenario, FULL_SCALE_DBM))
        expected = frame[0].copy()
        expected[:, 32] = 0.0
        self.assertLess(np.abs(found[0] - expected).max(), 1e-5 * np.abs(expected).max())

    def test_wrong_parameters(self):
        scenario, lite = scenario_of("sdr_2x2"), scenario_of("lite")
        for make in (isac.ofdm_modulator, isac.ofdm_demodulator):
            with self.assertRaisesRegex(ValueError, "access point: 2"):
                make(scenario, 2, 0.0)
            with self.assertRaisesRegex(ValueError, "full scale: .*nan"):
                make(scenario, 0, float("nan"))
            with self.assertRaisesRegex(isac.ScenarioError, "radio"):
                make(lite, 0, 0.0)
        with self.assertRaisesRegex(ValueError, "window advance: 21"):
            isac.ofdm_demodulator(scenario, 0, 0.0, 21)
        with self.assertRaisesRegex(ValueError, "start time"):
            isac.ofdm_modulator(scenario, 0, 0.0, float("inf"))
        demodulator = isac.ofdm_demodulator(scenario, 0, 0.0)
        for gain, phase, named in [([0.0], [0.0, 0.0], "1 entries of gain_db"),
                                   ([0.0, 0.0], [], "0 entries of phase_deg"),
                                   ([0.0, 0.0], [0.0, float("nan")], "phase_deg")]:
            with self.assertRaisesRegex(ValueError, named):
                demodulator.set_calibration(gain, phase)
        modulator = isac.ofdm_modulator(scenario, 0, 0.0)
        flowgraph = gr.top_block()
        flowgraph.connect(
            blocks.null_source(8 * scenario.transmit_frame_size), modulator)
        for a in range(2):
            flowgraph.connect((modulator, a), blocks.null_sink(8))
        flowgraph.start()
        port = pmt.intern("command")
        modulator.to_basic_block()._post(
            port, pmt.dict_add(pmt.make_dict(), pmt.intern("gain"), pmt.from_double(1.0)))
        modulator.to_basic_block()._post(
            port, pmt.dict_add(pmt.make_dict(), pmt.intern("full_scale_dbm"),
                               pmt.from_double(7.0)))
        for _ in range(1000):
            if modulator.full_scale_dbm() == 7.0 and modulator.messages_refused() == 1:
                break
            time.sleep(0.01)
        flowgraph.stop()
        flowgraph.wait()
        self.assertEqual((modulator.full_scale_dbm(), modulator.messages_refused()), (7.0, 1))


if __name__ == "__main__":
    gr_unittest.run(qa_ofdm_modulator)
