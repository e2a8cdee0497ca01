#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The MMSE precoder against its closed form in NumPy."""

import pathlib
import time

import numpy as np
import pmt
from gnuradio import blocks, gr, gr_unittest, isac

SMALL = str(pathlib.Path(__file__).parents[2] / "lib" / "tests" / "blocks" / "small.yml")
N, NT, S, T, K = 2, 4, 16, 16, 4


def closed_form(channel, noise_w, power_w):
    """W [S, N·N_t, K] of channel [S, N·N_t, K]."""
    load = K * noise_w / (N * power_w / S)
    precoder = np.stack([h @ np.linalg.inv(h.conj().T @ h + load * np.eye(K))
                         for h in channel])
    spent = (np.abs(precoder) ** 2).reshape(S, N, NT, K).sum(axis=(0, 2, 3))
    return precoder * np.sqrt(power_w / spent.max())


class qa_mmse_precoder(gr_unittest.TestCase):

    def setUp(self):
        self.scenario = isac.load_scenario(SMALL)
        self.precoder = isac.mmse_precoder(self.scenario, 1)
        self.random = np.random.default_rng(1)

    def gaussian(self, *shape):
        parts = self.random.standard_normal((2, *shape))
        return ((parts[0] + 1j * parts[1]) / np.sqrt(2)).astype(np.complex64)

    def run_precoder(self, symbols):
        """Frames [B, N, N_t, S, T] of symbols [B, K, S, T]."""
        flowgraph = gr.top_block()
        size = self.scenario.transmit_frame_size
        for user in range(K):
            source = blocks.vector_source_c(symbols[:, user].ravel())
            flowgraph.connect(source, (self.precoder, user))
        sinks = [blocks.vector_sink_c(size) for _ in range(N)]
        for n, sink in enumerate(sinks):
            flowgraph.connect((self.precoder, n), sink)
        flowgraph.run()
        frames = [np.array(sink.data()).reshape(-1, NT, S, T) for sink in sinks]
        return np.stack(frames, axis=1)

    def test_channel_by_message(self):
        channel = 1e-4 * self.gaussian(S, N * NT, K)
        symbols = self.gaussian(2, K, S, T)
        message = pmt.dict_add(pmt.make_dict(), pmt.intern("channel"),
                               pmt.init_c32vector(channel.size, channel.ravel().tolist()))
        self.precoder.to_basic_block()._post(pmt.intern("csi"), message)
        frames = self.run_precoder(symbols)
        precoder = closed_form(channel.astype(complex), 1e-12, 1.0)
        wanted = np.einsum("iak,bkit->bait", precoder, symbols).reshape(2, N, NT, S, T)
        error = np.abs(frames - wanted).max() / np.abs(wanted).max()
        self.assertLess(error, 1e-4)

    def test_power_of_every_access_point(self):
        symbols = np.zeros((3, K, S, T), np.complex64)
        for t in range(T):
            symbols[:, t % K, :, t] = 1.0
        for power_dbm in (30.0, 12.5):
            self.precoder.set_transmit_power_dbm(power_dbm)
            frames = self.run_precoder(symbols)
            spent = (np.abs(frames) ** 2).sum(axis=(2, 3, 4)) * K / T
            limit = 10 ** ((power_dbm - 30) / 10)
            np.testing.assert_allclose(spent.max(axis=1), limit, rtol=1e-4)

    def test_bad_values(self):
        with self.assertRaisesRegex(ValueError, "transmit power"):
            self.precoder.set_transmit_power_dbm(float("nan"))
        with self.assertRaisesRegex(ValueError, "channel: 3 entries"):
            self.precoder.set_channel([1, 2, 3])

    def test_bad_message_is_counted(self):
        self.precoder.to_basic_block()._post(pmt.intern("csi"), pmt.from_long(3))
        self.run_precoder(self.gaussian(1, K, S, T))
        self.assertEqual(self.precoder.messages_refused(), 1)
        self.assertEqual(self.precoder.error(), "")

    def test_power_while_running(self):
        flowgraph = gr.top_block()
        size = self.scenario.transmit_frame_size
        source = isac.payload_source(self.scenario, 1)
        for user in range(K):
            flowgraph.connect((source, user), (self.precoder, user))
        sinks = [blocks.vector_sink_c(size) for _ in range(N)]
        for n, sink in enumerate(sinks):
            flowgraph.connect((self.precoder, n), sink)
        flowgraph.start()
        while len(sinks[0].data()) < 4 * size:
            time.sleep(0.01)
        self.precoder.set_transmit_power_dbm(10.0)
        mark = len(sinks[0].data())
        while len(sinks[0].data()) < mark + 40 * size:
            time.sleep(0.01)
        flowgraph.stop()
        flowgraph.wait()
        data = np.array(sinks[0].data()).reshape(-1, size)
        power = (np.abs(data) ** 2).sum(axis=1)
        self.assertGreater(power[:4].mean(), 30 * power[-4:].mean())


if __name__ == "__main__":
    gr_unittest.run(qa_mmse_precoder)
