#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access points and central unit as programs of their own, on the virtual radio: the
flowgraphs of examples/sdr."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import numpy as np
from gnuradio import blocks, gr, gr_unittest, isac

ROOT = pathlib.Path(__file__).resolve().parents[2]
SDR = ROOT / "examples" / "sdr"
BUILD = pathlib.Path(os.environ.get("CFISAC_BINARY_DIR", ROOT / "build"))
SEED = 7
PATIENCE_S = 300  # of a slow machine


class Program:
    """A flowgraph in a process of its own, and what it prints."""

    def __init__(self, folder, name, *arguments, environment):
        self.lines = []
        self.process = subprocess.Popen(
            [sys.executable, "-u", str(folder / f"{name}.py"), *arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, env=environment, cwd=folder)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        with self.process.stdout as lines:
            for line in lines:
                self.lines.append(line.rstrip("\n"))

    def text(self):
        return "\n".join(self.lines)

    def stop(self, number=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(number)
        status = self.process.wait(PATIENCE_S)
        self.reader.join(PATIENCE_S)
        return status


def estimates(text):
    """{frame: (access points, values)} of the lines that the central unit has printed."""
    number = r"(-?[0-9.]+)"
    result = {}
    for match in re.finditer(
            rf"^frame (\d+), .*access points ([0-9 ]*); target 0: \({number}, {number}\) m, "
            rf"\({number}, {number}\) m/s", text, re.MULTILINE):
        frame, points, *values = match.groups()
        result[int(frame)] = [int(m) for m in points.split()], np.array(values, float)
    return result


def frequency_domain(scenario, frames):
    """Targets [frame, 2·D·Q] of the scenes that the seed gives, and the estimates of the same
    estimators in the frequency domain."""
    flowgraph = gr.top_block()
    payload = isac.payload_source(scenario, SEED)
    precoder = isac.mmse_precoder(scenario, SEED, "cpu")
    channel = isac.bistatic_channel(scenario, SEED, "cpu")
    fusion = isac.parameter_fusion(scenario, "ml")
    estimators = [isac.ml_estimator(scenario, m, "cpu") for m in range(scenario.num_receive)]
    for k in range(scenario.users):
        flowgraph.connect((payload, k), (precoder, k))
    for n in range(scenario.num_transmit):
        head = blocks.head(8 * scenario.transmit_frame_size, frames)
        flowgraph.connect((precoder, n), head, (channel, n))
        for estimator in estimators:
            flowgraph.connect(head, (estimator, 1 + n))
    for m, estimator in enumerate(estimators):
        flowgraph.connect((channel, m), estimator, (fusion, m))
    sinks = [blocks.vector_sink_f(scenario.estimate_size) for _ in range(2)]
    flowgraph.connect((channel, scenario.num_receive), sinks[0])
    flowgraph.connect((fusion, 0), sinks[1])
    flowgraph.run()
    return [np.array(sink.data()).reshape(frames, -1) for sink in sinks]


@unittest.skipUnless(shutil.which("grcc"), "grcc is not installed")
class qa_over_the_air(gr_unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.temporary.name)
        cls.environment = dict(
            os.environ, HOME=cls.temporary.name, ISAC_EXAMPLES=str(ROOT / "examples"),
            GRC_BLOCKS_PATH=str(ROOT / "grc"), XDG_RUNTIME_DIR=cls.temporary.name,
            SOAPY_SDR_PLUGIN_PATH=str(BUILD / "lib" / "radio"), OMP_NUM_THREADS="1")
        cls.scenario = isac.load_scenario(str(ROOT / "examples" / "scenarios" / "sdr_2x2.yml"))

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def compile(self, name):
        run = dict(capture_output=True, text=True, env=self.environment)
        result = subprocess.run(
            ["grcc", "-o", str(self.folder), str(SDR / f"{name}.grc")], **run)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def wait_for(self, what, condition, *programs):
        """Wait until the condition holds; fail with what the programs have printed."""
        end = time.monotonic() + PATIENCE_S
        while not condition():
            ended = [p for p in programs if p.process.poll() is not None]
            if ended or time.monotonic() > end:
                self.fail(f"no {what}:\n" + "\n--\n".join(p.text()[-3000:] for p in programs))
            time.sleep(0.1)

    def start(self, name, *arguments):
        program = Program(self.folder, name, *arguments, environment=self.environment)
        self.addCleanup(program.stop, signal.SIGKILL)
        return program

    def test_access_points_in_processes_of_their_own(self):
        for name in ("transmit_2x2_soapy", "receive_2x2_soapy", "central_unit"):
            self.compile(name)
        device = (f"driver=isac,environment=qa-{os.getpid()},time=lockstep,participants=4,"
                  f"scene=drawn,seed={SEED},start_s=0.5")
        packets = [f"ipc://{self.folder}/packets-{m}" for m in range(2)]

        def receive(m):
            return self.start("receive_2x2_soapy", "-a", str(m), "-d", device, "--seed",
                              str(SEED), "--start-time-s", "0.5", "--address", packets[m])

        central = self.start("central_unit", "--address-0", packets[0], "--address-1",
                             packets[1], "--deadline-s", "1")
        receivers = [receive(m) for m in range(2)]
        transmitters = [self.start("transmit_2x2_soapy", "-a", str(n), "-d", device, "--seed",
                                   str(SEED)) for n in range(2)]
        running = [central, *receivers, *transmitters]

        # Both access points, and the estimates are those of the scenes.
        def complete():
            return {frame: values for frame, (points, values)
                    in estimates(central.text()).items() if points == [0, 1]}
        # Fewer frames would compare chance: ratios of 20 of them scatter by a half.
        self.wait_for("estimates", lambda: len(complete()) >= 120, *running)
        found = complete()
        expected, reference = frequency_domain(self.scenario, max(found) + 1)
        frames = sorted(found)
        part = slice(0, self.scenario.dimensions)

        def errors(values):
            return np.linalg.norm((values - expected[frames])[:, part], axis=1)
        over_the_air = errors(np.array([found[frame] for frame in frames]))
        beside = errors(reference[frames])
        # The median of the root bound of these scenes is 2 m, their area 300 m x 200 m.
        self.assertLess(np.median(over_the_air), 5.0, over_the_air)
        # What radios, synchronisation and the direct paths cost.
        for score in (np.median, lambda values: np.sqrt(np.mean(values ** 2))):
            self.assertLess(score(over_the_air), 1.3 * score(beside),
                            f"{len(frames)} frames: {over_the_air} for {beside}")

        # Without one of them it goes on, and says so; back again, it takes part.
        # What was said of it last: on a slow machine it has been missing before.
        def missing():
            text = central.text()
            return (text.rfind("receive access point 1 is missing")
                    > text.rfind("receive access point 1 is back"))
        receivers[1].stop(signal.SIGKILL)
        running.remove(receivers[1])
        self.wait_for("report of the missing access point",
                      missing, *running)
        last = max(estimates(central.text()))
        self.wait_for("estimates without it",
                      lambda: len([frame for frame, (points, _)
                                   in estimates(central.text()).items()
                                   if frame > last and points == [0]]) >= 3, *running)
        receivers[1] = receive(1)
        running.append(receivers[1])
        self.wait_for("report of its return",
                      lambda: not missing(), *running)

        for program in running:
            self.assertEqual(program.stop(), 0, program.text()[-3000:])
            self.assertNotIn("Traceback", program.text())

    def test_without_a_usrp(self):
        for name in ("transmit_2x2_uhd", "receive_2x2_uhd", "transmit_4x4_uhd",
                     "receive_4x4_uhd", "record_2x2_uhd", "record_4x4_uhd"):
            self.compile(name)
            more = ["-f", f"{name}-samples"] if name.startswith("record") else []
            program = self.start(name, "-d", "addr=127.0.0.2", *more)
            self.assertEqual(program.stop(0), 1, program.text())
            self.assertIn("No devices found", program.text(), name)
            self.assertIn("Hint: uhd_find_devices", program.text(), name)


if __name__ == "__main__":
    gr_unittest.run(qa_over_the_air)
