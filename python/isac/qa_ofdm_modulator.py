#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The OFDM modulator against the sum of tones in NumPy."""

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
            self.prefix, self.spacing, self.period = 60, 125e3, 2500000
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


def modulate(scenario, frames, tags=(), access_point=0, start=-1.0):
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


class qa_ofdm_modulator(gr_unittest.TestCase):

    def test_samples_are_those_of_the_transform(self):
        for name in ("sdr_2x2", "sdr_4x4"):
            scenario, waveform = scenario_of(name), Waveform(name)
            frames = random_frames(1, scenario.transmit_antennas, scenario, 1)
            samples, modulator, sink = modulate(scenario, frames)
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
            samples, *_ = modulate(scenario, frames, access_point=access_point)
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

    def test_one_subcarrier_is_a_tone(self):
        scenario, waveform = scenario_of("sdr_2x2"), Waveform("sdr_2x2")
        frame = np.zeros((1, 2, 64, 256), complex)
        frame[0, 1, 40] = 0.05
        samples, *_ = modulate(scenario, frame)
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
        samples, modulator, sink = modulate(scenario, frames, tags, start=2.25)
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
        samples, *_ = modulate(
            scenario, frames, [tag(0, "power_dbm", pmt.from_double(4.0))])
        power = np.mean(np.abs(samples[0, :2048]) ** 2) * AMPLITUDE ** 2
        self.assertAlmostEqual(10 * np.log10(power) + 30, 4.0, places=3)

    def test_samples_beyond_full_scale_are_counted(self):
        scenario, waveform = scenario_of("sdr_2x2"), Waveform("sdr_2x2")
        frames = 6 * random_frames(1, 2, scenario, 7)
        samples, modulator, _ = modulate(scenario, frames)
        payload = samples[:, waveform.payload_start:]
        beyond = int((np.abs(payload) > 1).sum())
        self.assertGreater(beyond, 0)
        self.assertEqual(modulator.samples_beyond_full_scale(), beyond)

    def test_levels(self):
        scenario, waveform = scenario_of("sdr_2x2"), Waveform("sdr_2x2")
        idle = isac.ofdm_modulator(scenario, 0, FULL_SCALE_DBM)
        self.assertTrue(np.isnan([idle.crest_factor_db(), idle.peak_dbfs(),
                                  idle.mean_dbfs()]).all())
        samples, modulator, _ = modulate(scenario, random_frames(1, 2, scenario, 11))
        peak = np.abs(samples[:, waveform.payload_start:]).max()
        self.assertAlmostEqual(modulator.peak_dbfs(), 20 * np.log10(peak), places=4)
        self.assertAlmostEqual(modulator.peak_dbfs() - modulator.mean_dbfs(),
                               modulator.crest_factor_db(), places=9)

    def test_times_of_today_are_exact_to_the_sample(self):
        scenario = scenario_of("sdr_2x2")
        start, number = 1764000000.0, 123456789
        _, _, sink = modulate(
            scenario, random_frames(1, 2, scenario, 12),
            [tag(0, "frame", pmt.from_uint64(number))], start=start)
        (_, time), = tags_of(sink, "tx_time")
        self.assertEqual(time[0], 1764000000 + number // 10)
        self.assertAlmostEqual(time[1], (number % 10) / 10, delta=1e-8)

    def test_tags_that_cannot_be_end_the_flowgraph(self):
        scenario = scenario_of("sdr_2x2")
        far = tag(1, "frame", pmt.from_uint64(2 ** 63))
        for wrong, named in [
                (tag(0, "frame", pmt.intern("x")), "tag frame of item 0"),
                (tag(0, "power_dbm", pmt.intern("10")), "tag power_dbm: want a number"),
                (tag(0, "power_dbm", pmt.from_double(float("nan"))), "tag power_dbm: nan"),
                (far, "frame 9223372036854775808 after frame 0")]:
            _, modulator, _ = modulate(
                scenario, random_frames(2, 2, scenario, 13), [wrong])
            self.assertIn(named, modulator.error())
        _, modulator, _ = modulate(scenario, random_frames(1, 2, scenario, 13))
        self.assertEqual(modulator.error(), "")

    def test_wrong_parameters(self):
        scenario, lite = scenario_of("sdr_2x2"), scenario_of("lite")
        with self.assertRaisesRegex(ValueError, "access point: 2"):
            isac.ofdm_modulator(scenario, 2, 0.0)
        with self.assertRaisesRegex(ValueError, "full scale: .*nan"):
            isac.ofdm_modulator(scenario, 0, float("nan"))
        with self.assertRaisesRegex(isac.ScenarioError, "radio"):
            isac.ofdm_modulator(lite, 0, 0.0)
        with self.assertRaisesRegex(ValueError, "start time"):
            isac.ofdm_modulator(scenario, 0, 0.0, float("inf"))

    def test_full_scale_while_running(self):
        scenario = scenario_of("sdr_2x2")
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
