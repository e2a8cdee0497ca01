#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users behind precoder and channel: their scores against closed forms in NumPy."""

import math
import pathlib

import numpy as np
from gnuradio import blocks, gr, gr_unittest, isac

SCENARIOS = pathlib.Path(__file__).resolve().parents[2] / "examples" / "scenarios"
SEED = 3


def watt(dbm):
    return 10 ** ((dbm - 30) / 10)


def mmse(channel, noise_w, power_w, access_points):
    """W [S, N·N_t, K] of channel [S, N·N_t, K]."""
    subcarriers, antennas, users = channel.shape
    load = users * noise_w / (access_points * power_w / subcarriers)
    precoder = np.stack([h @ np.linalg.inv(h.conj().T @ h + load * np.eye(users))
                         for h in channel])
    spent = (np.abs(precoder) ** 2).reshape(
        subcarriers, access_points, -1, users).sum(axis=(0, 2, 3))
    return precoder * np.sqrt(power_w / spent.max())


class qa_user_receiver(gr_unittest.TestCase):

    def load(self, name, old="", new=""):
        text = (SCENARIOS / f"{name}.yml").read_text()
        self.assertIn(old, text)
        return isac.parse_scenario(text.replace(old, new))

    def run_chain(self, scenario, frames, channel, noise_dbm, training):
        """Receivers of all users after some frames over a channel that everybody knows."""
        flowgraph = gr.top_block()
        payload = isac.payload_source(scenario, SEED)
        precoder = isac.mmse_precoder(scenario, SEED, "cpu")
        users = isac.user_channel(scenario, SEED, "cpu")
        precoder.set_channel(channel.ravel().tolist())
        users.set_channel(channel.ravel().tolist())
        users.set_noise_dbm(noise_dbm)
        receivers = []
        for k in range(scenario.users):
            flowgraph.connect((payload, k), (precoder, k))
            receiver = isac.user_receiver(scenario, k, SEED, training)
            head = blocks.head(8 * scenario.symbols_per_frame, frames)
            flowgraph.connect((users, k), head, receiver,
                              blocks.null_sink(gr.sizeof_gr_complex))
            receivers.append(receiver)
        for n in range(scenario.num_transmit):
            flowgraph.connect((precoder, n), (users, n))
        flowgraph.run()
        for receiver in receivers:
            self.assertEqual(receiver.error(), "")
            self.assertEqual(receiver.frames(), frames)
        return receivers

    def test_ratio_and_error_vector(self):
        for name, silent in (("lite", None), ("sdr_2x2", 32)):
            scenario = self.load(name)
            subcarriers = scenario.symbols_per_frame // {"lite": 32, "sdr_2x2": 256}[name]
            symbols = scenario.symbols_per_frame // subcarriers
            antennas = scenario.num_transmit * scenario.transmit_antennas
            random = np.random.default_rng(5)
            channel = random.standard_normal((2, subcarriers, antennas, scenario.users))
            channel = 1e-5 * (channel[0] + 1j * channel[1]).astype(np.complex64)
            # The precoder expects the noise of the scenario; the users have what makes 15 dB.
            noise_w = watt({"lite": -90, "sdr_2x2": -118}[name])
            share = subcarriers / {"lite": 256, "sdr_2x2": 64}[name]
            precoder = mmse(channel.astype(complex), noise_w,
                            share * watt(scenario.transmit_power_dbm), scenario.num_transmit)
            gains = np.abs(np.einsum("iak,ial->ikl", channel.conj(), precoder)) ** 2
            own = np.einsum("ikk->ik", gains)
            noise = own.mean() / 10 ** 1.5
            rest = gains.sum(axis=2) - own + noise
            if silent is not None:
                own, rest = np.delete(own, silent, 0), np.delete(rest, silent, 0)
            training = symbols // 2
            receivers = self.run_chain(scenario, 40, channel, 10 * np.log10(noise) + 30,
                                       training)
            for k, receiver in enumerate(receivers):
                scores = receiver.scores()
                self.assertAlmostEqual(
                    scores["sinr_db"], 10 * np.log10(own[:, k].sum() / rest[:, k].sum()),
                    delta=0.2, msg=f"{name}, user {k}")
                evm = np.sqrt(np.mean(rest[:, k] / own[:, k]) * (1 + 1 / training))
                self.assertAlmostEqual(scores["evm_db"], 20 * np.log10(evm), delta=0.2,
                                       msg=f"{name}, user {k}")
                self.assertAlmostEqual(scores["evm_percent"],
                                       100 * 10 ** (scores["evm_db"] / 20), places=6)

    def test_bit_errors_on_a_flat_channel(self):
        # One user: white noise and nothing else.
        scenario = self.load("sdr_2x2", "  count: 2", "  count: 1")
        channel = np.full((64, 4, 1), 1e-5 + 2e-5j, np.complex64)
        precoder = mmse(channel.astype(complex), watt(-118),
                        watt(scenario.transmit_power_dbm), 2)
        power = np.abs(np.einsum("iak,iak->i", channel.conj(), precoder)) ** 2
        self.assertLess(np.ptp(power), 1e-9 * power[0])
        training = 128
        for per_bit_db in (3.0, 6.0):
            snr = 2 * 10 ** (per_bit_db / 10)
            noise_dbm = 10 * np.log10(power[0] / snr) + 30
            receiver, = self.run_chain(scenario, 60, channel, noise_dbm, training)
            scores = receiver.scores()
            wanted = 0.5 * math.erfc(math.sqrt(snr / (1 + 1 / training) / 2))  # QPSK
            count = scores["bits"]
            self.assertEqual(count, 60 * 63 * (256 - training) * 2)
            self.assertAlmostEqual(
                scores["bit_error_rate"], wanted,
                delta=3.29 * math.sqrt(wanted * (1 - wanted) / count))

    def test_constellation(self):
        """Without noise and with one user, the symbols of the payload come out."""
        scenario = self.load("sdr_2x2", "  count: 2", "  count: 1")
        flowgraph = gr.top_block()
        payload = isac.payload_source(scenario, SEED)
        head = blocks.head(gr.sizeof_gr_complex, 2 * scenario.symbols_per_frame)
        frames = blocks.stream_to_vector(gr.sizeof_gr_complex, scenario.symbols_per_frame)
        turned = blocks.multiply_const_vcc([0.3j] * scenario.symbols_per_frame)
        receiver = isac.user_receiver(scenario, 0, SEED)
        sink, sent = blocks.vector_sink_c(), blocks.vector_sink_c()
        flowgraph.connect(payload, head, frames, turned, receiver, sink)
        flowgraph.connect(head, sent)
        flowgraph.run()
        found = np.array(sink.data()).reshape(2, 64, 256)
        wanted = np.array(sent.data()).reshape(2, 64, 256)
        wanted[:, 32] = 0  # not sent over the air
        np.testing.assert_allclose(found, wanted, atol=1e-6)
        self.assertEqual(receiver.scores()["bit_errors"], 0)

    def test_bad_values(self):
        scenario = self.load("sdr_2x2")
        with self.assertRaisesRegex(ValueError, "user: 2"):
            isac.user_receiver(scenario, 2)
        with self.assertRaisesRegex(ValueError, "training symbols: 256"):
            isac.user_receiver(scenario, 0, training_symbols=256)


if __name__ == "__main__":
    gr_unittest.run(qa_user_receiver)
