#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bistatic channel against an independent computation of (6)."""

import pathlib

import numpy as np
import pmt
from gnuradio import blocks, gr, gr_unittest, isac

SMALL = str(pathlib.Path(__file__).parents[2] / "lib" / "tests" / "blocks" / "small.yml")
LIGHT = 299792458.0


class qa_bistatic_channel(gr_unittest.TestCase):

    def setUp(self):
        text = pathlib.Path(SMALL).read_text()
        head, targets = text.split("targets:\n  count: 2")
        self.scenario = isac.parse_scenario(head + "targets:\n  count: 1" + targets)
        self.channel = isac.bistatic_channel(self.scenario, 1)
        self.channel.set_noise_dbm(-250.0)

    def run_channel(self, frames, bound=False):
        """Echoes [B, M, M_r, S, T], truth and bound of frames [B, N, N_t, S, T]."""
        flowgraph = gr.top_block()
        size = frames[0, 0].size
        for n in range(2):
            source = blocks.vector_source_c(frames[:, n].ravel(), False, size)
            flowgraph.connect(source, (self.channel, n))
        sinks = [blocks.vector_sink_c(size) for _ in range(2)]
        for m, sink in enumerate(sinks):
            flowgraph.connect((self.channel, m), sink)
        truth, root = blocks.vector_sink_f(4), blocks.vector_sink_f(2)
        flowgraph.connect((self.channel, 2), truth)
        if bound:
            flowgraph.connect((self.channel, 3), root)
        flowgraph.run()
        echoes = [np.array(s.data()).reshape(-1, 4, 16, 16) for s in sinks]
        return np.stack(echoes, axis=1), np.array(truth.data()), np.array(root.data())

    def test_echo_of_one_target(self):
        place, velocity = np.array([40.0, 70.0]), np.array([10.0, -15.0])
        self.channel.set_targets(place.tolist(), velocity.tolist())
        random = np.random.default_rng(2)
        sent = random.standard_normal((1, 2, 4, 16, 16)).astype(np.complex64)
        sent[:, 1] = 0 # access point 0 alone: one reflection coefficient per echo
        echoes, truth, _ = self.run_channel(sent)
        np.testing.assert_allclose(truth, [40, 70, 10, -15])

        tx, axis_tx = np.array([25.0, 0.0]), np.array([-1.0, 0.0])
        axis_rx = np.array([1.0, 0.0])
        antenna = np.arange(4)
        frequency = np.arange(16) * 960e3
        clock = 16 * np.arange(16) * 2 / 960e3 # up to one phase, which β takes
        for m, rx in enumerate((np.array([25.0, 100.0]), np.array([75.0, 100.0]))):
            legs = place - tx, place - rx
            far = [np.linalg.norm(leg) for leg in legs]
            delay = sum(far) / LIGHT
            doppler = -sum(leg @ velocity / d for leg, d in zip(legs, far)) * 30e9 / LIGHT
            depart = np.exp(-1j * np.pi * antenna * (legs[0] @ axis_tx) / far[0])
            arrive = np.exp(-1j * np.pi * antenna * (legs[1] @ axis_rx) / far[1])
            wave = np.einsum("a,ait->it", depart.conj(), sent[0, 0])
            wanted = (arrive[:, None, None] * wave
                      * np.exp(-2j * np.pi * frequency * delay)[:, None]
                      * np.exp(2j * np.pi * doppler * clock))
            match = np.abs(np.vdot(wanted, echoes[0, m])) / (
                np.linalg.norm(wanted) * np.linalg.norm(echoes[0, m]))
            self.assertGreater(match, 1 - 1e-5)

    def test_power_falls_with_the_path_loss(self):
        sent = np.zeros((400, 2, 4, 16, 16), np.complex64)
        sent[:, 0, 0, 0, 0] = 1.0
        powers = []
        for y in (20.0, 80.0):
            self.channel.set_targets([25.0, y], [0.0, 0.0])
            echoes, _, _ = self.run_channel(sent)
            powers.append(np.mean(np.abs(echoes[:, 0, :, 0, 0]) ** 2))
        # Both paths to (25, 100) are 100 m long: equal mean power, β drawn 400 times.
        self.assertAlmostEqual(powers[0] / powers[1], 1.0, delta=1e-3)
        # |β|² has mean 1; the arrays' gains are unit norm, so 1/4 and 1/4 per antenna pair.
        wanted = 10 ** -6 / 100.0 ** 2 / 16
        self.assertAlmostEqual(powers[0] / wanted, 1.0, delta=0.25)

    def test_noise_power(self):
        silence = np.zeros((8, 2, 4, 16, 16), np.complex64)
        for noise_dbm in (-100.0, -70.0):
            self.channel.set_noise_dbm(noise_dbm)
            echoes, _, _ = self.run_channel(silence)
            measured = 10 * np.log10(np.mean(np.abs(echoes) ** 2)) + 30
            self.assertAlmostEqual(measured, noise_dbm, delta=0.2)

    def test_command(self):
        message = pmt.to_pmt({"noise_dbm": -60.0, "clutter_scatterers": 3})
        self.channel.to_basic_block()._post(pmt.intern("command"), message)
        self.channel.to_basic_block()._post(pmt.intern("command"), pmt.to_pmt({"x": 1}))
        self.run_channel(np.zeros((1, 2, 4, 16, 16), np.complex64))
        self.assertEqual(self.channel.noise_dbm(), -60.0)
        self.assertEqual(self.channel.messages_refused(), 1)

    def test_bound_falls_with_the_noise(self):
        sent = np.random.default_rng(3).standard_normal((1, 2, 4, 16, 16))
        self.channel.set_targets([40.0, 60.0], [5.0, 5.0])
        bounds = []
        for noise_dbm in (-110.0, -90.0):
            self.channel.set_noise_dbm(noise_dbm)
            bounds.append(self.run_channel(sent.astype(np.complex64), True)[2])
        np.testing.assert_allclose(bounds[1] / bounds[0], 10.0, rtol=1e-3)

    def test_real_time(self):
        frames = 60
        scenario = self.scenario
        channel = isac.bistatic_channel(scenario, 1, "cpu", real_time=True)
        flowgraph = gr.top_block()
        size = scenario.transmit_frame_size
        for n in range(2):
            flowgraph.connect(
                blocks.vector_source_c(np.ones(frames * size), False, size), (channel, n))
            flowgraph.connect((channel, n),
                              blocks.null_sink(8 * scenario.receive_frame_size))
        truth = blocks.vector_sink_f(scenario.estimate_size)
        flowgraph.connect((channel, 2), truth)
        flowgraph.run()
        times = []
        for tag in truth.tags():
            if pmt.symbol_to_string(tag.key) == "rx_time":
                times.append(pmt.to_uint64(pmt.tuple_ref(tag.value, 0))
                             + pmt.to_double(pmt.tuple_ref(tag.value, 1)))
        self.assertEqual(len(times) + channel.frames_skipped(), frames)
        steps = np.diff(times) / scenario.interval_s
        self.assertTrue((steps > 0.5).all())
        np.testing.assert_allclose(steps, np.round(steps), atol=1e-3)

    def test_counts_copies_for_others(self):
        self.run_channel(np.zeros((3, 2, 4, 16, 16), np.complex64))
        # Two streams are stacked, two are written, three frames each.
        self.assertEqual(self.channel.host_copies(), 12)
        self.assertEqual(self.channel.host_copied_bytes(), 12 * 8 * 4 * 16 * 16)

    def test_bad_values(self):
        with self.assertRaisesRegex(ValueError, "tpu"):
            isac.bistatic_channel(self.scenario, 1, "tpu")
        with self.assertRaisesRegex(ValueError, "clutter variance: -1"):
            self.channel.set_clutter(3, -1.0)
        with self.assertRaisesRegex(ValueError, "target positions: 3 values"):
            self.channel.set_targets([1, 2, 3], [1, 2, 3])
        with self.assertRaisesRegex(ValueError, "timing offset"):
            self.channel.set_offsets(-1.0, 0.0)


if __name__ == "__main__":
    gr_unittest.run(qa_bistatic_channel)
