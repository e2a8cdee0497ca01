#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Counters of the fronthaul, read over ControlPort from a flowgraph in another process."""

import os
import pathlib
import re
import subprocess
import sys
import threading
import time
import unittest

from gnuradio import gr_unittest

try:
    from gnuradio.ctrlport.GNURadioControlPortClient import GNURadioControlPortClient
except ImportError:
    GNURadioControlPortClient = None

ROOT = pathlib.Path(__file__).resolve().parents[2]
PATIENCE_S = 120.0
PACKETS = 7

# Packets that are none for the source: it counts every one as corrupt. The process ends as soon
# as the flowgraph has: GNU Radio 3.10 takes ControlPort's server down while its threads still run,
# and one exit in ten crashes or hangs once a client was there, with blocks of GNU Radio alone too.
FLOWGRAPH = f"""
import os
import sys
from gnuradio import blocks, gr, isac
scenario = isac.load_scenario(r"{ROOT / 'examples' / 'scenarios' / 'lite.yml'}")
info = scenario.estimator("ml")
flowgraph = gr.top_block()
source = isac.fronthaul_source(scenario, 0, info.packet_size, info.fingerprint,
                               "tcp://127.0.0.1:*", "none")
sink = isac.fronthaul_sink(info.packet_size, source.address(), "none")
zeros = blocks.vector_source_b([0] * info.packet_size * {PACKETS}, False, info.packet_size)
flowgraph.connect(source, blocks.null_sink(info.packet_size))
flowgraph.connect(zeros, sink)
flowgraph.start()
sys.stdin.read()
flowgraph.stop()
flowgraph.wait()
os._exit(0)
"""


class Flowgraph:
    """The process, and the port that its ControlPort has chosen."""

    def __init__(self):
        environment = dict(os.environ, GR_CONF_CONTROLPORT_ON="True")
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-c", FLOWGRAPH], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)
        self.text = ""
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.text += line

    def port(self):
        found = re.search(r"Apache Thrift: -h \S+ -p (\d+)", self.text)
        return int(found[1]) if found else None

    def stop(self):
        self.process.stdin.close()
        status = self.process.wait(PATIENCE_S)
        self.reader.join(PATIENCE_S)
        self.process.stdout.close()
        return status


@unittest.skipUnless(GNURadioControlPortClient, "GNU Radio was built without ControlPort")
class qa_control_port(gr_unittest.TestCase):

    def wait_for(self, what, get):
        end = time.monotonic() + PATIENCE_S
        while not (value := get()):
            if time.monotonic() > end or self.flowgraph.process.poll() is not None:
                self.fail(f"no {what}:\n{self.flowgraph.text}")
            time.sleep(0.1)
        return value

    def test_counters_are_read(self):
        self.flowgraph = Flowgraph()
        self.addCleanup(self.flowgraph.process.kill)
        port = self.wait_for("port", self.flowgraph.port)
        client = GNURadioControlPortClient("127.0.0.1", port, rpcmethod="thrift").client

        def counters():
            return {name: knob.value for name, knob in client.getKnobs([]).items()
                    if name.startswith("fronthaul_")}

        self.wait_for("packets", lambda: counters().get(
            "fronthaul_source0::packets_corrupt") == PACKETS)
        found = counters()
        sink = {name.split("::")[1]: value for name, value in found.items()
                if name.startswith("fronthaul_sink")}
        source = {name.split("::")[1]: value for name, value in found.items()
                  if name.startswith("fronthaul_source")}
        self.assertEqual(sink, {"packets_sent": PACKETS, "packets_dropped": 0,
                                "connections_refused": 0})
        self.assertEqual(source, {
            "packets_received": 0, "packets_lost": 0, "packets_late": 0, "packets_duplicate": 0,
            "packets_corrupt": PACKETS, "packets_foreign": 0, "packets_refused": 0,
            "connections_refused": 0})
        properties = client.properties([])["fronthaul_source0::packets_corrupt"]
        self.assertEqual((properties.units, properties.description),
                         ("packets", "damaged packets"))
        self.assertEqual(self.flowgraph.stop(), 0, self.flowgraph.text)


if __name__ == "__main__":
    gr_unittest.run(qa_control_port)
