#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples: the headless flowgraph, and the one for GNU Radio Companion."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

from gnuradio import gr_unittest, isac

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Runs the generated flowgraph, moves every slider, and ends after some frames.
DRIVER = """
import sys, time
from PyQt5 import Qt, QtCore
import simulate_lite

application = Qt.QApplication(sys.argv)
flowgraph = simulate_lite.simulate_lite()
flowgraph.start()
flowgraph.show()
deadline = time.monotonic() + 120

def look():
    if flowgraph.meter.scores()["frames"] >= 3:
        flowgraph.set_power_dbm(20.0)
        flowgraph.set_noise_dbm(-95.0)
        flowgraph.set_scatterers(5)
        flowgraph.set_timing_ns(0.5)
        flowgraph.set_frequency_hz(10.0)
        assert flowgraph.precoder.transmit_power_dbm() == 20.0
        assert flowgraph.channel.noise_dbm() == -95.0
    elif time.monotonic() < deadline:
        return
    flowgraph.stop()
    flowgraph.wait()
    print("frames", flowgraph.meter.scores()["frames"], flush=True)
    application.quit()

timer = QtCore.QTimer()
timer.timeout.connect(look)
timer.start(100)
application.exec_()
"""


class qa_examples(gr_unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.examples = pathlib.Path(cls.folder.name) / "examples"
        (cls.examples / "models").mkdir(parents=True)
        shutil.copytree(ROOT / "examples" / "scenarios", cls.examples / "scenarios")
        cls.model = str(cls.examples / "models" / "lite.safetensors")
        scenario = isac.load_scenario(str(ROOT / "examples" / "scenarios" / "lite.yml"))
        isac.write_fresh_model(cls.model, scenario, "lite", "", 1)
        cls.environment = dict(
            os.environ, ISAC_EXAMPLES=str(cls.examples), HOME=cls.folder.name,
            GRC_BLOCKS_PATH=str(ROOT / "grc"), XDG_RUNTIME_DIR=cls.folder.name)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def run_program(self, *command, **options):
        return subprocess.run(
            command, cwd=self.folder.name, env=self.environment, capture_output=True,
            text=True, timeout=400, **options)

    def run_headless(self, *arguments, script="simulate_lite.py"):
        return self.run_program(
            sys.executable, str(ROOT / "examples" / "headless" / script), *arguments)

    def test_headless(self):
        picture = pathlib.Path(self.folder.name) / "map.png"
        arguments = ["--frames", "5", "--seed", "3", "--device", "cpu"]
        first = self.run_headless(*arguments, "--map", str(picture))
        self.assertEqual(first.returncode, 0, first.stderr)
        self.assertIn("location [m]", first.stdout)
        self.assertIn("frames 5, lost 0", first.stdout)
        self.assertEqual(picture.read_bytes()[:4], b"\x89PNG")
        table = first.stdout[first.stdout.index("location"):]
        again = self.run_headless(*arguments).stdout
        self.assertEqual(again[again.index("location"):], table)

    def test_headless_with_wrong_arguments(self):
        for arguments, text in ((["--frames", "0"], "--frames"),
                                (["--model", "nothing"], "nothing"),
                                (["--device", "abacus"], "abacus"),
                                (["--scenario", str(ROOT / "examples" / "scenarios" /
                                                    "paper.yml")], "made for scenario")):
            result = self.run_headless(*arguments)
            self.assertEqual(result.returncode, 2, result.stderr)
            self.assertIn(text, result.stderr)
            self.assertNotIn("Traceback", result.stderr)

    def test_estimators_without_a_window(self):
        arguments = ["--frames", "5", "--seed", "3", "--device", "cpu"]
        first = self.run_headless(*arguments, script="ml_lite.py")
        self.assertEqual(first.returncode, 0, first.stderr)
        self.assertIn("location [m]", first.stdout)
        self.assertIn("frames 5, lost 0; fronthaul 1472 bit", first.stdout)
        self.assertIn("squared location error", first.stdout)
        self.assertEqual(self.run_headless(*arguments, script="ml_lite.py").stdout,
                         first.stdout)
        for wrong, text in ((["--scheme", "esprit"], "esprit"), (["--frames", "0"], "--frames"),
                            (["--device", "abacus"], "abacus"),
                            (["--scenario", "nothing"], "nothing")):
            result = self.run_headless(*wrong, script="ml_lite.py")
            self.assertEqual(result.returncode, 2, result.stderr)
            self.assertIn(text, result.stderr)
            self.assertNotIn("Traceback", result.stderr)

    def test_over_the_air_without_a_radio(self):
        for removal in ("direct", "projection"):
            result = self.run_headless("--frames", "20", "--removal", removal,
                                       script="over_the_air.py")
            self.assertEqual(result.returncode, 0, result.stderr)
            medians = [float(line.split()[3]) for line in result.stdout.splitlines()
                       if line.startswith("location")]
            self.assertEqual(len(medians), 2, result.stdout)
            # Over the air, and in the frequency domain; the area is 300 m x 200 m.
            self.assertLess(medians[0], 1.3 * medians[1] if removal == "direct" else 4.0,
                            result.stdout)
            self.assertLess(medians[1], 2.5, result.stdout)

    def test_numpy_helpers(self):
        arguments = ["--frames", "4", "--seed", "3", "--device", "cpu", "--receiver", "ml",
                     "--receiver", "cs", "--model", self.model]
        first = self.run_headless(*arguments, script="numpy_helpers.py")
        self.assertEqual(first.returncode, 0, first.stderr)
        rows = {line[:12].strip(): [float(word) for word in line[12:].split()]
                for line in first.stdout.splitlines()[1:]}
        self.assertEqual(list(rows), ["ml", "cs", "model", "root CRLB"])
        for location, velocity in rows.values():
            self.assertGreater(location, 0.0)
            self.assertGreater(velocity, 0.0)
        # Maximum likelihood comes close to the bound, and is better than the others.
        self.assertLess(rows["ml"][0], 4 * rows["root CRLB"][0])
        self.assertLess(rows["ml"][0], rows["cs"][0])
        self.assertEqual(self.run_headless(*arguments, script="numpy_helpers.py").stdout,
                         first.stdout)
        for wrong, text in ((["--receiver", "esprit"], "esprit"), (["--frames", "0"], "--frames"),
                            (["--device", "abacus"], "abacus"),
                            (["--noise-dbm", "nan"], "nan"), (["--model", "nothing"], "nothing"),
                            (["--scenario", "nothing"], "nothing")):
            result = self.run_headless(*wrong, script="numpy_helpers.py")
            self.assertEqual(result.returncode, 2, result.stderr)
            self.assertIn(text, result.stderr)
            self.assertNotIn("Traceback", result.stderr)

    def test_users(self):
        errors = []
        for power in ("40", "0"):
            result = self.run_headless("--frames", "5", "--power-dbm", power,
                                       "--device", "cpu", script="users.py")
            self.assertEqual(result.returncode, 0, result.stderr)
            lines = [line.split() for line in result.stdout.splitlines()
                     if line.split()[0].isdigit()]
            self.assertEqual([int(line[0]) for line in lines], list(range(4)))
            errors.append([float(line[3]) for line in lines])  # of vectors, %
        for strong, weak in zip(*errors):
            self.assertLess(strong, weak)
        for wrong, text in ((["--training-symbols", "32"], "training"),
                            (["--frames", "0"], "--frames"),
                            (["--scenario", "nothing"], "nothing")):
            result = self.run_headless(*wrong, script="users.py")
            self.assertEqual(result.returncode, 2, result.stderr)
            self.assertIn(text, result.stderr)
            self.assertNotIn("Traceback", result.stderr)

    @unittest.skipUnless(shutil.which("grcc"), "grcc is not installed")
    def test_companion_with_estimators(self):
        result = self.run_program(
            "grcc", "-o", self.folder.name, str(ROOT / "examples" / "estimators_lite.grc"))
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        generated = pathlib.Path(self.folder.name) / "estimators_lite.py"
        self.assertTrue(generated.is_file(), result.stdout + result.stderr)
        program = generated.read_text()
        self.assertIn("frames = 100", program)
        generated.write_text(program.replace("frames = 100", "frames = 5"))
        result = self.run_program(sys.executable, str(generated))
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertIn("location [m]", result.stdout)

    @unittest.skipUnless(shutil.which("grcc"), "grcc is not installed")
    def test_companion(self):
        result = self.run_program(
            "grcc", "-o", self.folder.name, str(ROOT / "examples" / "simulate_lite.grc"))
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        generated = pathlib.Path(self.folder.name) / "simulate_lite.py"
        self.assertTrue(generated.is_file(), result.stdout + result.stderr)
        if not shutil.which("xvfb-run"):
            self.skipTest("xvfb-run is not installed: compiled, not run")
        (pathlib.Path(self.folder.name) / "driver.py").write_text(DRIVER)
        result = self.run_program("xvfb-run", "-a", sys.executable, "driver.py")
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        frames = [line for line in result.stdout.splitlines() if line.startswith("frames")]
        self.assertTrue(frames, result.stdout + result.stderr)
        self.assertGreaterEqual(float(frames[0].split()[1]), 3)


if __name__ == "__main__":
    gr_unittest.run(qa_examples)
