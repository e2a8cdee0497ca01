#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The direct path canceller on frames that NumPy makes from the definitions."""

import pathlib

import numpy as np
import pmt
from gnuradio import blocks, gr, gr_unittest, isac

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIGHT = 299792458.0
# What sdr_2x2.yml says
CARRIER, SPACING, PREFIX, S, T, ANTENNAS = 5.8e9, 62.5e3, 4e-6, 64, 256, 2
TRANSMIT = np.array([[100.0, 0.0], [200.0, 0.0]])
RECEIVE = np.array([0.0, 0.0])
FREQUENCY = SPACING * np.arange(S)
TIME = (1 / SPACING + PREFIX) * (1 + np.arange(T))
TIMING = (12e-9, -30e-9)
OFFSET = (9.0, -40.0)


def steering(cosine):
    return np.exp(-1j * np.pi * cosine * np.arange(ANTENNAS)) / np.sqrt(ANTENNAS)


class qa_direct_path_canceller(gr_unittest.TestCase):

    def setUp(self):
        self.scenario = isac.load_scenario(str(ROOT / "examples" / "scenarios" / "sdr_2x2.yml"))
        self.random = np.random.default_rng(4)

    def gaussian(self, *shape):
        parts = self.random.standard_normal((2, *shape))
        return (parts[0] + 1j * parts[1]) / np.sqrt(2)

    def turn(self, n):
        return np.exp(2j * np.pi * (OFFSET[n] * TIME - TIMING[n] * FREQUENCY[:, None]))

    def echo(self, frame, n, place, reflection, velocity=np.zeros(2)):
        """Echo (6) of a place with the offsets (30), or the direct path without a place."""
        if place is None:
            legs = [RECEIVE - TRANSMIT[n]]
            out, back = legs[0], -legs[0]
            rate = 0.0
        else:
            out, back = place - TRANSMIT[n], place - RECEIVE
            legs = [out, back]
            rate = sum(leg @ velocity / np.linalg.norm(leg) for leg in legs)
        distance = sum(np.linalg.norm(leg) for leg in legs)
        departing = steering(-out[0] / np.linalg.norm(out))
        arriving = steering(back[0] / np.linalg.norm(back))
        signal = np.einsum("a,ast->st", departing.conj(), frame)
        signal = signal * np.exp(-2j * np.pi * distance / LIGHT * FREQUENCY)[:, None]
        signal *= np.exp(-2j * np.pi * rate * CARRIER / LIGHT * TIME) * self.turn(n)
        gain = reflection * 10 ** (-47.7 / 20) / distance
        return gain * arriving[:, None, None] * signal

    def run_canceller(self, canceller, echo, frames):
        flowgraph = gr.top_block()
        size = echo.size
        flowgraph.connect(
            blocks.vector_source_c(echo.astype(np.complex64).ravel(), False, size),
            (canceller, 0))
        sinks = [blocks.vector_sink_c(size) for _ in range(3)]
        for n in range(2):
            flowgraph.connect(
                blocks.vector_source_c(frames[n].astype(np.complex64).ravel(), False, size),
                (canceller, 1 + n))
        messages = blocks.message_debug()
        for output, sink in enumerate(sinks):
            flowgraph.connect((canceller, output), sink)
        flowgraph.msg_connect(canceller, "offsets", messages, "store")
        flowgraph.run()
        self.assertEqual(canceller.error(), "")
        self.assertEqual(canceller.frames(), 1)
        return ([np.array(sink.data()).reshape(echo.shape) for sink in sinks],
                pmt.to_python(messages.get_message(0)))

    def test_offsets_and_projection(self):
        # Two users' symbols, precoded for four antennas.
        weights = self.gaussian(S, 4, 2)
        symbols = self.gaussian(2, S, T)
        frames = 1e-2 * np.einsum("sak,kst->ast", weights, symbols).reshape(2, 2, S, T)
        moving = sum(self.echo(frames[n], n, np.array([120.0, 280.0]), 0.1,
                               np.array([0.0, -30.0])) for n in range(2))
        still = sum(self.echo(frames[n], n, np.array([40.0, 290.0]), 0.05) for n in range(2))
        direct = sum(self.echo(frames[n], n, None, 1j ** n) for n in range(2))
        noise = 1e-3 * np.sqrt(np.mean(np.abs(moving) ** 2)) * self.gaussian(2, S, T)
        received = direct + still + moving + noise
        canceller = isac.direct_path_canceller(self.scenario, 0, "projection", device="cpu")
        outputs, about = self.run_canceller(canceller, received, frames)

        self.assertEqual(canceller.frames_without_direct_path(), 0)
        # Wall and target are more than 20 dB below the direct path and shift what is measured.
        np.testing.assert_allclose(about["timing_offset_s"], TIMING, atol=4e-9)
        np.testing.assert_allclose(about["frequency_offset_hz"], OFFSET, atol=1.5)
        # The projection of NumPy's least squares, with the offsets that were found.
        corrected = np.concatenate(outputs[1:])  # [antennas of all, S, T]
        wanted = np.empty_like(received)
        for i in range(S):
            basis = np.linalg.svd(corrected[:, i], full_matrices=False)[2]
            wanted[:, i] = received[:, i] - received[:, i] @ basis.conj().T @ basis
        # Which directions of nearly dependent signals count is a matter of rounding.
        power = np.mean(np.abs(moving) ** 2)
        self.assertLess(np.mean(np.abs(outputs[0] - wanted) ** 2), 0.05 * power)
        # What moves stays, but for its share; what stands still is gone.
        self.assertGreater(np.mean(np.abs(received) ** 2), 50 * power)
        self.assertLess(np.mean(np.abs(outputs[0] - moving) ** 2), 0.1 * power)
        # The frames have the offsets in them.
        for n in range(2):
            turned = frames[n] * np.exp(
                2j * np.pi * (about["frequency_offset_hz"][n] * TIME -
                              about["timing_offset_s"][n] * FREQUENCY[:, None]))
            np.testing.assert_allclose(outputs[1 + n], turned, atol=1e-5 * np.abs(turned).max())

    def test_nothing_is_done(self):
        frames = self.gaussian(2, 2, S, T)
        received = self.gaussian(2, S, T)
        canceller = isac.direct_path_canceller(self.scenario, 0, "none", False, device="cpu")
        outputs, about = self.run_canceller(canceller, received, frames)
        np.testing.assert_array_equal(outputs[0], received.astype(np.complex64))
        for n in range(2):
            np.testing.assert_array_equal(outputs[1 + n], frames[n].astype(np.complex64))
        self.assertTrue(np.isnan(about["timing_deviation_s"]).all())

    def test_bad_values(self):
        with self.assertRaisesRegex(ValueError, "access point: 2"):
            isac.direct_path_canceller(self.scenario, 2)
        with self.assertRaisesRegex(ValueError, "all"):
            isac.direct_path_canceller(self.scenario, 0, "all")
        canceller = isac.direct_path_canceller(self.scenario, 0)
        with self.assertRaisesRegex(ValueError, "some"):
            canceller.set_removal("some")
        canceller.set_removal("none")
        self.assertEqual(canceller.removal(), "none")


if __name__ == "__main__":
    gr_unittest.run(qa_direct_path_canceller)
