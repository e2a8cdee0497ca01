#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples: the headless flowgraph, and the one for GNU Radio Companion."""

import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest

from gnuradio import gr_unittest, isac

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ["CFISAC_BINARY_DIR"])

WINDOW = ROOT / "scripts" / "lib" / "run_window.py"


def free_ports(count):
    """The first of some ports in a row that nobody listens at."""
    for first in range(20000 + os.getpid() % 20000, 60000, count):
        sockets = [socket.socket() for _ in range(count)]
        try:
            for offset, each in enumerate(sockets):
                each.bind(("127.0.0.1", first + offset))
            return first
        except OSError:
            continue
        finally:
            for each in sockets:
                each.close()
    raise OSError("no free ports")


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

    def run_program(self, *command, cwd=None, **options):
        return subprocess.run(
            command, cwd=cwd or self.folder.name, env=self.environment, capture_output=True,
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

    def compile(self, name, folder=None):
        """The program that grcc makes of an example."""
        flowgraph = ROOT / "examples" / f"{name}.grc"
        result = self.run_program("grcc", "-o", self.folder.name, str(flowgraph), cwd=folder)
        generated = re.search(r"^>>> Generating: (.+)$", result.stdout, re.MULTILINE)
        self.assertTrue(result.returncode == 0 and generated, result.stdout + result.stderr)
        return pathlib.Path(generated[1])

    def run_window(self, name, *arguments):
        """Run a compiled flowgraph with a window, see scripts/lib/run_window.py."""
        picture = pathlib.Path(self.folder.name) / f"{name}.png"
        result = self.run_program("xvfb-run", "-a", "-s", "-screen 0 1600x1000x24",
                                  sys.executable, str(WINDOW), name, "--picture",
                                  str(picture), *arguments)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertEqual(picture.read_bytes()[:4], b"\x89PNG")
        return result

    def test_companion_with_estimators(self):
        generated = self.compile("estimators_lite")
        program = generated.read_text()
        self.assertIn("frames = 100", program)
        generated.write_text(program.replace("frames = 100", "frames = 5"))
        result = self.run_program(sys.executable, str(generated))
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertIn("location [m]", result.stdout)

    # Every control of simulate_lite and simulate_paper.
    CONTROLS = ["--set", "power_dbm=20.0", "--set", "noise_dbm=-95.0", "--set", "scatterers=5",
                "--set", "timing_ns=0.5", "--set", "frequency_hz=10.0", "--set",
                "target_count=1", "--set", "rx1_on=False"]
    CHANGED = ('f.precoder.transmit_power_dbm() == 20.0 and f.channel.noise_dbm() == -95.0 '
               'and f.channel.target_count() == 1 and not f.link_1.enabled()')

    def test_simulate_lite(self):
        self.compile("simulate_lite")
        self.run_window("simulate_lite", "--until", 'f.meter.scores()["frames"] >= 20',
                        *self.CONTROLS, "--then",
                        f'{self.CHANGED} and f.decoder.frames_incomplete() >= 5')

    def test_simulate_paper(self):
        generated = self.compile("simulate_paper")
        program = generated.read_text()
        self.assertIn("scenarios/paper.yml", program)
        # The same flowgraph on a scenario that a test has time for.
        generated.write_text(program.replace("scenarios/paper.yml", "scenarios/lite.yml")
                             .replace(", 20)", ", 0.5)"))
        self.run_window("simulate_paper", "--until", 'f.meter.scores()["frames"] >= 2',
                        *self.CONTROLS, "--then",
                        f'{self.CHANGED} and f.fusion.frames_incomplete() >= 2')

    def test_compare(self):
        self.compile("compare")
        meters = [f"f.{name}_meter.scores()['frames']" for name in
                  ("dvqvae", "music", "cs", "ml")]
        self.run_window("compare", "--set", "frames_per_second=10.0", "--then",
                        " and ".join(f"{meter} >= 3" for meter in meters))

    def test_compare_headless(self):
        result = self.run_headless("--frames", "3", "--device", "cpu", script="compare.py")
        self.assertEqual(result.returncode, 0, result.stderr)
        for name in ("dvqvae", "music", "cs", "ml"):
            self.assertRegex(result.stdout, rf"{name}: \d+ bit .*, 3 frames")
        self.assertEqual(result.stdout.count("location [m]"), 4)
        result = self.run_headless("--model", "nothing", script="compare.py")
        self.assertEqual(result.returncode, 2)
        self.assertIn("nothing", result.stderr)

    def test_record_and_replay(self):
        record = self.compile("record_and_replay/record")
        result = self.run_program(sys.executable, str(record), "-n", "4", "--overwrite", "1")
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        # The flowgraph that plays them asks the recordings what they are.
        self.compile("record_and_replay/replay", folder=self.folder.name)
        self.run_window("replay", "--until", "f.map_view.frames() >= 3")

    def test_record_and_replay_headless(self):
        arguments = ["--frames", "6", "--folder", self.folder.name]
        first = self.run_headless(*arguments, "--overwrite", script="record_and_replay.py")
        self.assertEqual(first.returncode, 0, first.stderr)
        lines = [line for line in first.stdout.splitlines() if line.startswith("frame ")]
        self.assertGreaterEqual(len(lines), 5, first.stdout)
        again = self.run_headless("--replay-only", *arguments, script="record_and_replay.py")
        self.assertEqual([line for line in again.stdout.splitlines()
                          if line.startswith("frame ")], lines)
        refused = self.run_headless(*arguments, script="record_and_replay.py")
        self.assertEqual(refused.returncode, 2)
        self.assertIn("rx0", refused.stderr)

    def make_keys(self):
        """Keys of a central unit and two access points; the name of their folder."""
        keys = pathlib.Path(self.folder.name) / "keys"
        if not keys.is_dir():
            keys.mkdir()
            program = str(BINARY / "apps" / "isac_keygen")
            for arguments in (["central"], ["ap0"], ["ap1"],
                              ["--public", "ap0.pub", "--authorise", "authorised",
                               "--access-point", "0"],
                              ["--public", "ap1.pub", "--authorise", "authorised",
                               "--access-point", "1"]):
                result = self.run_program(program, *arguments, cwd=keys)
                self.assertEqual(result.returncode, 0, result.stderr)
        return str(keys)

    def start_access_points(self, port, *command):
        """A program that sends until it is ended."""
        process = subprocess.Popen(
            [sys.executable, *command, "--port", str(port), "--keys", self.make_keys()],
            cwd=self.folder.name, env=self.environment, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def test_fronthaul_two_machines(self):
        sender = self.compile("fronthaul_two_machines/access_points")
        self.compile("fronthaul_two_machines/central_unit")
        port = free_ports(2)
        self.start_access_points(port, str(sender), "--frames-per-second", "20")
        self.run_window("fronthaul_central_unit", "--argument", f"port={port}", "--argument",
                        f"keys={self.make_keys()}", "--until",
                        "f.fronthaul_0.packets_received() >= 5 and "
                        "f.fronthaul_1.packets_received() >= 5", "--then",
                        "f.map_view.frames() >= 3")

    def test_fronthaul_two_machines_headless(self):
        script = str(ROOT / "examples" / "headless" / "fronthaul_two_machines.py")
        port = free_ports(2)
        self.start_access_points(port, script, "--role", "access-points", "--frames", "100000")
        result = self.run_headless("--role", "central-unit", "--frames", "10", "--port",
                                   str(port), "--keys", self.make_keys(),
                                   script="fronthaul_two_machines.py")
        self.assertEqual(result.returncode, 0, result.stderr)
        lines = [line for line in result.stdout.splitlines() if line.startswith("frame ")]
        self.assertGreaterEqual(len(lines), 10, result.stdout)
        self.assertRegex(result.stdout, r"access point 1: \d+ packets received, 0 lost")
        result = self.run_headless("--role", "central-unit", "--keys", "nowhere",
                                   script="fronthaul_two_machines.py")
        self.assertEqual(result.returncode, 2)
        self.assertIn("nowhere", result.stderr)


if __name__ == "__main__":
    gr_unittest.run(qa_examples)
