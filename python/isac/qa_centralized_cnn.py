#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The centralized network: raw echoes in, models that do not fit."""

import os
import pathlib
import tempfile

import numpy as np
from gnuradio import blocks, gr, gr_unittest, isac

SMALL = str(pathlib.Path(__file__).parents[2] / "lib" / "tests" / "blocks" / "small.yml")
CNN = """{"read_out": "cnn", "cnn": {"first_channels": 4, "second_channels": 8,
                                     "fully_connected": 16}}"""


class qa_centralized_cnn(gr_unittest.TestCase):

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.scenario = isac.load_scenario(SMALL)
        random = np.random.default_rng(1)
        self.echoes = random.standard_normal((2, 4, 4, 16, 16)).astype(np.complex64)

    def model(self, reference, architecture=CNN):
        path = os.path.join(self.folder.name, reference + ".safetensors")
        isac.write_fresh_model(path, self.scenario, architecture, reference, 1)
        return path

    def run_cnn(self, cnn, echoes, sent=()):
        """Estimates [frame, location and velocity, target, coordinate]."""
        flowgraph = gr.top_block()
        size = self.scenario.receive_frame_size
        for port, frames in enumerate([*echoes, *sent]):
            flowgraph.connect(blocks.vector_source_c(frames.ravel(), False, size), (cnn, port))
        sink = blocks.vector_sink_f(self.scenario.estimate_size)
        flowgraph.connect(cnn, sink)
        flowgraph.run()
        self.assertEqual(cnn.error(), "")
        return np.array(sink.data()).reshape(-1, 2, 2, 2)

    def test_estimates(self):
        path = self.model("raw")
        info = isac.load_model_info(path)
        self.assertEqual(info.fronthaul_bits, self.scenario.raw_echo_bits)
        self.assertEqual(info.reference_bits, 0)
        self.assertFalse(info.decoder_reads_transmit)
        cnn = isac.centralized_cnn(self.scenario, path, "cpu")
        estimates = self.run_cnn(cnn, self.echoes)
        self.assertEqual(estimates.shape[0], 4)
        self.assertEqual(cnn.frames(), 4)
        self.assertTrue(np.isfinite(estimates).all())
        # It reads the echo of every access point.
        for m in range(2):
            others = self.echoes.copy()
            others[m] *= np.exp(1j * np.arange(16, dtype=np.float32))
            changed = self.run_cnn(isac.centralized_cnn(self.scenario, path, "cpu"), others)
            self.assertGreater(abs(changed - estimates).max(), 1e-4)

    def test_reference(self):
        path = self.model("reference")
        self.assertTrue(isac.load_model_info(path).decoder_reads_transmit)
        sent = np.ones((2, 4, 4, 16, 16), np.complex64)
        cnn = isac.centralized_cnn(self.scenario, path, "cpu", batch=2)
        self.assertEqual(len(self.run_cnn(cnn, self.echoes, sent)), 4)
        with self.assertRaises(RuntimeError): # without the transmit frames
            self.run_cnn(isac.centralized_cnn(self.scenario, path, "cpu"), self.echoes)

    def test_wrong_models(self):
        encoder = self.model("pilot", "lite")
        with self.assertRaisesRegex(RuntimeError, "pilot.safetensors.*read-out grid"):
            isac.centralized_cnn(self.scenario, encoder, "cpu")
        path = self.model("raw")
        with self.assertRaisesRegex(RuntimeError, "raw.safetensors.*read-out cnn"):
            isac.dvqvae_encoder(self.scenario, path, 0, 1, "cpu")
        with self.assertRaisesRegex(RuntimeError, "raw.safetensors.*read-out cnn"):
            isac.fusion_decoder(self.scenario, path, "cpu")
        with self.assertRaisesRegex(ValueError, "batch: 0"):
            isac.centralized_cnn(self.scenario, path, "cpu", batch=0)


if __name__ == "__main__":
    gr_unittest.run(qa_centralized_cnn)
