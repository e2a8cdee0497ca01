#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The OFDM demodulator against the sum of tones in NumPy and behind the modulator."""

import numpy as np
import pmt
from gnuradio import blocks, gr, gr_unittest, isac

from qa_ofdm_modulator import (AMPLITUDE, FULL_SCALE_DBM, Waveform, modulate, random_frames,
                               scenario_of, tag, tags_of)


def demodulate(scenario, samples, tags=(), demodulator=None):
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


class qa_ofdm_demodulator(gr_unittest.TestCase):

    def test_loop_back_returns_the_frames(self):
        for name in ("sdr_2x2", "sdr_4x4"):
            scenario, waveform = scenario_of(name), Waveform(name)
            count = 2
            frames = random_frames(count, scenario.transmit_antennas, scenario, 3)
            samples, *_ = modulate(scenario, frames)
            streams = samples.reshape(len(samples), count, waveform.period)
            start = waveform.payload_start
            streams = streams[:, :, start:start + waveform.payload].reshape(len(samples), -1)
            found, *_ = demodulate(scenario, streams)
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
            found, *_ = demodulate(scenario, streams)
            expected = frame[0] * np.exp(
                -2j * np.pi * waveform.frequencies * delay / 80)[:, None]
            expected[:, waveform.frequencies == 0] = 0.0
            # Rolling wraps the ends of the payload: the first and last symbol aside.
            difference = (found[0] - expected)[:, :, 1:-1]
            self.assertLess(np.abs(difference).max(), 1e-5 * np.abs(expected).max(), delay)

    def test_calibration_is_taken_off(self):
        gains, phases = np.array([1.5, -0.5]), np.array([20.0, -110.0])
        scenario = scenario_of("sdr_2x2", (
            "{name: rx0, position_m: [0, 0], axis: [1, 0], antennas: 2, "
            "spacing_wavelengths: 0.5}",
            "{name: rx0, position_m: [0, 0], axis: [1, 0], antennas: 2, "
            "spacing_wavelengths: 0.5, calibration: {gain_db: [1.5, -0.5], "
            "phase_deg: [20, -110]}}"))
        waveform = Waveform("sdr_2x2")
        frame = random_frames(1, 2, scenario, 8)
        response = 10 ** (gains / 20) * np.exp(1j * np.radians(phases))
        streams = response[:, None] * waveform.samples(frame[0]) / AMPLITUDE
        expected = frame[0].copy()
        expected[:, 32] = 0.0
        found, *_ = demodulate(scenario, streams)
        self.assertLess(np.abs(found[0] - expected).max(), 1e-5 * np.abs(expected).max())
        without = isac.ofdm_demodulator(scenario, 0, FULL_SCALE_DBM)
        without.set_calibration([], [])
        found, *_ = demodulate(scenario, streams, demodulator=without)
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
        found, demodulator, sink = demodulate(scenario, streams, tags)
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
        found, *_ = demodulate(
            scenario, streams, demodulator=isac.ofdm_demodulator.make_user(
                scenario, FULL_SCALE_DBM))
        expected = frame[0].copy()
        expected[:, 32] = 0.0
        self.assertLess(np.abs(found[0] - expected).max(), 1e-5 * np.abs(expected).max())

    def test_frame_cut_short_between_two_symbols(self):
        scenario, waveform = scenario_of("sdr_2x2"), Waveform("sdr_2x2")
        frames = random_frames(2, 2, scenario, 14)
        first, second = (waveform.samples(frame) / AMPLITUDE for frame in frames)
        for cut in (100, 10000, 25500):
            streams = np.concatenate([first[:, :cut], second], axis=1)
            tags = [tag(0, "frame", pmt.from_uint64(3)), tag(cut, "frame", pmt.from_uint64(5))]
            found, demodulator, sink = demodulate(scenario, streams, tags)
            self.assertEqual(len(found), 1, cut)
            expected = frames[1].copy()
            expected[:, 32] = 0.0
            self.assertLess(np.abs(found[0] - expected).max(), 1e-5 * np.abs(expected).max())
            self.assertEqual(tags_of(sink, "frame"), [(0, 5)])
            self.assertEqual(demodulator.samples_dropped(), cut)

    def test_all_tags_of_a_frame_are_on_its_item(self):
        scenario, waveform = scenario_of("sdr_2x2"), Waveform("sdr_2x2")
        frames = random_frames(2, 2, scenario, 15)
        streams = np.concatenate(
            [waveform.samples(frame) / AMPLITUDE for frame in frames], axis=1)
        offsets = pmt.init_f64vector(2, [1e-9, -2e-9])
        tags = [tag(0, "frame", pmt.from_uint64(8)), tag(0, "timing_offset_s", offsets),
                tag(777, "note", pmt.intern("within")),
                tag(waveform.payload, "frame", pmt.from_uint64(10))]
        _, demodulator, sink = demodulate(scenario, streams, tags)
        self.assertEqual(tags_of(sink, "frame"), [(0, 8), (1, 10)])
        (offset, values), = tags_of(sink, "timing_offset_s")
        self.assertEqual(offset, 0)
        np.testing.assert_array_equal(values, [1e-9, -2e-9])
        self.assertEqual(tags_of(sink, "note"), [(0, "within")])
        self.assertEqual((demodulator.frames(), demodulator.samples_dropped()), (2, 0))

    def test_window_advance(self):
        """Echoes may come so many samples early, or prefix minus as many late."""
        scenario, waveform = scenario_of("sdr_2x2"), Waveform("sdr_2x2")
        frame = random_frames(1, 2, scenario, 16)
        payload = waveform.samples(frame[0]) / AMPLITUDE
        for advance in (0, 7, 20):
            for delay, whole in [(-advance, True), (20 - advance, True),
                                 (-advance - 1, False), (21 - advance, False)]:
                found, *_ = demodulate(
                    scenario, np.roll(payload, delay, axis=1),
                    demodulator=isac.ofdm_demodulator(scenario, 0, FULL_SCALE_DBM, advance))
                expected = frame[0] * np.exp(
                    -2j * np.pi * waveform.frequencies * delay / 80)[:, None]
                expected[:, waveform.frequencies == 0] = 0.0
                error = (np.abs(found[0] - expected)[:, :, 1:-1].max()
                         / np.abs(expected).max())
                self.assertEqual(error < 1e-5, whole, (advance, delay, error))

    def test_noise_of_a_sample_is_that_of_an_element_times_the_size(self):
        scenario, waveform = scenario_of("sdr_2x2"), Waveform("sdr_2x2")
        rng = np.random.default_rng(17)
        shape = (2, waveform.payload)
        noise = (rng.normal(size=shape) + 1j * rng.normal(size=shape)) / np.sqrt(2)
        found, *_ = demodulate(scenario, noise)
        power = np.mean(np.abs(found[0][:, waveform.frequencies != 0]) ** 2)
        # Of 2 · 63 · 256 values: within 2 %.
        self.assertAlmostEqual(power / (AMPLITUDE ** 2 / 80), 1.0, delta=0.02)

    def test_wrong_parameters(self):
        scenario, lite = scenario_of("sdr_2x2"), scenario_of("lite")
        with self.assertRaisesRegex(ValueError, "access point: 2"):
            isac.ofdm_demodulator(scenario, 2, 0.0)
        with self.assertRaisesRegex(ValueError, "full scale: .*nan"):
            isac.ofdm_demodulator(scenario, 0, float("nan"))
        with self.assertRaisesRegex(isac.ScenarioError, "radio"):
            isac.ofdm_demodulator(lite, 0, 0.0)
        with self.assertRaisesRegex(ValueError, "window advance: 21"):
            isac.ofdm_demodulator(scenario, 0, 0.0, 21)
        demodulator = isac.ofdm_demodulator(scenario, 0, 0.0)
        for gain, phase, named in [([0.0], [0.0, 0.0], "1 entries of gain_db"),
                                   ([0.0, 0.0], [], "0 entries of phase_deg"),
                                   ([0.0, 0.0], [0.0, float("nan")], "phase_deg")]:
            with self.assertRaisesRegex(ValueError, named):
                demodulator.set_calibration(gain, phase)

    def test_calibration_by_message(self):
        scenario, waveform = scenario_of("sdr_2x2"), Waveform("sdr_2x2")
        frame = random_frames(1, 2, scenario, 18)
        demodulator = isac.ofdm_demodulator(scenario, 0, FULL_SCALE_DBM)

        def post(**entries):
            message = pmt.make_dict()
            for key, values in entries.items():
                message = pmt.dict_add(message, pmt.intern(key),
                                       pmt.init_f64vector(len(values), values))
            demodulator.to_basic_block()._post(pmt.intern("command"), message)
        post(gain_db=[6.0, 0.0])                                   # without phases
        post(gain_db=[6.0, 0.0, 1.0], phase_deg=[0.0, 0.0, 0.0])   # of three antennas
        post(gain_db=[6.0, 0.0], phase_deg=[90.0, 0.0])
        # Messages come before the first samples: they wait in the block's queue.
        found, *_ = demodulate(scenario, waveform.samples(frame[0]) / AMPLITUDE,
                               demodulator=demodulator)
        expected = frame[0].copy()
        expected[:, 32] = 0.0
        expected[0] /= 10 ** (6 / 20) * 1j
        self.assertLess(np.abs(found[0] - expected).max(), 1e-5 * np.abs(expected).max())
        self.assertEqual(demodulator.messages_refused(), 2)


if __name__ == "__main__":
    gr_unittest.run(qa_ofdm_demodulator)
