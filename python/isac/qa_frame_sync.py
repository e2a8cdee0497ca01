#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Frame synchronisation on frames of the OFDM modulator that NumPy delays and turns."""

import numpy as np
import pmt
from gnuradio import blocks, gr, gr_unittest, isac

from qa_ofdm_modulator import AMPLITUDE, modulate, random_frames, scenario_of, tag, tags_of

# sdr_2x2.yml with short frames
RATE, PERIOD, CENTER = 5e6, 50000, 5.8e9 + 32 * 62.5e3
PREAMBLES, PAYLOAD_START, PAYLOAD = 4096, 4096 + 49 * 32, 128 * 100
SHORT = ("symbols: 256", "symbols: 128"), ("frame_period_s: 0.1", "frame_period_s: 0.01")
LIGHT = 299792458.0


def time_of(place, zero=100.0, seconds=0):
    """Tuple of the time `zero` s plus `place` samples, and `seconds` more."""
    whole, rest = divmod(zero * RATE + place, RATE)
    return pmt.make_tuple(pmt.from_uint64(int(whole) + seconds), pmt.from_double(rest / RATE))


class Air:
    """What the antennas of receive access point 0 hear."""

    def __init__(self, samples, seed=1, noise=0.03):
        self.scenario = scenario_of("sdr_2x2", *SHORT)
        self.random = np.random.default_rng(seed)
        self.noise = noise
        self.heard = np.zeros((2, samples), complex)
        self.delays = [
            np.hypot(*np.subtract(point.position_m, self.scenario.receive[0].position_m))
            / LIGHT * RATE for point in self.scenario.transmit]

    def add(self, n, numbers, start, late=0.0, frequency_hz=0.0, gain=1.0, silent=()):
        """Frames of access point n; frame numbers[0] starts `start` samples after the first
        one, and `late` later than the direct path's delay says. Frames of which the indices
        are `silent` have neither preamble nor header."""
        frames = random_frames(len(numbers), 2, self.scenario, 10 + n)
        tags = [tag(i, "frame", pmt.from_uint64(number)) for i, number in enumerate(numbers)]
        sent, *_ = modulate(self.scenario, frames, tags, n)
        sent = sent.reshape(2, len(numbers), PERIOD) * AMPLITUDE / 0.1  # preambles have 1
        gains = gain * np.exp(1j * np.array([[0.3, 1.7], [-1.1, 2.9]]) * (n + 1))
        for k in range(len(numbers)):
            if k in silent:
                sent[:, k, :PAYLOAD_START] = 0.0
            # A fast carrier is a fast clock: its frames come early.
            place = (start + late + self.delays[n]
                     + k * PERIOD * (1 - frequency_hz / CENTER))
            whole = int(np.floor(place))
            ramp = np.exp(-2j * np.pi * np.fft.fftfreq(PERIOD) * (place - whole))
            delayed = gains @ np.fft.ifft(np.fft.fft(sent[:, k]) * ramp)
            first, last = max(whole, 0), min(whole + PERIOD, self.heard.shape[1])
            if first < last:
                turns = frequency_hz / RATE * np.arange(first, last)
                self.heard[:, first:last] += (delayed[:, first - whole:last - whole]
                                              * np.exp(2j * np.pi * turns))
        return frames

    def samples(self):
        shape = self.heard.shape
        noise = self.random.normal(size=shape) + 1j * self.random.normal(size=shape)
        return (self.heard + np.sqrt(self.noise / 2) * noise).astype(np.complex64)


class Received:
    """Payloads [frame, antenna, sample] and what was said about them."""

    def __init__(self, samples, tags=(), synchroniser=None, **arguments):
        self.block = synchroniser or isac.frame_sync(
            scenario_of("sdr_2x2", *SHORT), 0, **arguments)
        flowgraph = gr.top_block()
        sinks = [blocks.vector_sink_c() for _ in samples]
        messages = blocks.message_debug()
        for a, stream in enumerate(samples):
            source = blocks.vector_source_c(stream, False, 1, list(tags) if a == 0 else [])
            flowgraph.connect(source, (self.block, a), sinks[a])
        flowgraph.msg_connect(self.block, "status", messages, "store")
        flowgraph.run()
        self.payloads = np.array([sink.data() for sink in sinks])
        self.payloads = self.payloads.reshape(len(samples), -1, PAYLOAD).swapaxes(0, 1)
        self.status = [pmt.to_python(messages.get_message(i))
                       for i in range(messages.num_messages())]
        self.sinks = sinks

    def tags(self, key, antenna=0):
        """Values of a tag, which the first sample of every payload has."""
        tags = tags_of(self.sinks[antenna], key)
        assert [offset for offset, _ in tags] == [
            PAYLOAD * k for k in range(len(self.payloads))], key
        return [value for _, value in tags]

    def numbers(self):
        return self.tags("frame")

    def starts(self, zero=100.0):
        """Samples from `zero` s to the starts of the frames, by the tag rx_time."""
        return [(seconds - zero + fraction) * RATE - PAYLOAD_START
                for seconds, fraction in self.tags("rx_time")]


class qa_frame_sync(gr_unittest.TestCase):

    def check_payload(self, received, k, samples, start):
        """Payload k is that of the samples, with the common offset turned back."""
        first = int(round(start)) + PAYLOAD_START
        turns = received.status[k]["frequency_hz"] / RATE * np.arange(PAYLOAD)
        expected = samples[:, first:first + PAYLOAD] * np.exp(-2j * np.pi * turns)
        np.testing.assert_allclose(received.payloads[k], expected, atol=1e-4)

    def test_frames_by_preamble_from_any_start(self):
        late, offsets = (2.3, -3.6), (2400.0, 2000.0)
        air = Air(4 * PERIOD)
        for n in range(2):
            air.add(n, range(71, 75), 900, late[n], offsets[n], 1.0 if n else 0.5)
        whole = air.samples()
        # From before the frame, within its preambles, and within its payload
        for cut, first in ((0, 71), (1800, 72), (9000, 72), (30000, 72)):
            samples = whole[:, cut:]
            received = Received(samples, [tag(0, "rx_time", time_of(cut))])
            numbers = received.numbers()
            self.assertEqual(numbers, list(range(first, 75)), cut)
            starts = received.starts()
            frames = [number - 71 for number in numbers]
            for i, k in enumerate(frames):
                # Whole samples near the mean of the access points, by SNR: 1 to 4
                mean = (late[0] + 4 * late[1]) / 5
                self.assertAlmostEqual(starts[i], 900 + k * PERIOD + mean, delta=1.0)
                self.check_payload(received, i, samples, starts[i] - cut)
                middle = PAYLOAD_START + PAYLOAD / 2 + k * PERIOD
                truth = [900 + late[n] + k * PERIOD - middle * offsets[n] / CENTER - starts[i]
                         for n in range(2)]
                np.testing.assert_allclose(
                    np.array(received.tags("timing_offset_s")[i]) * RATE, truth, atol=0.05)
                common = received.status[i]["frequency_hz"]
                self.assertAlmostEqual(common, (offsets[0] + 4 * offsets[1]) / 5, delta=60)
                np.testing.assert_allclose(received.tags("frequency_offset_hz")[i],
                                           np.subtract(offsets, common), atol=15)
            for key in ("frame", "rx_time", "timing_offset_s", "frequency_offset_hz"):
                self.assertEqual(str(received.tags(key, 1)), str(received.tags(key)), key)
            block = received.block
            self.assertEqual(
                (block.frames(), block.frames_missed(), block.frames_dropped(),
                 block.locks(), block.losses(), block.locked(), block.error()),
                (len(numbers), 0, 0, 1, 0, True, ""))

    def test_status(self):
        air = Air(2 * PERIOD, noise=0.1)
        air.add(0, [5, 6], 400.0, 0.25, 900.0, 0.5)
        air.add(1, [5, 6], 400.0, 0.25, 900.0)
        received = Received(air.samples())
        self.assertEqual(len(received.status), 2)
        for k, status in enumerate(received.status):
            self.assertEqual(set(status), {
                "frame", "locked", "misses", "frequency_hz", "snr_db", "timing_offset_s",
                "frequency_offset_hz"})
            self.assertEqual((status["frame"], status["locked"], status["misses"]),
                             (5 + k, True, 0))
            np.testing.assert_allclose(
                status["snr_db"], 10 * np.log10(np.array([0.25, 1.0]) / 0.1), atol=1.0)
            np.testing.assert_allclose(status["frequency_offset_hz"], [900, 900], atol=25)
            np.testing.assert_array_equal(status["timing_offset_s"],
                                          received.tags("timing_offset_s")[k])
        # Nobody has told the time.
        self.assertEqual(tags_of(received.sinks[0], "rx_time"), [])

    def test_frames_by_time(self):
        zero, numbers, late = 1000.0, range(40, 44), (6.25, -4.5)
        before = 300  # samples from the first one to frame 40
        air = Air(4 * PERIOD)
        air.add(0, numbers, before, late[0], silent=(2,))
        air.add(1, numbers, before, late[1], silent=(1, 2))
        samples = air.samples()
        first = time_of(40 * PERIOD - before, zero)
        received = Received(samples, [tag(0, "rx_time", first)], mode="time",
                            start_time_s=zero)
        # Every frame, also without a preamble
        self.assertEqual(received.numbers(), list(numbers))
        for k, start in enumerate(received.starts(zero)):
            self.assertAlmostEqual(start, (40 + k) * PERIOD, delta=1e-3)
            self.check_payload(received, k, samples, before + k * PERIOD)
            for n, seen in enumerate((k != 2, k not in (1, 2))):
                value = received.tags("timing_offset_s")[k][n] * RATE
                if seen:
                    self.assertAlmostEqual(value, late[n], delta=0.05)
                else:
                    self.assertTrue(np.isnan(value))
        self.assertEqual(received.block.frames_missed(), 1)
        self.assertEqual([status["misses"] for status in received.status], [0, 0, 1, 0])

    def test_frames_by_time_begin_with_the_next_whole_one(self):
        # A start time still to come, and one that has passed within a frame
        air = Air(3 * PERIOD)
        for n in range(2):
            air.add(n, range(3), 20000)
        samples = air.samples()
        for cut, numbers in ((0, [0, 1, 2]), (21000, [1, 2])):
            received = Received(samples[:, cut:], [tag(0, "rx_time", time_of(cut - 20000))],
                                mode="time", start_time_s=100.0)
            self.assertEqual(received.numbers(), numbers)
            for start, number in zip(received.starts(), numbers):
                self.assertAlmostEqual(start, number * PERIOD, delta=1e-3)

    def test_carrier_offset_is_taken_off(self):
        scenario = scenario_of("sdr_2x2", *SHORT)
        for ppm in (-2.0, 1.0, 3.0):
            offset = ppm * 1e-6 * CENTER
            found = []
            for frequency_hz in (0.0, offset):
                air = Air(3 * PERIOD, noise=1e-3)
                air.add(0, range(3), 1000, frequency_hz=frequency_hz)
                received = Received(air.samples())
                self.assertEqual(received.numbers(), [0, 1, 2])
                flowgraph = gr.top_block()
                demodulator = isac.ofdm_demodulator(scenario, 0, 0.0)
                for a in range(2):
                    source = blocks.vector_source_c(received.payloads[2][a])
                    flowgraph.connect(source, (demodulator, a))
                sink = blocks.vector_sink_c(2 * 64 * 128)
                flowgraph.connect(demodulator, sink)
                flowgraph.run()
                found.append(np.array(sink.data()).reshape(2, 64, 128))
            self.assertAlmostEqual(received.status[2]["frequency_hz"], offset, delta=3.0)
            # Against the frame without an offset, but for one phase and what is left of a
            # sample's delay: turned by 3 Hz over 2.6 ms at most.
            used = np.arange(64) != 32
            ratio = np.sum(found[1] * found[0].conj(), axis=(0, 2))[used]
            slope = np.unwrap(np.angle(ratio))
            line = np.polyval(np.polyfit(np.arange(64)[used], slope, 1), np.arange(64))
            back = found[1] * np.exp(-1j * line)[:, None]
            error = np.linalg.norm((back - found[0])[:, used])
            self.assertLess(error / np.linalg.norm(found[0][:, used]), 0.1, ppm)

    def test_missed_preambles_and_lost_lock(self):
        air = Air(13 * PERIOD)
        for n in range(2):
            air.add(n, range(20, 33), 800, 0.4, 1500.0, silent=(2, 3, 6, 7, 8, 9))
        received = Received(air.samples(), [tag(0, "rx_time", time_of(0))], misses_allowed=3)
        # Three misses are survived, the fourth is not; frame 30 is the next with a preamble.
        self.assertEqual(received.numbers(), list(range(20, 29)) + [30, 31, 32])
        self.assertEqual([status["misses"] for status in received.status],
                         [0, 0, 1, 2, 0, 0, 1, 2, 3, 0, 0, 0])
        for number, start in zip(received.numbers(), received.starts()):
            self.assertAlmostEqual(
                start, 800.4 + (number - 20) * PERIOD * (1 - 1500 / CENTER), delta=0.7)
        for k, status in enumerate(received.status):
            self.assertTrue(status["locked"])
            self.assertEqual(np.isnan(status["snr_db"]).all(), status["misses"] > 0)
        block = received.block
        self.assertEqual((block.frames(), block.frames_missed(), block.locks(),
                          block.losses(), block.locked()), (12, 5, 2, 1, True))

    def test_lock_is_lost_at_the_end(self):
        air = Air(5 * PERIOD)
        for n in range(2):
            air.add(n, range(2), 800)
        block = isac.frame_sync(air.scenario, 0)
        self.assertFalse(block.locked())
        block.set_misses_allowed(1)
        self.assertEqual(block.misses_allowed(), 1)
        received = Received(air.samples(), synchroniser=block)
        self.assertEqual(received.numbers(), [0, 1, 2])
        self.assertEqual((block.locks(), block.losses(), block.locked()), (1, 1, False))

    def test_jump_of_time_drops_the_frame_and_keeps_the_lock(self):
        air = Air(6 * PERIOD)
        for n in range(2):
            air.add(n, range(6), 900, frequency_hz=700.0)
        whole = air.samples()
        hole = 900 + 2 * PERIOD + PAYLOAD_START + 5000  # in the payload of frame 2
        missing = 1234
        samples = np.delete(whole, slice(hole, hole + missing), axis=1)
        tags = [tag(0, "rx_time", time_of(-900)), tag(777, "rx_time", time_of(-123)),
                tag(hole, "rx_time", time_of(hole + missing - 900))]
        for mode in ("preamble", "time"):
            received = Received(samples, tags, mode=mode, start_time_s=100.0)
            self.assertEqual(received.numbers(), [0, 1, 3, 4, 5], mode)
            for number, start in zip(received.numbers(), received.starts()):
                self.assertAlmostEqual(start, number * PERIOD, delta=0.6)
            block = received.block
            self.assertEqual((block.frames_dropped(), block.frames_missed(), block.locks(),
                              block.losses(), block.locked()), (1, 0, 1, 0, True))

    def test_time_that_goes_back_or_far_ahead(self):
        air = Air(6 * PERIOD)
        for n in range(2):
            air.add(n, range(6), 900)
        samples = air.samples()
        cut = 900 + 2 * PERIOD + PAYLOAD_START + 5000
        for seconds in (-90, 10**9):
            tags = [tag(0, "rx_time", time_of(-900)),
                    tag(cut, "rx_time", time_of(cut - 900, seconds=seconds))]
            # The frames go on in the samples: they are found anew.
            received = Received(samples, tags)
            self.assertEqual(received.numbers(), [0, 1, 3, 4, 5])
            block = received.block
            self.assertEqual((block.frames_dropped(), block.locks(), block.losses()),
                             (1, 2, 1))
            self.assertAlmostEqual(
                (received.tags("rx_time")[-1][0] - 100 - seconds
                 + received.tags("rx_time")[-1][1]) * RATE,
                5 * PERIOD + PAYLOAD_START, delta=0.6)
        # By time: what the schedule says; before its start there are no frames.
        tags = [tag(0, "rx_time", time_of(-900)),
                tag(cut, "rx_time", time_of(cut - 900, seconds=10**9))]
        received = Received(samples, tags, mode="time", start_time_s=100.0)
        self.assertEqual(received.numbers(),
                         [0, 1] + [10**11 + k for k in (3, 4, 5)])
        block = received.block
        self.assertEqual((block.locks(), block.losses(), block.locked()), (2, 1, True))
        tags[1] = tag(cut, "rx_time", time_of(cut - 900, seconds=-90))
        received = Received(samples, tags, mode="time", start_time_s=100.0)
        self.assertEqual(received.numbers(), [0, 1])
        self.assertEqual(received.block.error(), "")

    def test_noise_and_silence_do_not_lock(self):
        noise = Air(20 * PERIOD).samples()
        for samples in (noise, np.zeros((2, 4 * PERIOD), np.complex64)):
            received = Received(samples)
            self.assertEqual(len(received.payloads), 0)
            self.assertEqual((received.block.locks(), received.status), (0, []))

    def test_frames_beside_a_tone(self):
        air = Air(4 * PERIOD, noise=0.02)
        for n in range(2):
            air.add(n, range(4), 7000, frequency_hz=1200.0)
        air.heard += 3.0 * np.exp(2j * np.pi * 0.1234567 * np.arange(4 * PERIOD))
        received = Received(air.samples(), [tag(0, "rx_time", time_of(-7000))])
        self.assertEqual(received.numbers(), [0, 1, 2, 3])
        for number, start in zip(received.numbers(), received.starts()):
            self.assertAlmostEqual(start, number * PERIOD, delta=1.0)

    def test_wrong_arguments(self):
        scenario, lite = scenario_of("sdr_2x2", *SHORT), scenario_of("lite")
        with self.assertRaisesRegex(ValueError, "access point: 2"):
            isac.frame_sync(scenario, 2)
        with self.assertRaisesRegex(ValueError, "mode: \"clock\""):
            isac.frame_sync(scenario, 0, "clock")
        for start in (-1.0, float("nan"), 2e10):
            with self.assertRaisesRegex(ValueError, f"start time: {start:.0f}"):
                isac.frame_sync(scenario, 0, "time", start)
        with self.assertRaisesRegex(ValueError, "misses allowed: -1"):
            isac.frame_sync(scenario, 0, misses_allowed=-1)
        for probability in (0.0, 0.5, float("nan")):
            with self.assertRaisesRegex(ValueError, f"false alarm: {probability:.1f}"):
                isac.frame_sync(scenario, 0, false_alarm=probability)
        with self.assertRaisesRegex(isac.ScenarioError, "radio"):
            isac.frame_sync(lite, 0)
        block = isac.frame_sync(scenario, 0)
        with self.assertRaisesRegex(ValueError, "misses allowed: -3"):
            block.set_misses_allowed(-3)
        self.assertEqual(block.misses_allowed(), 10)

    def test_wrong_tags_end_the_flowgraph(self):
        samples = np.zeros((2, 20000), np.complex64)
        received = Received(samples, mode="time")
        self.assertIn("the first samples have no tag rx_time", received.block.error())
        pair = pmt.make_tuple
        for value, named in [
                (pmt.from_double(3.5), "rx_time .*3.5"),
                (pair(pmt.from_uint64(3), pmt.from_double(1.5)), "rx_time .*1.5"),
                (pair(pmt.from_long(-3), pmt.from_double(0.5)), "rx_time .*-3"),
                (pair(pmt.from_uint64(3), pmt.from_double(float("nan"))), "rx_time .*nan"),
                (pair(pmt.from_uint64(3)), "rx_time .*3"),
                (pair(pmt.from_uint64(2 * 10**10), pmt.from_double(0.5)),
                 "rx_time .*20000000000")]:
            for mode in ("preamble", "time"):
                # At the first sample, and later
                received = Received(samples, [tag(0, "rx_time", value)], mode=mode)
                self.assertRegex(received.block.error(), named)
                received = Received(
                    samples, [tag(0, "rx_time", time_of(0)), tag(9000, "rx_time", value)],
                    mode=mode)
                self.assertRegex(received.block.error(), named)


if __name__ == "__main__":
    gr_unittest.run(qa_frame_sync)
