#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The encoder: packets as bytes, bad samples, models that do not fit."""

import os
import pathlib
import struct
import sys
import tempfile

import numpy as np
import pmt
from gnuradio import blocks, gr, gr_unittest, isac

TESTS = pathlib.Path(__file__).parents[2] / "lib" / "tests"
SMALL = str(TESTS / "blocks" / "small.yml")
sys.path.insert(0, str(TESTS / "fronthaul"))

import reference_entropy_coding as reference  # noqa: E402

GRID = """{"read_out": "grid", "codeword_dim": 16, "codewords": 8,
           "grid": {"cells": 8, "doppler_lines": 8, "doppler_spacing_hz": 1000.0,
                    "hidden_channels": 8, "encoder_layers": 1, "cell_features": 4,
                    "decoder_channels": 8, "decoder_layers": 1, "velocity_steps": 5}}"""


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


class qa_dvqvae_encoder(gr_unittest.TestCase):

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.scenario = isac.load_scenario(SMALL)
        random = np.random.default_rng(1)
        self.echoes = random.standard_normal((4, 4, 16, 16)).astype(np.complex64)

    def model(self, reference, architecture=GRID):
        path = os.path.join(self.folder.name, reference + ".safetensors")
        isac.write_fresh_model(path, self.scenario, architecture, reference, 1)
        return path

    def run_encoder(self, encoder, echoes, tags=(), sent=None):
        """Packets, one bytes object each."""
        flowgraph = gr.top_block()
        size = self.scenario.receive_frame_size
        source = blocks.vector_source_c(echoes.ravel(), False, size, list(tags))
        flowgraph.connect(source, encoder)
        for n in range(2 if sent is not None else 0):
            flowgraph.connect(
                blocks.vector_source_c(sent[:, n].ravel(), False, size), (encoder, 1 + n))
        sink = blocks.vector_sink_b(encoder.packet_size())
        flowgraph.connect(encoder, sink)
        flowgraph.run()
        data = bytes(sink.data())
        step = encoder.packet_size()
        return [data[i:i + step] for i in range(0, len(data), step)]

    def test_packet_layout(self):
        path = self.model("pilot")
        info = isac.load_model_info(path)
        encoder = isac.dvqvae_encoder(self.scenario, path, 1, 7, "cpu")
        packets = self.run_encoder(encoder, self.echoes)
        self.assertEqual(len(packets), 4)
        for frame, packet in enumerate(packets):
            self.assertEqual(len(packet), info.packet_size)
            (magic, version, access_point, number, time_ns, bits, count, scale, scenario,
             model) = struct.unpack_from("<4sHHQqB3xIfQQ", packet)
            self.assertEqual((magic, version, access_point), (b"CFIP", 1, 1))
            self.assertEqual(number, frame)
            self.assertAlmostEqual(time_ns, frame * self.scenario.interval_s * 1e9, delta=1)
            self.assertEqual(bits * count, info.fronthaul_bits)
            rms = np.sqrt(np.mean(np.abs(self.echoes[frame]) ** 2))
            self.assertAlmostEqual(scale, rms, delta=1e-5)
            self.assertEqual(scenario, self.scenario.fingerprint)
            self.assertEqual(model, info.fingerprint)
            self.assertEqual(struct.unpack("<I", packet[-4:])[0], crc32c(packet[:-4]))

    def test_same_seed_same_packets(self):
        path = self.model("pilot")
        runs = [self.run_encoder(isac.dvqvae_encoder(self.scenario, path, 0, seed, "cpu"),
                                 self.echoes) for seed in (1, 1, 2)]
        self.assertEqual(runs[0], runs[1])
        self.assertNotEqual(runs[0], runs[2])

    def test_parameters(self):
        path = self.model("pilot")
        with self.assertRaisesRegex(ValueError, "'int4'"):
            isac.dvqvae_encoder(self.scenario, path, 0, 1, "cpu", precision="int4")
        with self.assertRaisesRegex(ValueError, "batch: 0"):
            isac.dvqvae_encoder(self.scenario, path, 0, 1, "cpu", batch=0)
        encoder = isac.dvqvae_encoder(self.scenario, path, 0, 1, "cpu", batch=3)
        single = isac.dvqvae_encoder(self.scenario, path, 0, 1, "cpu")
        self.assertEqual(len(self.run_encoder(encoder, self.echoes)),
                         len(self.run_encoder(single, self.echoes)))
        self.assertEqual(encoder.frames_skipped(), 0)
        self.assertEqual(encoder.host_copies(), 0)  # reads the items in place

    def test_real_time_keeps_the_latest(self):
        path = self.model("pilot")
        echoes = np.repeat(self.echoes, 50, axis=0)
        encoder = isac.dvqvae_encoder(self.scenario, path, 0, 1, "cpu", real_time=True)
        packets = self.run_encoder(encoder, echoes)
        self.assertEqual(len(packets), encoder.frames())
        self.assertEqual(encoder.frames() + encoder.frames_skipped(), 200)
        self.assertEqual(struct.unpack_from("<Q", packets[-1], 8)[0], 199)

    def test_entropy_coding(self):
        # Five codewords that are equally likely, as in a fresh model, take 2.3 bits each.
        path = self.model(
            "pilot", GRID.replace('"codewords": 8', '"codewords": 5')
            .replace('"cells": 8', '"cells": 16'))
        bits = isac.load_model_info(path).fronthaul_bits
        plain = isac.dvqvae_encoder(self.scenario, path, 1, 7, "cpu")
        coded = isac.dvqvae_encoder(self.scenario, path, 1, 7, "cpu", entropy_coding=True)
        expected = self.run_encoder(plain, self.echoes)
        packets = self.run_encoder(coded, self.echoes)
        self.assertEqual(len(packets), 4)
        self.assertEqual(plain.coded_bits(), 4 * bits)

        table = reference.frequencies(np.ones(5, np.float32))
        sent_bits = 0
        for packet, other in zip(packets, expected):
            self.assertEqual(len(packet), len(other))
            self.assertEqual(other[25], 0)
            self.assertEqual(packet[25], 1)
            self.assertEqual(packet[:25] + packet[26:52], other[:25] + other[26:52])
            self.assertEqual(struct.unpack("<I", packet[-4:])[0], crc32c(packet[:-4]))
            (size,) = struct.unpack_from("<I", packet, 52)
            sent_bits += 32 + 8 * size
            self.assertEqual(set(packet[56 + size:-4]), {0})
            payload = int.from_bytes(other[52:-4], "little")
            indices = [payload >> 3 * i & 7 for i in range(bits // 3)]
            self.assertEqual(
                reference.decode(packet[56:56 + size], bits // 3, table), indices)
        self.assertEqual(coded.coded_bits(), sent_bits)
        self.assertLess(sent_bits, 4 * bits)

    def test_entropy_coding_without_gain(self):
        # Eight equally likely codewords take the three bits of an index.
        path = self.model("pilot")
        coded = isac.dvqvae_encoder(self.scenario, path, 1, 7, "cpu", True)
        plain = isac.dvqvae_encoder(self.scenario, path, 1, 7, "cpu", False)
        self.assertEqual(self.run_encoder(coded, self.echoes),
                         self.run_encoder(plain, self.echoes))
        self.assertEqual(coded.coded_bits(), plain.coded_bits())

    def test_sample_that_is_not_finite(self):
        encoder = isac.dvqvae_encoder(self.scenario, self.model("pilot"), 0, 1, "cpu")
        echoes = self.echoes.copy()
        echoes[2, 3, 15, 15] = complex(0, float("nan"))
        packets = self.run_encoder(encoder, echoes)
        frames = [struct.unpack_from("<Q", packet, 8)[0] for packet in packets]
        self.assertEqual(frames, [0, 1, 3])
        self.assertEqual(encoder.frames_refused(), 1)
        self.assertEqual(encoder.frames(), 3)

    def test_pilot_and_channel_state_by_message(self):
        encoder = isac.dvqvae_encoder(self.scenario, self.model("pilot"), 0, 1, "cpu")
        tag = gr.tag_t()
        tag.offset, tag.key = 0, pmt.intern("csi")
        tag.value = pmt.intern("message")
        self.assertEqual(self.run_encoder(encoder, self.echoes, [tag]), [])
        self.assertIn("tag csi", encoder.error())

    def test_reference_inputs(self):
        path = self.model("reference")
        self.assertTrue(isac.load_model_info(path).encoder_reads_transmit)
        sent = np.ones((4, 2, 4, 16, 16), np.complex64)
        encoder = isac.dvqvae_encoder(self.scenario, path, 0, 0, "cpu")
        self.assertEqual(len(self.run_encoder(encoder, self.echoes, sent=sent)), 4)
        with self.assertRaises(RuntimeError): # without its inputs
            self.run_encoder(
                isac.dvqvae_encoder(self.scenario, path, 0, 0, "cpu"), self.echoes)

    def test_wrong_parameters(self):
        path = self.model("pilot")
        with self.assertRaisesRegex(ValueError, "access point: 2"):
            isac.dvqvae_encoder(self.scenario, path, 2)
        with self.assertRaisesRegex(ValueError, "device"):
            isac.dvqvae_encoder(self.scenario, path, 0, 0, "gpu7")
        text = pathlib.Path(SMALL).read_text().replace("30.0e+9", "28.0e+9")
        with self.assertRaisesRegex(RuntimeError, "pilot.safetensors.*made for scenario"):
            isac.dvqvae_encoder(isac.parse_scenario(text), path, 0)


if __name__ == "__main__":
    gr_unittest.run(qa_dvqvae_encoder)
