#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON that the estimate publisher makes of PDUs written here by hand, over ZeroMQ and UDP, and
of a whole flowgraph."""

import json
import math
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time

import numpy as np
import pmt
import zmq
from gnuradio import blocks, gr, gr_unittest, isac

ROOT = pathlib.Path(__file__).resolve().parents[2]
READER = ROOT / "examples" / "headless" / "read_estimates.py"
PATIENCE_S = 60


def pdu(values, **about):
    metadata = pmt.make_dict()
    for key, value in about.items():
        metadata = pmt.dict_add(metadata, pmt.intern(key), value)
    return pmt.cons(metadata, pmt.init_f32vector(len(values), values))


VALUES = [10.0, 120.5, 200.25, 0.1, 1.0, -2.0, 3.5, 1e-30]
SURE = dict(frame=pmt.from_uint64(2 ** 63 + 7), confidence=pmt.init_f32vector(2, [0.5, 1.0]))


class qa_estimate_publisher(gr_unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        # Two targets in two dimensions, two receive access points.
        cls.scenario = isac.load_scenario(str(ROOT / "examples" / "scenarios" / "lite.yml"))

    def setUp(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(self.socket.close)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(PATIENCE_S)
        self.udp = "127.0.0.1:%d" % self.socket.getsockname()[1]

    def start(self, publisher):
        """A flowgraph that runs, and what posts messages in it."""
        flowgraph = gr.top_block()
        source = gr.basic_block("source", [], [])
        source.message_port_register_out(pmt.intern("out"))
        flowgraph.msg_connect(source, "out", publisher, "estimates")
        self.source = source  # the block calls it until the flowgraph has stopped
        flowgraph.start()
        self.addCleanup(flowgraph.wait)
        self.addCleanup(flowgraph.stop)
        return lambda message: source.message_port_pub(pmt.intern("out"), message)

    def read(self):
        return json.loads(self.socket.recv(65507))

    def wait_for(self, condition):
        until = time.monotonic() + PATIENCE_S
        while not condition() and time.monotonic() < until:
            time.sleep(0.01)
        self.assertTrue(condition())

    def test_objects(self):
        publisher = isac.estimate_publisher(self.scenario, udp_address=self.udp)
        self.assertEqual(publisher.zmq_address(), "")
        post = self.start(publisher)
        covariance = np.arange(32, dtype=np.float32).reshape(2, 4, 4) / 3
        post(pdu(VALUES, **SURE, time=pmt.from_double(1.25),
                 access_points=pmt.init_s32vector(2, [0, 1]),
                 covariance=pmt.init_f32vector(32, covariance.ravel().tolist())))
        post(pdu(VALUES, **SURE))
        full, bare = self.read(), self.read()
        self.assertEqual(list(full), ["sequence", "frame", "time", "access_points", "targets"])
        self.assertEqual((full["sequence"], bare["sequence"]), (0, 1))
        self.assertEqual((full["frame"], bare["frame"]), (2 ** 63 + 7,) * 2)
        self.assertEqual((full["time"], full["access_points"]), (1.25, [0, 1]))
        self.assertEqual((bare["time"], bare["access_points"]), (None, None))
        # A float's own digits: 0.1 and no more.
        self.assertEqual(bare["targets"], [
            {"position_m": [10.0, 120.5], "velocity_mps": [1.0, -2.0], "confidence": 0.5},
            {"position_m": [200.25, 0.1], "velocity_mps": [3.5, 1e-30], "confidence": 1.0}])
        for target, expected in zip(full["targets"], covariance):
            np.testing.assert_array_equal(np.float32(target.pop("covariance")), expected)
        self.assertEqual(full["targets"], bare["targets"])
        self.wait_for(lambda: publisher.published() == 2)
        self.assertEqual((publisher.messages_refused(), publisher.datagrams_dropped()), (0, 0))

    def test_numbers_that_are_none(self):
        post = self.start(isac.estimate_publisher(self.scenario, udp_address=self.udp))
        values = [math.nan, math.inf, -math.inf, 3.4028235e38] + VALUES[4:]
        post(pdu(values, frame=pmt.from_uint64(7), time=pmt.from_double(math.nan),
                 confidence=pmt.init_f32vector(2, [math.nan, 1.0])))

        def refuse(word):
            raise AssertionError(f"{word} is no JSON")
        text = self.socket.recv(65507)
        estimate = json.loads(text, parse_constant=refuse)
        self.assertEqual([target["position_m"] for target in estimate["targets"]],
                         [[None, None], [None, 3.4028235e38]])
        self.assertIsNone(estimate["time"])
        self.assertIsNone(estimate["targets"][0]["confidence"])

    def test_what_is_no_estimate(self):
        publisher = isac.estimate_publisher(self.scenario, udp_address=self.udp)
        post = self.start(publisher)
        short = dict(SURE, confidence=pmt.init_f32vector(1, [0.5]))
        wrong = [pmt.intern("hello"), pdu([1.0] * 4, **SURE), pdu(VALUES, **short),
                 pdu(VALUES, frame=pmt.from_uint64(7)),
                 pdu(VALUES, confidence=SURE["confidence"]),
                 pdu(VALUES, **SURE, covariance=pmt.init_f32vector(4, [1.0] * 4)),
                 pmt.cons(pmt.make_dict(), pmt.init_u8vector(1, [0]))]
        for message in wrong:
            post(message)
        post(pdu(VALUES, **SURE))
        self.assertEqual(self.read()["sequence"], 0)
        self.assertEqual(publisher.messages_refused(), len(wrong))
        self.wait_for(lambda: publisher.published() == 1)

    def test_zmq(self):
        publisher = isac.estimate_publisher(self.scenario, "tcp://127.0.0.1:*", self.udp)
        post = self.start(publisher)
        with zmq.Context() as context, context.socket(zmq.SUB) as reader:
            reader.setsockopt(zmq.LINGER, 0)
            reader.setsockopt(zmq.RCVTIMEO, 20)
            reader.subscribe("")
            reader.connect(publisher.zmq_address())
            parts = None
            until = time.monotonic() + PATIENCE_S
            while parts is None and time.monotonic() < until:
                post(pdu(VALUES, **SURE))
                try:
                    parts = reader.recv_multipart()
                except zmq.Again:
                    pass
            self.assertEqual(len(parts), 1)
            estimate = json.loads(parts[0])
        while True:  # the same object as over UDP
            beside = self.read()
            if beside["sequence"] == estimate["sequence"]:
                break
        self.assertEqual(estimate, beside)

    def test_reader_example(self):
        """Lines of the example, over UDP, and how many it missed."""
        self.socket.close()
        publisher = isac.estimate_publisher(self.scenario, udp_address=self.udp)
        post = self.start(publisher)
        with subprocess.Popen([sys.executable, str(READER), "--udp", self.udp, "--frames", "2"],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True) as reader:
            until = time.monotonic() + PATIENCE_S
            while reader.poll() is None and time.monotonic() < until:
                post(pdu(VALUES, **SURE, time=pmt.from_double(1.25),
                         access_points=pmt.init_s32vector(1, [1])))
                time.sleep(0.05)
            lines, errors = reader.communicate(timeout=PATIENCE_S)
        self.assertEqual(reader.returncode, 0, errors)
        self.assertEqual(lines.splitlines(), 2 * [
            f"frame {2 ** 63 + 7}, 1.250000 s, access points 1; "
            "target 0: (10.00, 120.50) m, (1.000, -2.000) m/s, confidence 0.500; "
            "target 1: (200.25, 0.10) m, (3.500, 0.000) m/s, confidence 1.000"])

    def test_nothing_is_lost_at_the_end(self):
        """Every frame of a flowgraph that ends by itself, with the numbers of its streams."""
        frames = 12
        flowgraph = gr.top_block()
        payload = isac.payload_source(self.scenario, 3)
        precoder = isac.mmse_precoder(self.scenario, 3, "cpu")
        channel = isac.bistatic_channel(self.scenario, 3, "cpu")
        fusion = isac.parameter_fusion(self.scenario, "ml")
        publisher = isac.estimate_publisher(self.scenario, udp_address=self.udp)
        for k in range(self.scenario.users):
            flowgraph.connect((payload, k), (precoder, k))
        for n in range(self.scenario.num_transmit):
            head = blocks.head(8 * self.scenario.transmit_frame_size, frames)
            flowgraph.connect((precoder, n), head, (channel, n))
            for m in range(self.scenario.num_receive):
                if n == 0:
                    setattr(self, f"estimator_{m}", isac.ml_estimator(self.scenario, m, "cpu"))
                flowgraph.connect(head, (getattr(self, f"estimator_{m}"), 1 + n))
        for m in range(self.scenario.num_receive):
            flowgraph.connect((channel, m), getattr(self, f"estimator_{m}"), (fusion, m))
        flowgraph.connect((channel, self.scenario.num_receive),
                          blocks.null_sink(4 * self.scenario.estimate_size))
        estimates = blocks.vector_sink_f(self.scenario.estimate_size)
        flowgraph.connect((fusion, 0), estimates)
        flowgraph.msg_connect(fusion, "estimates", publisher, "estimates")
        flowgraph.run()
        self.assertEqual(publisher.published(), frames)
        streamed = np.array(estimates.data(), np.float32).reshape(frames, 2, 2, 2)
        for frame in range(frames):
            estimate = self.read()
            self.assertEqual((estimate["frame"], estimate["access_points"]), (frame, [0, 1]))
            for q, target in enumerate(estimate["targets"]):
                np.testing.assert_array_equal(np.float32(target["position_m"]),
                                              streamed[frame, 0, q])
                np.testing.assert_array_equal(np.float32(target["velocity_mps"]),
                                              streamed[frame, 1, q])

    def test_wrong_parameters(self):
        with self.assertRaisesRegex(ValueError, "no address"):
            isac.estimate_publisher(self.scenario)
        with self.assertRaisesRegex(ValueError, "queue.*0"):
            isac.estimate_publisher(self.scenario, "tcp://127.0.0.1:*", queue=0)
        with self.assertRaisesRegex(ValueError, "localhost"):
            isac.estimate_publisher(self.scenario, udp_address="localhost")
        with self.assertRaisesRegex(RuntimeError, "tcp://nowhere"):
            isac.estimate_publisher(self.scenario, "tcp://nowhere")
        first = isac.estimate_publisher(self.scenario, "tcp://127.0.0.1:*")
        with self.assertRaisesRegex(RuntimeError, first.zmq_address()):
            isac.estimate_publisher(self.scenario, first.zmq_address())

    def test_datagrams_have_a_size(self):
        text = (ROOT / "examples" / "scenarios" / "lite.yml").read_text(encoding="utf-8")
        self.assertEqual(text.count("targets:\n  count: 2"), 1)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "many.yml")

            def with_targets(count):
                pathlib.Path(path).write_text(
                    text.replace("targets:\n  count: 2", f"targets:\n  count: {count}"),
                    encoding="utf-8")
                return isac.load_scenario(path)
            # 4 + 16 numbers of up to 14 characters, confidence, and the keys.
            publisher = isac.estimate_publisher(with_targets(150), udp_address=self.udp)
            with self.assertRaisesRegex(ValueError, "65507"):
                isac.estimate_publisher(with_targets(300), udp_address=self.udp)
            isac.estimate_publisher(with_targets(300), "tcp://127.0.0.1:*")
        # The longest that can be, in a datagram.
        longest = -1.1754944e-38
        post = self.start(publisher)
        post(pdu([longest] * 600, frame=pmt.from_uint64(2 ** 64 - 1),
                 time=pmt.from_double(-1.2345678901234567e-308),
                 access_points=pmt.init_s32vector(2, [0, 1]),
                 confidence=pmt.init_f32vector(150, [longest] * 150),
                 covariance=pmt.init_f32vector(2400, [longest] * 2400)))
        self.assertEqual(len(self.read()["targets"]), 150)
        self.assertEqual(publisher.datagrams_dropped(), 0)


if __name__ == "__main__":
    gr_unittest.run(qa_estimate_publisher)
