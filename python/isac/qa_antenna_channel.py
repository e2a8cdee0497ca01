#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The channel between antennas against NumPy's computation of its paths."""

import pathlib

import numpy as np
import pmt
from gnuradio import blocks, gr, gr_unittest, isac

from qa_ofdm_demodulator import demodulate
from qa_ofdm_modulator import random_frames, scenario_of

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIGHT = 299792458.0
RATE, CARRIER, CENTER = 5e6, 5.8e9, 5.8e9 + 2e6
TRANSMIT = np.array([[100.0, 0.0], [200.0, 0.0]])
RECEIVE = np.array([[0.0, 0.0], [300.0, 0.0]])
QUIET = -280.0


def samples_of(count, seed=1, streams=4):
    """Samples in the inner 60 % of the band, [stream, sample], mean power 1."""
    random = np.random.default_rng(seed)
    spectrum = random.standard_normal((streams, count, 2)) @ [1, 1j]
    spectrum[:, np.abs(np.fft.fftfreq(count)) > 0.3] = 0.0
    samples = np.fft.ifft(spectrum)
    return samples / np.sqrt(np.mean(np.abs(samples) ** 2))


def vectors(settings):
    """A message of number vectors."""
    message = pmt.make_dict()
    for key, values in settings.items():
        message = pmt.dict_add(
            message, pmt.intern(key), pmt.init_f64vector(len(values), values))
    return message


class When(gr.sync_block):
    """Passes samples on, and does something when sample `place` comes."""

    def __init__(self, place, action):
        gr.sync_block.__init__(self, "when", [np.complex64], [np.complex64])
        self.place, self.action = place, action

    def work(self, input_items, output_items):
        count = len(output_items[0])
        output_items[0][:] = input_items[0][:count]
        if self.nitems_read(0) <= self.place < self.nitems_read(0) + count:
            self.action()
        return count


class qa_antenna_channel(gr_unittest.TestCase):

    def setUp(self):
        self.scenario = isac.load_scenario(
            str(ROOT / "examples" / "scenarios" / "sdr_2x2.yml"))

    def run_channel(self, channel, sent, before=None):
        """All that comes out; `before` is a block between the first source and the channel."""
        flowgraph = gr.top_block()
        sinks = [blocks.vector_sink_c() for _ in range(4)]
        for k in range(4):
            source = blocks.vector_source_c(sent[k].astype(np.complex64))
            chain = [before] if before and k == 0 else []
            flowgraph.connect(source, *chain, (channel, k))
            flowgraph.connect((channel, k), sinks[k])
        flowgraph.run()
        self.assertEqual(channel.error(), "")
        self.sinks = sinks
        return np.array([sink.data() for sink in sinks])

    def through(self, sent, ways, phase=0.0):
        """Samples over one path from each transmit to each receive access point.

        ways: [n, m] → (amplitude, delay in s, cosine at the transmit, at the receive array)
        """
        count = sent.shape[1]
        spectrum = np.fft.fft(sent)
        frequency = np.fft.fftfreq(count) * RATE
        result = np.zeros((4, count), complex)
        antenna = np.arange(2)
        for (n, m), (amplitude, delay, departing, arriving) in ways.items():
            depart = np.exp(-1j * np.pi * antenna * departing) / np.sqrt(2)
            arrive = np.exp(-1j * np.pi * antenna * arriving) / np.sqrt(2)
            # exp(-j2π(f - f_c)τ) at the frequency f of the air
            delayed = np.fft.ifft(spectrum * np.exp(
                -2j * np.pi * (frequency + CENTER - CARRIER) * delay))
            wave = depart.conj() @ delayed[2 * n:2 * n + 2]
            result[2 * m:2 * m + 2] += amplitude * np.outer(arrive, wave)
        return result * np.exp(1j * phase)

    def direct(self, sent):
        ways = {}
        for n in range(2):
            for m in range(2):
                way = RECEIVE[m] - TRANSMIT[n]
                far = np.linalg.norm(way)
                loss = 10 ** (-47.7 / 20) / far
                # Transmit arrays point to -x, receive arrays to +x.
                ways[n, m] = loss, far / LIGHT, -way[0] / far, -way[0] / far
        return self.through(sent, ways)

    def test_direct_paths(self):
        channel = isac.antenna_channel(self.scenario, 1)
        channel.set_noise_dbm(QUIET)
        channel.set_targets([150.0, 250.0], [0.0, 0.0])
        channel.set_direct_path_gain_db(40.0) # far above the target
        sent = samples_of(20000)
        received = self.run_channel(channel, sent)[:, :20000]
        wanted = 100.0 * self.direct(sent)
        # The wave from before the first sample is not there; the target is at -60 dB.
        error = (received - wanted)[:, 50:]
        self.assertLess(np.linalg.norm(error), 3e-3 * np.linalg.norm(wanted))

    def test_what_is_on_its_way_when_the_inputs_end(self):
        count, place = 7001, [20.0, 60.0]
        sent = samples_of(count + 3000)

        def received(samples, timing=0.0):
            channel = isac.antenna_channel(self.scenario, 1)
            channel.set_noise_dbm(QUIET)
            channel.set_targets(place, [0.0, 0.0])
            channel.set_transmit_timing([0.0, timing])
            return self.run_channel(channel, samples)

        # Three inputs are longer: the first that ends counts.
        short = [sent[0, :count], *sent[1:, :count + 100]]
        found = received(short)
        longest = max(np.linalg.norm(place - p) + np.linalg.norm(place - q)
                      for p in TRANSMIT for q in RECEIVE) / LIGHT * RATE
        # The interpolation reaches eleven samples back from the one before or at a time.
        self.assertEqual(found.shape[1], count + 11 + int(np.ceil(longest)))
        silent = sent.copy()
        silent[:, count:] = 0.0
        endless = received(silent)
        np.testing.assert_array_equal(found, endless[:, :found.shape[1]])
        self.assertGreater(np.abs(found[:, count:]).max(), 1e-2 * np.abs(found).max())
        self.assertLess(np.abs(endless[:, found.shape[1]:]).max(), 1e-9 * np.abs(found).max())

        late = 1e-3 # of the clock of a transmitter: 5000 samples
        found = received(short, late)
        self.assertGreater(found.shape[1], count + 5000 + 11)
        self.assertLess(found.shape[1], count + 5000 + 12 + longest)
        self.assertEqual(received(short, -late).shape[1], count + 11 + int(np.ceil(max(
            np.linalg.norm(place - TRANSMIT[0]) + np.linalg.norm(place - q)
            for q in RECEIVE) / LIGHT * RATE)))
        self.assertEqual(received([sent[0, :0], *sent[1:]]).size, 0)

    def test_last_frame_is_whole(self):
        """Frames without silence between them, and nothing behind the last one."""
        scenario = scenario_of("sdr_2x2", (("frame_period_s: 0.1"),
                                           ("frame_period_s: 6.2528e-3")))
        self.assertEqual(scenario.period_samples, scenario.frame_samples)
        frames = random_frames(3, 2, scenario, 5)
        found = []
        for count in (2, 3):
            flowgraph = gr.top_block()
            air = isac.antenna_channel(scenario, 7)
            air.set_noise_dbm(QUIET)
            sync = isac.frame_sync(scenario, 0, "time")
            demodulator = isac.ofdm_demodulator(scenario, 0, 30.0)
            sink = blocks.vector_sink_c(scenario.receive_frame_size)
            for n in range(2):
                modulator = isac.ofdm_modulator(scenario, n, 30.0)
                flowgraph.connect(
                    blocks.vector_source_c(frames[:count].astype(np.complex64).ravel(), False,
                                           scenario.transmit_frame_size), modulator)
                for a in range(2):
                    flowgraph.connect((modulator, a), (air, 2 * n + a))
                    if n == 0:
                        flowgraph.connect((air, a), (sync, a))
                        flowgraph.connect((sync, a), (demodulator, a))
                    else:
                        flowgraph.connect((air, 2 + a), blocks.null_sink(8))
            flowgraph.connect(demodulator, sink)
            flowgraph.run()
            found.append(np.array(sink.data()).reshape(-1, 2, 64, 256))
            self.assertEqual(len(found[-1]), count)
        last, followed = found[0][1], found[1][1]
        self.assertLess(np.linalg.norm(last - followed), 1e-3 * np.linalg.norm(followed))

    def test_rx_time_and_no_other_tags(self):
        channel = isac.antenna_channel(self.scenario, 1)
        self.run_channel(channel, samples_of(5000))
        for sink in self.sinks:
            self.assertEqual([(t.offset, pmt.symbol_to_string(t.key),
                               pmt.to_python(t.value)) for t in sink.tags()],
                             [(0, "rx_time", (0, 0.0))])

    def test_target_that_moves(self):
        """A tone over one target: Doppler frequency by its phase from end to end."""
        channel = isac.antenna_channel(self.scenario, 3, moving=True, direct_path=False)
        channel.set_noise_dbm(QUIET)
        place, velocity = np.array([200.0, 250.0]), np.array([15.0, 20.0])
        channel.set_targets(place.tolist(), velocity.tolist())
        count = 100000
        sent = np.zeros((4, count), complex)
        sent[0] = np.exp(0.2j * np.pi * np.arange(count))
        received = self.run_channel(channel, sent)[:, :count]
        tone = received[0, 100:] * np.conj(sent[0, 100:])
        turns = np.unwrap(np.angle(tone)) / (2 * np.pi)
        time = np.arange(100, received.shape[1]) / RATE
        now = place + np.outer(time, velocity)
        delay = (np.linalg.norm(now - TRANSMIT[0], axis=1)
                 + np.linalg.norm(now - RECEIVE[0], axis=1)) / LIGHT
        wanted = -(CENTER + 0.1 * RATE) * delay
        self.assertGreater(np.ptp(wanted), 5.0)
        difference = (turns - turns[0]) - (wanted - wanted[0])
        self.assertLess(np.max(np.abs(difference)), 2e-3)

    def test_clocks(self):
        """A tone on the direct path: what the clocks differ by, in frequency and time."""
        channel = isac.antenna_channel(self.scenario, 3)
        channel.set_noise_dbm(QUIET)
        channel.set_targets([1.0, 200.0], [0.0, 0.0])
        channel.set_direct_path_gain_db(60.0)
        channel.set_transmit_timing([2e-5, 0.0])
        channel.set_transmit_ppm([0.8, 0.0])
        channel.set_receive_ppm([-0.3, 0.0])
        count = 60000
        sent = np.zeros((4, count), complex)
        sent[0, 1000:] = np.exp(0.2j * np.pi * np.arange(count - 1000))
        received = self.run_channel(channel, sent)[:, :count]
        # A half of the amplitude is reached a delay and 2e-5 s after sample 1000.
        size = np.abs(received[0])
        begins = np.argmax(size > 0.5 * size[-1])
        far = np.linalg.norm(RECEIVE[0] - TRANSMIT[0])
        self.assertAlmostEqual(begins, 1000 + (far / LIGHT + 2e-5) * RATE, delta=1.5)
        turns = np.unwrap(np.angle(received[0, 2000:])) / (2 * np.pi)
        per_sample = (turns[-1] - turns[0]) / (len(turns) - 1)
        shift = per_sample * RATE - 0.1 * RATE
        self.assertAlmostEqual(shift, 1.1e-6 * (CENTER + 0.1 * RATE), delta=0.5)

    def test_noise_and_reproduction(self):
        outputs = []
        for seed in (1, 1, 2):
            channel = isac.antenna_channel(self.scenario, seed, direct_path=False)
            channel.set_noise_dbm(-60.0)
            outputs.append(self.run_channel(channel, np.zeros((4, 50000)))[:, :50000])
        power = np.mean(np.abs(outputs[0]) ** 2, axis=1)
        np.testing.assert_allclose(power, 80 * 1e-9, rtol=0.03)
        np.testing.assert_array_equal(outputs[0], outputs[1])
        # How much of the end is there depends on how the samples came in.
        count = min(outputs[0].shape[1], outputs[2].shape[1])
        self.assertLess(np.abs(np.vdot(outputs[0][:, :count], outputs[2][:, :count])),
                        0.02 * np.linalg.norm(outputs[0]) ** 2)

    def test_full_scale_and_clipping(self):
        sent = samples_of(20000) * 0.1
        sent[0, 500], sent[2, 700] = 1.5, -2.0j
        wanted = None
        for transmit, receive, bits in ((30.0, 30.0, 0), (10.0, -75.0, 0),
                                        (10.0, -75.0, 14)):
            channel = isac.antenna_channel(
                self.scenario, 5, False, transmit, receive, bits)
            channel.set_noise_dbm(QUIET)
            received = self.run_channel(channel, sent)
            in_watts = received * 10 ** ((receive - transmit) / 20)
            self.assertEqual(channel.transmit_samples_clipped(), 2 if bits else 0)
            self.assertEqual(channel.receive_samples_clipped(), 0)
            if wanted is None:
                wanted = in_watts
            error = in_watts[:, 1000:] - wanted[:, 1000:]
            self.assertLess(np.linalg.norm(error),
                            (2e-2 if bits else 1e-5) * np.linalg.norm(wanted[:, 1000:]))
        steps = received * (2 ** 13 - 1)
        np.testing.assert_allclose(steps.real, np.round(steps.real), atol=1e-3)
        np.testing.assert_allclose(steps.imag, np.round(steps.imag), atol=1e-3)

        # The receiver's full scale below what arrives: its converter clips.
        channel = isac.antenna_channel(self.scenario, 5, False, 10.0, -110.0, 8)
        received = self.run_channel(channel, sent)
        beyond = np.maximum(np.abs(received.real), np.abs(received.imag))
        self.assertAlmostEqual(np.max(beyond), 1.0, places=6)
        self.assertGreater(channel.receive_samples_clipped(), 1000)

    def test_calibration_is_in_the_samples_and_comes_off_again(self):
        gains, phases = np.array([1.5, -0.5]), np.array([20.0, -110.0])
        old = "axis: [1, 0], antennas: 2, spacing_wavelengths: 0.5}\n  - {name: rx1"
        calibrated = scenario_of("sdr_2x2", (old, old.replace(
            "0.5}", "0.5, calibration: {gain_db: [1.5, -0.5], phase_deg: [20, -110]}}")))
        frame_start, payload, delay = 2 * 128 * 16 + 49 * 32, 25600, 5
        sent = samples_of(frame_start + payload + 100)
        received, frames = {}, {}
        for scenario in (self.scenario, calibrated):
            channel = isac.antenna_channel(scenario, 5) # with noise
            received[scenario] = self.run_channel(channel, sent)
            cut = received[scenario][:2, frame_start + delay:][:, :payload]
            frames[scenario], *_ = demodulate(
                scenario, cut, demodulator=isac.ofdm_demodulator(scenario, 0, 30.0))
        response = 10 ** (gains / 20) * np.exp(1j * np.radians(phases))
        plain = received[self.scenario]
        wanted = plain * np.array([*response, 1.0, 1.0])[:, None]
        self.assertLess(np.abs(received[calibrated] - wanted).max(),
                        1e-6 * np.abs(plain).max())
        size = np.linalg.norm(frames[self.scenario])
        self.assertLess(np.linalg.norm(frames[calibrated] - frames[self.scenario]),
                        1e-6 * size)
        without = isac.ofdm_demodulator(calibrated, 0, 30.0)
        without.set_calibration([], [])
        seen, *_ = demodulate(calibrated, cut, demodulator=without)
        self.assertLess(np.linalg.norm(
            seen - frames[self.scenario] * response[:, None, None]), 1e-6 * size)

    def test_scenes_count_from_the_start(self):
        """Before it nothing reflects; from it on, samples that are sent later by as much have
        the same echoes."""
        start, count = 4e-3, 20000
        wave = np.repeat(samples_of(1), count, axis=1)
        outputs = []
        for begin in (0.0, start):
            channel = isac.antenna_channel(self.scenario, 3, direct_path=False, start_s=begin)
            channel.set_noise_dbm(QUIET)
            silence = np.zeros((4, int(begin * RATE)))
            outputs.append(self.run_channel(channel, np.concatenate([silence, wave], axis=1)))
        first, moved = outputs
        shift = int(start * RATE)
        self.assertEqual(moved.shape[1], first.shape[1] + shift)
        size = np.abs(first).max()
        self.assertLess(np.abs(moved[:, :shift]).max(), 1e-7 * size)
        self.assertLess(np.abs(moved[:, shift:] - first).max(), 1e-5 * size)
        with self.assertRaisesRegex(ValueError, "start time: nan"):
            isac.antenna_channel(self.scenario, start_s=float("nan"))

    def changed_while_running(self, settings, sent, place):
        """Outputs with settings (port command) that take the place of others, and where."""
        scenario = scenario_of("sdr_2x2", ("spacing_hz: 62.5e+3", "spacing_hz: 6.25e+3"),
                               ("prefix_s: 4.0e-6", "prefix_s: 40.0e-6"))
        self.assertEqual(scenario.sample_rate_hz, 5e5)
        outputs = []
        for before, after in settings:
            channel = isac.antenna_channel(scenario, 3)
            channel.set_noise_dbm(QUIET)

            def post(values, channel=channel):
                if values:
                    channel.to_basic_block()._post(pmt.intern("command"), vectors(values))

            post(before)
            outputs.append(self.run_channel(
                channel, sent, When(place, lambda: post(after))))
            self.assertEqual(channel.messages_refused(), 0)
        length = min(output.shape[1] for output in outputs)
        return [output[:, :length] for output in outputs]

    def test_clock_that_jumps_while_samples_flow(self):
        """By as much as clocks may: nothing before and after is other than with the old and
        the new clock from the start."""
        old = {"transmit_timing_s": [-0.05, 0.0], "receive_timing_s": [0.05, 0.02]}
        new = {"transmit_timing_s": [0.03, 0.1], "receive_timing_s": [-0.1, 0.0]}
        running, was, will_be = self.changed_while_running(
            ((old, new), (old, {}), (new, {})), np.tile(samples_of(17000), (1, 10)), 160000)
        self.assertGreaterEqual(running.shape[1], 170000)
        change = np.argmin(np.all(running == was, axis=0))
        # So late that the earliest sample that is needed then is one that was sent.
        self.assertGreater(change, 100000)
        self.assertLess(change, 160000)
        np.testing.assert_array_equal(running[:, change:], will_be[:, change:])
        self.assertGreater(np.abs(running[:, change:] - was[:, change:]).max(),
                           0.5 * np.abs(was).max())

    def test_clock_that_changes_its_rate_goes_on_from_what_it_reads(self):
        old = {"receive_timing_s": [0.01, -0.03]}
        sent = np.zeros((4, 60000), complex)
        sent[0] = np.exp(0.1j * np.pi * np.arange(60000))
        running, was = self.changed_while_running(
            ((old, {"receive_ppm": [20.0, -30.0]}), (old, {})), sent, 30000)
        change = np.argmin(np.all(running == was, axis=0))
        self.assertGreater(change, 10000)
        self.assertLess(change, 30000)
        # The reading r of the sample after so many more is taken r / (1 + ppm) later, for
        # the carrier, too.
        for stream, ppm in ((0, 20.0), (2, -30.0)):
            tone = running[stream, change:] * np.conj(was[stream, change:])
            turns = np.unwrap(np.angle(tone)) / (2 * np.pi)
            time = np.arange(len(turns)) / 5e5
            center = CARRIER + 32 * 6.25e3
            wanted = -(center + 0.05 * 5e5) * time * ppm * 1e-6 / (1 + ppm * 1e-6)
            # Later there is another scene.
            self.assertLess(np.abs(turns - wanted)[:10000].max(), 1e-3)

    def test_another_run_begins_anew(self):
        sent = samples_of(3000)
        again, fresh = (isac.antenna_channel(self.scenario, 4) for _ in range(2))
        self.run_channel(again, sent)
        for channel in (again, fresh):
            channel.set_receive_ppm([10.0, -20.0])
        np.testing.assert_array_equal(
            self.run_channel(again, sent), self.run_channel(fresh, sent))

    def test_how_samples_come_in_changes_nothing(self):
        sent = samples_of(30000)
        outputs = []
        for most in (None, 333):
            channel = isac.antenna_channel(self.scenario, 3)
            if most:
                channel.set_max_noutput_items(most)
            outputs.append(self.run_channel(channel, sent))
        np.testing.assert_array_equal(*outputs)

    def test_frames_have_the_echoes_of_the_frequency_domain(self):
        frames, seed = 2, 11
        text = (ROOT / "examples" / "scenarios" / "sdr_2x2.yml").read_text()
        for old, new in (("[-20, -20], max: [20, 20]", "[-0.5, -0.5], max: [0.5, 0.5]"),
                         ("scatterers: 0", "scatterers: 4"),
                         ("null_dc: true", "null_dc: false")):
            self.assertIn(old, text)
            text = text.replace(old, new)
        scenario = isac.parse_scenario(text)
        flowgraph = gr.top_block()
        payload = isac.payload_source(scenario, seed)
        precoder = isac.mmse_precoder(scenario, seed, "cpu")
        echoes = isac.bistatic_channel(scenario, seed, "cpu")
        air = isac.antenna_channel(scenario, seed, transmit_full_scale_dbm=24.0,
                                   receive_full_scale_dbm=-60.0, direct_path=False)
        echoes.set_noise_dbm(QUIET)
        air.set_noise_dbm(QUIET)
        for k in range(2):
            flowgraph.connect((payload, k), (precoder, k))
        for n in range(2):
            head = blocks.head(8 * scenario.transmit_frame_size, frames)
            modulator = isac.ofdm_modulator(scenario, n, 24.0)
            flowgraph.connect((precoder, n), head, modulator)
            flowgraph.connect(head, (echoes, n))
            for a in range(2):
                flowgraph.connect((modulator, a), (air, 2 * n + a))
        flowgraph.connect((echoes, 2), blocks.null_sink(4 * scenario.estimate_size))
        wanted = [blocks.vector_sink_c(scenario.receive_frame_size) for _ in range(2)]
        made = [blocks.vector_sink_c() for _ in range(4)]
        for m in range(2):
            flowgraph.connect((echoes, m), wanted[m])
        for stream in range(4):
            flowgraph.connect((air, stream), made[stream])
        flowgraph.run()
        self.assertEqual(air.error(), "")

        period, start, advance = 500000, 2 * 128 * 16 + 49 * 32, 6
        carriers = np.arange(64) - 32
        for stream in range(4):
            m, a = divmod(stream, 2)
            echo = np.array(wanted[m].data()).reshape(frames, 2, 64, 256)
            samples = np.array(made[stream].data())
            for frame in range(frames):
                first = frame * period + start
                symbols = samples[first:first + 25600].reshape(256, 100)
                bins = np.fft.fft(symbols[:, 20 - advance:100 - advance])[:, carriers] / 80
                bins = bins * np.exp(2j * np.pi * carriers * advance / 80)
                error = bins.T * np.sqrt(1e-9) - echo[frame, a]
                self.assertLess(np.linalg.norm(error),
                                10 ** (-45 / 20) * np.linalg.norm(echo[frame, a]))

    def test_commands(self):
        channel = isac.antenna_channel(self.scenario, 5)
        post = channel.to_basic_block()._post
        command = pmt.intern("command")
        good = {"noise_dbm": -70.0, "direct_path": 0, "direct_path_gain_db": 3.0,
                "transmit_full_scale_dbm": 20.0, "receive_full_scale_dbm": -40.0}
        more = vectors({"transmit_timing_s": [1e-6, 0.0], "receive_timing_s": [0.0, 1e-6],
                        "transmit_ppm": [1.0, 2.0], "receive_ppm": [0.5, -1.0],
                        "target_positions": [10.0, 60.0], "target_velocities": [1.0, 2.0]})
        post(command, pmt.dict_update(pmt.to_pmt(good), more))
        bad = [{"nothing": 1}, {"noise_dbm": -50.0, "direct_path": 2},
               {"noise_dbm": -50.0, "direct_path_gain_db": float("nan")}]
        for entry in bad:
            post(command, pmt.to_pmt(entry))
        for key, values in (("transmit_ppm", [99.0, 0.0]), ("receive_ppm", [0.0]),
                            ("receive_timing_s", [1.0, 0.0]),
                            ("target_positions", [1.0, 2.0, 3.0])):
            post(command, pmt.dict_add(
                pmt.to_pmt({"noise_dbm": -50.0}), pmt.intern(key),
                pmt.init_f64vector(len(values), values)))
        self.run_channel(channel, samples_of(1000))
        self.assertEqual(channel.messages_refused(), 7)
        self.assertEqual(channel.noise_dbm(), -70.0)

    def test_wrong_arguments(self):
        paper = isac.load_scenario(str(ROOT / "examples" / "scenarios" / "paper.yml"))
        with self.assertRaisesRegex(Exception, "radio"):
            isac.antenna_channel(paper)
        for arguments, text in (({"bits": 1}, "converter bits: 1"),
                                ({"transmit_full_scale_dbm": float("nan")}, "full scale"),
                                ({"receive_full_scale_dbm": 1e6}, "full scale")):
            with self.assertRaisesRegex(ValueError, text):
                isac.antenna_channel(self.scenario, **arguments)
        moving = isac.antenna_channel(self.scenario, moving=True)
        with self.assertRaisesRegex(ValueError, "outside"):
            moving.set_targets([0.0, 10.0], [0.0, 0.0])
        with self.assertRaisesRegex(ValueError, "noise"):
            moving.set_noise_dbm(float("inf"))
        with self.assertRaisesRegex(ValueError, "transmit timing: 3 values for 2"):
            moving.set_transmit_timing([0.0] * 3)
        with self.assertRaisesRegex(ValueError, "receive clocks"):
            moving.set_receive_ppm([0.0, -51.0])


if __name__ == "__main__":
    gr_unittest.run(qa_antenna_channel)
