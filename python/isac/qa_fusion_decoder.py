#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The decoder behind the encoders, with a fronthaul that damages packets."""

import os
import pathlib
import tempfile
import time

import numpy as np
import pmt
from gnuradio import blocks, gr, gr_unittest, isac, zeromq

SMALL = str(pathlib.Path(__file__).parents[2] / "lib" / "tests" / "blocks" / "small.yml")
FRAMES = 8
FIVE_CODEWORDS = """{"read_out": "grid", "codeword_dim": 16, "codewords": 5,
    "grid": {"cells": 16, "doppler_lines": 8, "doppler_spacing_hz": 1000.0,
             "hidden_channels": 8, "encoder_layers": 1, "cell_features": 4,
             "decoder_channels": 8, "decoder_layers": 1, "velocity_steps": 5}}"""

SPARSE = FIVE_CODEWORDS.replace(
    '"cells": 16', '"cells": 16, "codewords_per_vector": 2, "vectors_sent": 6')


class qa_fusion_decoder(gr_unittest.TestCase):

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.scenario = isac.load_scenario(SMALL)
        self.path = os.path.join(self.folder.name, "model.safetensors")
        isac.write_fresh_model(self.path, self.scenario, "lite", "pilot", 1)

    def packets(self, entropy_coding=(False, False)):
        """Bytes [M, frame, packet] from the whole chain before the decoder."""
        scenario = self.scenario
        flowgraph = gr.top_block()
        payload = isac.payload_source(scenario, 1)
        precoder = isac.mmse_precoder(scenario, 1)
        channel = isac.bistatic_channel(scenario, 1)
        for k in range(scenario.users):
            flowgraph.connect((payload, k), (precoder, k))
        for n in range(2):
            head = blocks.head(8 * scenario.transmit_frame_size, FRAMES)
            flowgraph.connect((precoder, n), head, (channel, n))
        sinks = []
        for m in range(2):
            encoder = isac.dvqvae_encoder(
                scenario, self.path, m, 1, "cpu", entropy_coding[m])
            sinks.append(blocks.vector_sink_b(encoder.packet_size()))
            flowgraph.connect((channel, m), encoder, sinks[m])
        flowgraph.connect((channel, 2), blocks.null_sink(4 * scenario.estimate_size))
        flowgraph.run()
        return np.array([sink.data() for sink in sinks], np.uint8).reshape(2, FRAMES, -1)

    def run_decoder(self, packets, decoder):
        """{frame: estimates} and the PDUs."""
        flowgraph = gr.top_block()
        for m, stream in enumerate(packets):
            source = blocks.vector_source_b(
                np.asarray(stream).ravel().tolist(), False, decoder.packet_size())
            flowgraph.connect(source, (decoder, m))
        sink = blocks.vector_sink_f(self.scenario.estimate_size)
        flowgraph.connect(decoder, sink)
        messages = blocks.message_debug()
        flowgraph.msg_connect(decoder, "estimates", messages, "store")
        flowgraph.run()
        estimates = np.array(sink.data()).reshape(-1, self.scenario.estimate_size)
        frames = [pmt.to_python(tag.value) for tag in sink.tags()
                  if pmt.symbol_to_string(tag.key) == "frame"]
        pdus = [messages.get_message(i) for i in range(messages.num_messages())]
        return dict(zip(frames, estimates)), pdus

    def test_damaged_packet(self):
        packets = self.packets()
        clean, pdus = self.run_decoder(packets, isac.fusion_decoder(self.scenario, self.path))
        self.assertEqual(sorted(clean), list(range(FRAMES)))
        self.assertTrue(np.isfinite(list(clean.values())).all())
        self.assertEqual(len(pdus), FRAMES)
        self.assertEqual(pmt.to_python(pmt.car(pdus[3]))["frame"], 3)
        np.testing.assert_array_equal(pmt.to_python(pmt.cdr(pdus[3])),
                                      clean[3].astype(np.float32))

        packets[1, 5, 70] ^= 1
        decoder = isac.fusion_decoder(self.scenario, self.path)
        result, _ = self.run_decoder(packets, decoder)
        self.assertEqual(sorted(result), [0, 1, 2, 3, 4, 6, 7])
        for frame, estimates in result.items():
            np.testing.assert_array_equal(estimates, clean[frame])
        self.assertEqual(decoder.refusals(), {"bad_crc": 1})
        self.assertEqual(decoder.packets_refused(), 1)
        self.assertEqual(decoder.frames_lost(), 1)
        self.assertEqual(decoder.items_unmatched(), 1)

    def test_entropy_coded_packets(self):
        # Five equally likely codewords take less than the three bits of an index.
        isac.write_fresh_model(self.path, self.scenario, FIVE_CODEWORDS, "pilot", 1)
        clean, _ = self.run_decoder(
            self.packets(), isac.fusion_decoder(self.scenario, self.path))
        for entropy_coding in [(True, True), (False, True)]:
            packets = self.packets(entropy_coding)
            for m in range(2):
                self.assertEqual(set(packets[m, :, 25]), {int(entropy_coding[m])})
            decoder = isac.fusion_decoder(self.scenario, self.path)
            result, _ = self.run_decoder(packets, decoder)
            self.assertEqual(decoder.refusals(), {})
            self.assertEqual(sorted(result), list(range(FRAMES)))
            for frame, estimates in result.items():
                np.testing.assert_array_equal(estimates, clean[frame])

    def test_lost_packets(self):
        packets = self.packets()
        decoder = isac.fusion_decoder(self.scenario, self.path)
        result, _ = self.run_decoder(
            [packets[0], np.delete(packets[1], [2, 3], axis=0)], decoder)
        self.assertEqual(sorted(result), [0, 1, 4, 5, 6, 7])
        self.assertEqual(decoder.frames(), 6)
        self.assertEqual(decoder.frames_lost(), 2)

    def test_packets_of_another_model(self):
        packets = self.packets()
        other = os.path.join(self.folder.name, "other.safetensors")
        isac.write_fresh_model(other, self.scenario, "lite", "pilot", 2)
        decoder = isac.fusion_decoder(self.scenario, other)
        result, _ = self.run_decoder(packets, decoder)
        self.assertEqual(result, {})
        self.assertGreater(decoder.refusals()["foreign"], 0)
        self.assertEqual(decoder.frames(), 0)

    def test_absent_access_point(self):
        packets = self.packets()
        both, _ = self.run_decoder(packets, isac.fusion_decoder(self.scenario, self.path))
        decoder = isac.fusion_decoder(self.scenario, self.path, absent=[0])
        result, _ = self.run_decoder(packets[1:], decoder)
        self.assertEqual(sorted(result), list(range(FRAMES)))
        self.assertTrue(np.isfinite(list(result.values())).all())
        self.assertFalse(np.array_equal(result[0], both[0]))
        self.assertEqual(decoder.packets_refused(), 0)
        # Packets of access point 0 have no input any more.
        misled = isac.fusion_decoder(self.scenario, self.path, absent=[0])
        nothing, _ = self.run_decoder(packets[:1], misled)
        self.assertEqual(nothing, {})
        self.assertGreater(misled.refusals()["wrong_access_point"], 0)
        for absent, named in [([2], "2"), ([1, 1], "twice"), ([0, 1], "all 2")]:
            with self.assertRaisesRegex(ValueError, named):
                isac.fusion_decoder(self.scenario, self.path, "cpu", absent)

    def used(self, pdus):
        """Access points of each PDU."""
        return [list(pmt.to_python(pmt.car(pdu))["access_points"]) for pdu in pdus]

    def test_deadline_goes_on_without_an_access_point(self):
        packets = self.packets()
        clean, pdus = self.run_decoder(packets, isac.fusion_decoder(self.scenario, self.path))
        self.assertEqual(self.used(pdus), [[0, 1]] * FRAMES)
        alone, pdus = self.run_decoder(
            packets[:1], isac.fusion_decoder(self.scenario, self.path, absent=[1]))
        self.assertEqual(self.used(pdus), [[0]] * FRAMES)
        damaged = packets[1].copy()
        damaged[5, 70] ^= 1
        decoder = isac.fusion_decoder(self.scenario, self.path, deadline_s=0.5)
        result, pdus = self.run_decoder(
            [packets[0], np.repeat(damaged, [1, 2, 0, 1, 1, 1, 1, 1], axis=0)], decoder)
        self.assertEqual(sorted(result), list(range(FRAMES)))
        for frame, estimates in result.items():
            expected = alone if frame in (2, 5) else clean
            np.testing.assert_array_equal(estimates, expected[frame])
        self.assertEqual(self.used(pdus),
                         [[0] if frame in (2, 5) else [0, 1] for frame in range(FRAMES)])
        self.assertEqual((decoder.frames_incomplete(), decoder.frames_lost()), (2, 0))
        self.assertEqual((decoder.duplicates(), decoder.packets_late()), (1, 0))

    def test_deadline_outlasts_a_silent_access_point(self):
        packets = self.packets()
        alone, _ = self.run_decoder(
            packets[:1], isac.fusion_decoder(self.scenario, self.path, absent=[1]))
        decoder = isac.fusion_decoder(self.scenario, self.path, deadline_s=0.05)
        size = decoder.packet_size()
        flowgraph = gr.top_block()
        flowgraph.connect(
            blocks.vector_source_b(packets[0].ravel().tolist(), False, size), (decoder, 0))
        # Nobody ever connects to it.
        silent = zeromq.pull_source(gr.sizeof_char, size, f"ipc://{self.folder.name}/packets")
        sink = blocks.vector_sink_f(self.scenario.estimate_size)
        flowgraph.connect(silent, (decoder, 1))
        flowgraph.connect(decoder, sink)
        flowgraph.start()
        for _ in range(600):
            if decoder.frames() >= FRAMES:
                break
            time.sleep(0.1)
        flowgraph.stop()
        flowgraph.wait()
        self.assertEqual(decoder.error(), "")
        self.assertEqual((decoder.frames(), decoder.frames_incomplete()), (FRAMES, FRAMES))
        np.testing.assert_array_equal(
            np.array(sink.data()).reshape(FRAMES, -1),
            np.array([alone[frame] for frame in range(FRAMES)]))

    def test_wrong_deadlines(self):
        for deadline in (-0.5, float("nan"), 4000.0):
            with self.assertRaisesRegex(ValueError, "deadline"):
                isac.fusion_decoder(self.scenario, self.path, deadline_s=deadline)

    def test_vectors_sent(self):
        isac.write_fresh_model(self.path, self.scenario, SPARSE, "pilot", 1)
        info = isac.load_model_info(self.path)
        self.assertEqual(info.vectors_sent, 6)
        self.assertEqual(info.index_count, 18)
        packets = self.packets((False, True))
        self.assertEqual(set(packets[1, :, 25]), {1})
        decoder = isac.fusion_decoder(self.scenario, self.path)
        result, _ = self.run_decoder(packets, decoder)
        self.assertEqual(sorted(result), list(range(FRAMES)))
        plain, _ = self.run_decoder(
            self.packets(), isac.fusion_decoder(self.scenario, self.path))
        for frame, estimates in result.items():
            np.testing.assert_array_equal(estimates, plain[frame])

    def test_wrong_files(self):
        with self.assertRaisesRegex(RuntimeError, "nowhere"):
            isac.fusion_decoder(self.scenario, "nowhere")
        with self.assertRaisesRegex(RuntimeError, "small.yml"):
            isac.fusion_decoder(self.scenario, SMALL)


if __name__ == "__main__":
    gr_unittest.run(qa_fusion_decoder)
