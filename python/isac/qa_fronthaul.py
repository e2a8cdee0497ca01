#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fronthaul over the network: who is let in, what is passed on, and what is only counted."""

import gc
import os
import pathlib
import subprocess
import tempfile
import time

import numpy as np
import zmq
from gnuradio import blocks, gr, gr_unittest, isac

ROOT = pathlib.Path(__file__).resolve().parents[2]
KEYGEN = pathlib.Path(os.environ["CFISAC_BINARY_DIR"]) / "apps" / "isac_keygen"
PATIENCE_S = 60.0


def keygen(*arguments):
    result = subprocess.run([str(KEYGEN), *map(str, arguments)], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def sealed(packet):
    """A packet whose CRC-32C fits again after a change."""
    crc = 0xFFFFFFFF
    for byte in packet[:-4]:
        crc ^= int(byte)
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    packet[-4:] = np.frombuffer((crc ^ 0xFFFFFFFF).to_bytes(4, "little"), np.uint8)
    return packet


def with_frame(packet, frame):
    packet = packet.copy()
    packet[8:16] = np.frombuffer(int(frame).to_bytes(8, "little"), np.uint8)
    return sealed(packet)


class Receiving:
    """A flowgraph that stores what a source passes on."""

    def __init__(self, source, size):
        self.source = source
        self.size = size
        self.sink = blocks.vector_sink_b(size)
        self.flowgraph = gr.top_block()
        self.flowgraph.connect(source, self.sink)
        self.flowgraph.start()

    def packets(self):
        return np.array(self.sink.data(), np.uint8).reshape(-1, self.size)

    def wait_for(self, condition):
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end and not condition():
            time.sleep(0.01)
        return condition()

    def stop(self):
        self.flowgraph.stop()
        self.flowgraph.wait()
        return self.packets()


class qa_fronthaul(gr_unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.scenario = isac.load_scenario(
            str(ROOT / "examples" / "scenarios" / "lite.yml"))
        cls.info = cls.scenario.estimator("ml")
        cls.size = cls.info.packet_size
        cls.first = cls.estimated()
        cls.folder = tempfile.TemporaryDirectory()
        folder = pathlib.Path(cls.folder.name)
        cls.authorised = folder / "authorised"
        keygen(folder / "central")
        for m in range(2):
            keygen(folder / f"ap{m}", "--authorise", cls.authorised, "--access-point", m)
        keygen(folder / "stranger")

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @classmethod
    def estimated(cls):
        """The packet of frame 0 of access point 0."""
        flowgraph = gr.top_block()
        payload = isac.payload_source(cls.scenario, 1)
        precoder = isac.mmse_precoder(cls.scenario, 1, "cpu")
        channel = isac.bistatic_channel(cls.scenario, 1, "cpu")
        for k in range(cls.scenario.users):
            flowgraph.connect((payload, k), (precoder, k))
        estimator = isac.ml_estimator(cls.scenario, 0, "cpu")
        for n in range(2):
            head = blocks.head(8 * cls.scenario.transmit_frame_size, 1)
            flowgraph.connect((precoder, n), head, (channel, n))
            flowgraph.connect(head, (estimator, 1 + n))
        sink = blocks.vector_sink_b(cls.size)
        flowgraph.connect((channel, 0), estimator, sink)
        flowgraph.connect((channel, 1), blocks.null_sink(
            8 * cls.scenario.receive_frame_size))
        flowgraph.connect((channel, 2), blocks.null_sink(4 * cls.scenario.estimate_size))
        flowgraph.run()
        return np.array(sink.data(), np.uint8)

    def key(self, name):
        return str(pathlib.Path(self.folder.name) / name)

    def receive(self, address="tcp://127.0.0.1:*", security="curve", access_point=0):
        keys = (self.key("central.key"), str(self.authorised)) if security == "curve" else ()
        source = isac.fronthaul_source(
            self.scenario, access_point, self.size, self.info.fingerprint, address, security,
            *keys)
        return Receiving(source, self.size)

    def sink(self, address, security="curve", name="ap0"):
        keys = (self.key(f"{name}.key"), self.key("central.pub")) if security == "curve" else ()
        return isac.fronthaul_sink(self.size, address, security, *keys, queue=1000)

    def send(self, sink, packets, size=None):
        """Run a flowgraph of a source and a sink."""
        packets = np.asarray(packets, np.uint8)
        flowgraph = gr.top_block()
        source = blocks.vector_source_b(
            packets.ravel().tolist(), False, size or packets.shape[-1])
        flowgraph.connect(source, sink)
        flowgraph.run()
        return sink

    def raw_send(self, receiving, message):
        """Any message, as somebody else's program may send it; the socket, to be closed."""
        socket = zmq.Context.instance().socket(zmq.PUSH)
        socket.linger = 0
        socket.connect(receiving.source.address())
        socket.send(bytes(message))
        return socket

    def frames(self, first, count):
        return np.array([with_frame(self.first, first + i) for i in range(count)])

    def test_end(self):
        """What has come goes on, and then the flowgraph ends by itself."""
        receiving = self.receive()
        packets = [with_frame(self.first, frame) for frame in range(12)]
        self.send(self.sink(receiving.source.address()), packets)
        self.assertTrue(receiving.wait_for(
            lambda: receiving.source.packets_received() >= len(packets)))
        receiving.source.end()
        receiving.flowgraph.wait()
        np.testing.assert_array_equal(receiving.packets(), packets)
        # Started again, it goes on.
        receiving.flowgraph.start()
        self.send(self.sink(receiving.source.address()), packets)
        self.assertTrue(receiving.wait_for(
            lambda: receiving.source.packets_received() >= 2 * len(packets)))
        receiving.source.end()
        receiving.flowgraph.wait()
        self.assertEqual(receiving.source.error(), "")

    def test_packets_through_authenticated_loopback(self):
        receiving = self.receive()
        packets = self.frames(0, 20)
        sink = self.send(self.sink(receiving.source.address()), packets)
        self.assertEqual((sink.packets_sent(), sink.packets_dropped(), sink.error()), (20, 0, ""))
        self.assertTrue(receiving.wait_for(lambda: receiving.source.packets_received() == 20))
        np.testing.assert_array_equal(receiving.stop(), packets)
        source = receiving.source
        self.assertEqual(
            (source.packets_lost(), source.packets_late(), source.packets_duplicate(),
             source.packets_corrupt(), source.packets_foreign(), source.packets_refused(),
             source.connections_refused(), source.error()), (0,) * 7 + ("",))

    def test_wrong_key_is_refused(self):
        # One that nobody knows, and one of another access point.
        for name in ("stranger", "ap1"):
            receiving = self.receive()
            sink = self.send(self.sink(receiving.source.address(), name=name),
                             self.frames(0, 5))
            self.assertEqual((sink.packets_sent(), sink.packets_dropped()), (0, 5))
            self.assertGreaterEqual(receiving.source.connections_refused(), 1)
            # Without any keys.
            sink = self.send(self.sink(receiving.source.address(), "none"), self.frames(0, 5))
            self.assertEqual((sink.packets_sent(), sink.packets_dropped()), (0, 5))
            self.assertEqual(len(receiving.stop()), 0)
            self.assertEqual(receiving.source.packets_received(), 0)

    def test_another_access_points_packets_are_refused(self):
        receiving = self.receive(access_point=1)
        sink = self.send(self.sink(receiving.source.address(), name="ap1"), self.frames(0, 5))
        self.assertEqual(sink.packets_sent(), 5)
        self.assertTrue(receiving.wait_for(lambda: receiving.source.packets_refused() == 5))
        self.assertEqual(len(receiving.stop()), 0)

    def test_hostile_packets(self):
        whole = with_frame(self.first, 1)
        flipped = whole.copy()
        flipped[60] ^= 4
        foreign = whole.copy()
        foreign[36] ^= 1
        sealed(foreign)
        cases = [(flipped, "packets_corrupt"), (whole[:-1], "packets_corrupt"),
                 (np.pad(whole, (0, 100)), "packets_corrupt"), (b"", "packets_corrupt"),
                 (foreign, "packets_foreign")]
        for message, counter in cases:
            receiving = self.receive(security="none")
            socket = self.raw_send(receiving, message)
            count = getattr(receiving.source, counter)
            self.assertTrue(receiving.wait_for(lambda: count() == 1), counter)
            socket.send(bytes(whole))
            self.assertTrue(receiving.wait_for(
                lambda: receiving.source.packets_received() == 1), counter)
            socket.close()
            np.testing.assert_array_equal(receiving.stop(), [whole])

    def test_replayed_packets(self):
        receiving = self.receive()
        packets = self.frames(0, 6)
        order = [0, 1, 1, 4, 0, 2, 5]
        self.send(self.sink(receiving.source.address()), packets[order])
        source = receiving.source
        self.assertTrue(receiving.wait_for(lambda: source.packets_received() == 4))
        np.testing.assert_array_equal(receiving.stop(), packets[[0, 1, 4, 5]])
        self.assertEqual((source.packets_duplicate(), source.packets_late(),
                          source.packets_lost()), (2, 1, 2))

    def test_source_comes_back(self):
        receiving = self.receive()
        address = receiving.source.address()
        flowgraph = gr.top_block()
        packets = self.frames(0, 3000)
        throttle = blocks.throttle(self.size, 100.0)
        throttle.set_max_noutput_items(1)
        sink = self.sink(address)
        flowgraph.connect(blocks.vector_source_b(packets.ravel().tolist(), False, self.size),
                          throttle, sink)
        flowgraph.start()
        self.assertTrue(receiving.wait_for(lambda: receiving.source.packets_received() > 3))
        receiving.stop()
        del receiving
        gc.collect()
        time.sleep(0.5)
        receiving = self.receive(address)
        self.assertTrue(receiving.wait_for(lambda: receiving.source.packets_received() > 3))
        flowgraph.stop()
        flowgraph.wait()
        got = receiving.stop()
        first = int.from_bytes(got[0, 8:16].tobytes(), "little")
        np.testing.assert_array_equal(got[0], packets[first])
        self.assertEqual(sink.error(), "")

    def test_sink_comes_back(self):
        receiving = self.receive()
        packets = self.frames(0, 10)
        for round_ in range(3):
            self.send(self.sink(receiving.source.address()), packets)
            self.assertTrue(receiving.wait_for(
                lambda: receiving.source.packets_received() == 10 * (round_ + 1)))
        np.testing.assert_array_equal(receiving.stop(), np.tile(packets, (3, 1)))
        self.assertEqual(receiving.source.packets_lost(), 0)
        self.assertEqual(receiving.source.packets_duplicate(), 0)

    def test_flowgraph_starts_again(self):
        receiving = self.receive()
        address = receiving.source.address()
        self.send(self.sink(address), self.frames(0, 5))
        self.assertTrue(receiving.wait_for(lambda: receiving.source.packets_received() == 5))
        receiving.stop()
        receiving.flowgraph.start()
        self.send(self.sink(address), self.frames(7, 5))
        self.assertTrue(receiving.wait_for(lambda: receiving.source.packets_received() == 10))
        receiving.stop()
        self.assertEqual(receiving.source.address(), address)
        self.assertEqual(receiving.source.packets_lost(), 2)

    def test_wrong_parameters(self):
        central, authorised = self.key("central.key"), str(self.authorised)

        def source(**changed):
            values = dict(scenario=self.scenario, access_point=0, packet_size=self.size,
                          fingerprint=self.info.fingerprint, address="tcp://127.0.0.1:*",
                          key_file=central, authorised_file=authorised)
            values.update(changed)
            return isac.fronthaul_source(**values)

        def sink(**changed):
            values = dict(packet_size=self.size, address="tcp://127.0.0.1:5550",
                          key_file=self.key("ap0.key"), server_key_file=self.key("central.pub"))
            values.update(changed)
            return isac.fronthaul_sink(**values)

        for end in (source, sink):
            for changed, named in [
                    ({"security": "tls"}, "'tls'"), ({"security": "none"}, "key_file"),
                    ({"key_file": ""}, "key_file"), ({"packet_size": 3}, "packet size"),
                    ({"queue": 0}, "queue"), ({"queue": -1}, "queue")]:
                with self.assertRaisesRegex(ValueError, named):
                    end(**changed)
            with self.assertRaisesRegex(RuntimeError, "nowhere.key"):
                end(key_file=self.key("nowhere.key"))
        with self.assertRaisesRegex(ValueError, "access point: 2"):
            source(access_point=2)
        with self.assertRaisesRegex(ValueError, "authorised_file"):
            source(authorised_file="")
        with self.assertRaisesRegex(ValueError, "server_key_file"):
            sink(server_key_file="")
        with self.assertRaisesRegex(RuntimeError, "nonsense"):
            source(address="nonsense")
        with self.assertRaisesRegex(ValueError, "nonsense"):
            sink(address="nonsense")
        with tempfile.TemporaryDirectory() as folder:
            open_key = pathlib.Path(folder) / "open.key"
            open_key.write_bytes(pathlib.Path(central).read_bytes())
            open_key.chmod(0o644)
            with self.assertRaisesRegex(RuntimeError, "open.key.*0644"):
                source(key_file=str(open_key))


if __name__ == "__main__":
    gr_unittest.run(qa_fronthaul)
