#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The users' channel against NumPy."""

import pathlib

import numpy as np
import pmt
from gnuradio import blocks, gr, gr_unittest, isac

SMALL = str(pathlib.Path(__file__).parents[2] / "lib" / "tests" / "blocks" / "small.yml")
N, NT, S, T, K = 2, 4, 16, 16, 4


class qa_user_channel(gr_unittest.TestCase):

    def setUp(self):
        self.scenario = isac.load_scenario(SMALL)
        self.random = np.random.default_rng(1)

    def gaussian(self, *shape):
        parts = self.random.standard_normal((2, *shape))
        return ((parts[0] + 1j * parts[1]) / np.sqrt(2)).astype(np.complex64)

    def run_channel(self, channel, frames):
        """Frames [B, K, S, T] at the users of frames [B, N, N_t, S, T]."""
        flowgraph = gr.top_block()
        size = self.scenario.transmit_frame_size
        for n in range(N):
            flowgraph.connect(blocks.vector_source_c(frames[:, n].ravel(), False, size),
                              (channel, n))
        sinks = [blocks.vector_sink_c(self.scenario.symbols_per_frame) for _ in range(K)]
        for k, sink in enumerate(sinks):
            flowgraph.connect((channel, k), sink)
        flowgraph.run()
        return np.stack([np.array(s.data()).reshape(-1, S, T) for s in sinks], axis=1)

    def test_channel_that_is_set(self):
        channel = isac.user_channel(self.scenario, 1, "cpu")
        channel.set_noise_dbm(-np.inf)
        state = 1e-4 * self.gaussian(S, N * NT, K)
        channel.set_channel(state.ravel().tolist())
        frames = self.gaussian(2, N, NT, S, T)
        wanted = np.einsum("iak,bait->bkit", state.conj(), frames.reshape(2, N * NT, S, T))
        found = self.run_channel(channel, frames)
        self.assertLess(np.abs(found - wanted).max(), 1e-5 * np.abs(wanted).max())

    def test_noise(self):
        frames = np.zeros((20, N, NT, S, T), np.complex64)
        for noise_dbm in (-30.0, 10.0):
            channel = isac.user_channel(self.scenario, 1, "cpu")
            channel.set_noise_dbm(noise_dbm)
            noise = self.run_channel(channel, frames)
            power = 10 ** ((noise_dbm - 30) / 10)
            # 20480 values: five standard deviations
            self.assertAlmostEqual(np.mean(np.abs(noise) ** 2) / power, 1, delta=0.035)
            self.assertLess(abs(np.mean(noise ** 2)) / power, 0.05)
            self.assertLess(abs(np.mean(noise)) / np.sqrt(power), 0.05)

    def test_bad_values_and_messages(self):
        channel = isac.user_channel(self.scenario, 1, "cpu")
        with self.assertRaisesRegex(ValueError, "noise"):
            channel.set_noise_dbm(float("nan"))
        with self.assertRaisesRegex(ValueError, "channel: 3 entries"):
            channel.set_channel([1, 2, 3])
        channel.to_basic_block()._post(pmt.intern("command"), pmt.from_long(3))
        self.run_channel(channel, self.gaussian(1, N, NT, S, T))
        self.assertEqual(channel.messages_refused(), 1)
        self.assertEqual(channel.error(), "")


if __name__ == "__main__":
    gr_unittest.run(qa_user_channel)
