#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Estimators of access points and their fusion: targets at known places, bits, and a
fronthaul that damages packets."""

import pathlib
import tempfile
import time

import numpy as np
import pmt
from gnuradio import blocks, gr, gr_unittest, isac, zeromq

ROOT = pathlib.Path(__file__).parents[2]
LITE = str(ROOT / "examples" / "scenarios" / "lite.yml")
FRAMES = 4
PLACES = np.array([[32.0, 47.0], [71.0, 62.0]])
SPEEDS = np.array([[6.0, -9.0], [-12.0, 4.0]])
ESTIMATORS = {"music": isac.music_estimator, "cs": isac.cs_estimator, "ml": isac.ml_estimator}
# Of location (m) and velocity (m/s) in the median over frames and targets: MUSIC resolves
# the angle to parts of a beam only, 8 antennas being 14 degrees apart.
LIMITS = {"music": (4.0, 12.0), "cs": (4.0, 12.0), "ml": (0.05, 0.2)}


class qa_parameter_fusion(gr_unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.scenario = isac.load_scenario(LITE)
        cls.cache = {}

    def packets(self, scheme):
        """Bytes [M, frame, packet] of a scene with little noise."""
        if scheme not in self.cache:
            scenario = self.scenario
            flowgraph = gr.top_block()
            payload = isac.payload_source(scenario, 1)
            precoder = isac.mmse_precoder(scenario, 1, "cpu")
            channel = isac.bistatic_channel(scenario, 1, "cpu")
            channel.set_targets(PLACES.ravel(), SPEEDS.ravel())
            channel.set_noise_dbm(-160.0)
            for k in range(scenario.users):
                flowgraph.connect((payload, k), (precoder, k))
            estimators = [ESTIMATORS[scheme](scenario, m, "cpu") for m in range(2)]
            sinks = []
            for n in range(2):
                head = blocks.head(8 * scenario.transmit_frame_size, FRAMES)
                flowgraph.connect((precoder, n), head, (channel, n))
                for estimator in estimators:
                    flowgraph.connect(head, (estimator, 1 + n))
            for m, estimator in enumerate(estimators):
                sinks.append(blocks.vector_sink_b(estimator.packet_size()))
                flowgraph.connect((channel, m), estimator, sinks[m])
            flowgraph.connect((channel, 2), blocks.null_sink(4 * scenario.estimate_size))
            flowgraph.run()
            for estimator in estimators:
                self.assertEqual(estimator.error(), "")
                self.assertEqual(estimator.frames(), FRAMES)
            type(self).cache[scheme] = np.array(
                [sink.data() for sink in sinks], np.uint8).reshape(2, FRAMES, -1)
        return self.cache[scheme].copy()

    def run_fusion(self, packets, fusion):
        """{frame: estimates}, covariances [frame, Q, 4, 4], confidences and the PDUs."""
        flowgraph = gr.top_block()
        for m, stream in enumerate(packets):
            source = blocks.vector_source_b(
                np.asarray(stream).ravel().tolist(), False, fusion.packet_size())
            flowgraph.connect(source, (fusion, m))
        sinks = [blocks.vector_sink_f(size) for size in (8, 2, 32)]
        for port, sink in enumerate(sinks):
            flowgraph.connect((fusion, port), sink)
        messages = blocks.message_debug()
        flowgraph.msg_connect(fusion, "estimates", messages, "store")
        flowgraph.run()
        estimates = np.array(sinks[0].data()).reshape(-1, 2, 2, 2)
        frames = [pmt.to_python(tag.value) for tag in sinks[0].tags()
                  if pmt.symbol_to_string(tag.key) == "frame"]
        pdus = [messages.get_message(i) for i in range(messages.num_messages())]
        return (dict(zip(frames, estimates)), np.array(sinks[2].data()).reshape(-1, 2, 4, 4),
                np.array(sinks[1].data()).reshape(-1, 2), pdus)

    def errors(self, result):
        """Distances of location and velocity [frame, target], in the better order."""
        distances = []
        for location, velocity in result.values():
            orders = [(np.linalg.norm(location[order] - PLACES, axis=1),
                       np.linalg.norm(velocity[order] - SPEEDS, axis=1))
                      for order in ([0, 1], [1, 0])]
            distances.append(min(orders, key=lambda pair: pair[0].sum()))
        return np.array(distances).transpose(1, 0, 2)

    def test_targets_at_known_places(self):
        for scheme, limits in LIMITS.items():
            fusion = isac.parameter_fusion(self.scenario, scheme)
            result, covariance, confidence, pdus = self.run_fusion(
                self.packets(scheme), fusion)
            self.assertEqual(sorted(result), list(range(FRAMES)))
            location, velocity = self.errors(result)
            self.assertLess(np.median(location), limits[0], scheme)
            self.assertLess(np.median(velocity), limits[1], scheme)
            np.testing.assert_allclose(
                covariance, covariance.swapaxes(-1, -2), rtol=1e-3, atol=1e-9)
            self.assertGreater(
                np.linalg.eigvalsh(covariance.astype(np.float64)).min(), 0.0, scheme)
            self.assertTrue(((confidence >= 0) & (confidence <= 1)).all())
            self.assertEqual(len(pdus), FRAMES)
            about = pmt.to_python(pmt.car(pdus[2]))
            self.assertEqual(about["frame"], 2)
            self.assertEqual(len(about["covariance"]), 32)
            self.assertEqual(fusion.frames_lost(), 0)

    def test_bits(self):
        for scheme, bits in (("music", 192), ("cs", 192), ("ml", 1472)):
            info = self.scenario.estimator(scheme)
            self.assertEqual((info.scheme, info.fronthaul_bits), (scheme, bits))
            self.assertEqual(info.packet_size, 56 + bits // 8)
            self.assertEqual(ESTIMATORS[scheme](self.scenario, 0, "cpu").fronthaul_bits(), bits)
            # Precoder 64 N N_t K S and payload K S T 4 bits.
            self.assertEqual(info.reference_bits, 64 * 16 * 4 * 32 + 4 * 32 * 32 * 4)
            self.assertEqual(self.scenario.estimator(scheme, "pilot").reference_bits, 0)
        with self.assertRaisesRegex(ValueError, "esprit"):
            self.scenario.estimator("esprit")
        with self.assertRaisesRegex(ValueError, "raw"):
            self.scenario.estimator("ml", "raw")

    def test_damaged_packet(self):
        packets = self.packets("ml")
        clean, *_ = self.run_fusion(packets, isac.parameter_fusion(self.scenario, "ml"))
        packets[1, 2, 70] ^= 1
        fusion = isac.parameter_fusion(self.scenario, "ml")
        result, *_ = self.run_fusion(packets, fusion)
        self.assertEqual(sorted(result), [0, 1, 3])
        for frame, estimates in result.items():
            np.testing.assert_array_equal(estimates, clean[frame])
        self.assertEqual(fusion.refusals(), {"bad_crc": 1})
        self.assertEqual(fusion.packets_refused(), 1)
        self.assertEqual(fusion.frames_lost(), 1)
        self.assertEqual(fusion.items_unmatched(), 1)

    def test_absent_access_point(self):
        # One access point locates: it sees a target by way of both transmit access points.
        fusion = isac.parameter_fusion(self.scenario, "ml", absent=[0])
        result, *_ = self.run_fusion(self.packets("ml")[1:], fusion)
        location, _ = self.errors(result)
        self.assertLess(np.median(location), 0.1)
        misled = isac.parameter_fusion(self.scenario, "ml", absent=[0])
        nothing, *_ = self.run_fusion(self.packets("ml")[:1], misled)
        self.assertEqual(nothing, {})
        self.assertGreater(misled.refusals()["wrong_access_point"], 0)
        for absent, named in [([2], "2"), ([1, 1], "twice"), ([0, 1], "all 2")]:
            with self.assertRaisesRegex(ValueError, named):
                isac.parameter_fusion(self.scenario, "ml", absent)

    def test_deadline_goes_on_without_an_access_point(self):
        packets = self.packets("ml")
        clean, *_ = self.run_fusion(packets, isac.parameter_fusion(self.scenario, "ml"))
        alone, *_ = self.run_fusion(
            packets[:1], isac.parameter_fusion(self.scenario, "ml", absent=[1]))
        packets[1, 2, 70] ^= 1
        fusion = isac.parameter_fusion(self.scenario, "ml", deadline_s=0.5)
        result, _, _, pdus = self.run_fusion(packets, fusion)
        self.assertEqual(sorted(result), list(range(FRAMES)))
        for frame, estimates in result.items():
            expected = alone if frame == 2 else clean
            np.testing.assert_array_equal(estimates, expected[frame])
        used = [list(pmt.to_python(pmt.car(pdu))["access_points"]) for pdu in pdus]
        self.assertEqual(used, [[0, 1], [0, 1], [0], [0, 1]])
        self.assertEqual((fusion.frames_incomplete(), fusion.frames_lost()), (1, 0))

    def test_deadline_outlasts_a_silent_access_point(self):
        packets = self.packets("ml")
        alone, *_ = self.run_fusion(
            packets[:1], isac.parameter_fusion(self.scenario, "ml", absent=[1]))
        fusion = isac.parameter_fusion(self.scenario, "ml", deadline_s=0.05)
        size = fusion.packet_size()
        flowgraph = gr.top_block()
        flowgraph.connect(
            blocks.vector_source_b(packets[0].ravel().tolist(), False, size), (fusion, 0))
        with tempfile.TemporaryDirectory() as folder:
            # Nobody ever connects to it.
            silent = zeromq.pull_source(gr.sizeof_char, size, f"ipc://{folder}/packets")
            sink = blocks.vector_sink_f(8)
            flowgraph.connect(silent, (fusion, 1))
            flowgraph.connect(fusion, sink)
            flowgraph.start()
            for _ in range(600):
                if fusion.frames() >= FRAMES:
                    break
                time.sleep(0.1)
            flowgraph.stop()
            flowgraph.wait()
        self.assertEqual(fusion.error(), "")
        self.assertEqual((fusion.frames(), fusion.frames_incomplete()), (FRAMES, FRAMES))
        np.testing.assert_array_equal(
            np.array(sink.data()).reshape(FRAMES, 2, 2, 2),
            np.array([alone[frame] for frame in range(FRAMES)]))

    def test_wrong_parameters(self):
        for deadline in (-0.5, float("nan"), 4000.0):
            with self.assertRaisesRegex(ValueError, "deadline"):
                isac.parameter_fusion(self.scenario, "ml", deadline_s=deadline)
        with self.assertRaisesRegex(ValueError, "esprit"):
            isac.parameter_fusion(self.scenario, "esprit")
        for estimator in ESTIMATORS.values():
            with self.assertRaisesRegex(ValueError, "access point: 2"):
                estimator(self.scenario, 2, "cpu")
            with self.assertRaisesRegex(ValueError, "gpu7"):
                estimator(self.scenario, 0, "gpu7")


if __name__ == "__main__":
    gr_unittest.run(qa_parameter_fusion)
