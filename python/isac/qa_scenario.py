#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scenario and model files in Python."""

import os
import pathlib
import tempfile

from gnuradio import gr_unittest, isac

ROOT = pathlib.Path(__file__).parents[2]
SMALL = str(ROOT / "lib" / "tests" / "blocks" / "small.yml")


class qa_scenario(gr_unittest.TestCase):

    def test_sizes(self):
        scenario = isac.load_scenario(SMALL)
        self.assertEqual(scenario.num_transmit, 2)
        self.assertEqual(scenario.num_receive, 2)
        self.assertEqual(scenario.users, 4)
        self.assertEqual(scenario.targets, 2)
        self.assertEqual(scenario.transmit_frame_size, 4 * 16 * 16)
        self.assertEqual(scenario.receive_frame_size, 4 * 16 * 16)
        self.assertEqual(scenario.symbols_per_frame, 256)
        self.assertEqual(scenario.estimate_size, 8)
        self.assertEqual(scenario.raw_echo_bits, 64 * 1024)
        self.assertAlmostEqual(scenario.interval_s, 256 * (1 / 960e3 + 1 / 960e3), 12)
        self.assertEqual(scenario.transmit[1].position_m, [75.0, 0.0])
        self.assertEqual(scenario.target_area_m.max, [100.0, 100.0])

    def test_three_dimensions(self):
        scenario = isac.load_scenario(str(ROOT / "examples" / "scenarios" / "lite_3d.yml"))
        self.assertEqual(scenario.dimensions, 3)
        self.assertEqual(scenario.estimate_size, 2 * 3 * 2)
        self.assertEqual(scenario.transmit_frame_size, 16 * 32 * 32)
        point = scenario.receive[2]
        self.assertEqual((point.antennas, point.total_antennas), (4, 16))
        self.assertEqual(point.planar.axis, [0.0, 0.0, 1.0])
        self.assertEqual((point.planar.antennas, point.planar.spacing_wavelengths), (4, 0.5))
        again = isac.parse_scenario(scenario.to_yaml())
        self.assertEqual(again.fingerprint, scenario.fingerprint)
        linear = isac.load_scenario(SMALL).receive[0]
        self.assertIsNone(linear.planar)
        self.assertEqual(linear.total_antennas, linear.antennas)

    def test_yaml_and_back(self):
        scenario = isac.load_scenario(SMALL)
        again = isac.parse_scenario(scenario.to_yaml())
        self.assertEqual(again.fingerprint, scenario.fingerprint)
        self.assertEqual(again.to_yaml(), scenario.to_yaml())

    def test_read_only(self):
        with self.assertRaises(AttributeError):
            isac.load_scenario(SMALL).name = "other"

    def test_errors_name_the_key(self):
        text = pathlib.Path(SMALL).read_text()
        for old, new, key in (("count: 2", "count: 0", "count"),
                              ("transmit_power_dbm", "power", "power"),
                              ("spacing_wavelengths: 0.5", "spacing_wavelengths: -1",
                               "spacing_wavelengths")):
            with self.assertRaises(isac.ScenarioError) as caught:
                isac.parse_scenario(text.replace(old, new), "bad.yml")
            self.assertIn("bad.yml:", str(caught.exception))
            self.assertIn(key, str(caught.exception))
        with self.assertRaises(isac.ScenarioError):
            isac.load_scenario("no such file")

    def test_examples(self):
        os.environ["ISAC_EXAMPLES"] = str(ROOT / "examples")
        path = isac.example_path("scenarios/lite.yml")
        self.assertEqual(isac.load_scenario(path).name, "lite")
        with self.assertRaises(FileNotFoundError):
            isac.example_path("scenarios/none.yml")

    def test_model_file(self):
        scenario = isac.load_scenario(SMALL)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "model.safetensors")
            isac.write_fresh_model(path, scenario, "lite", "pilot", 1)
            info = isac.load_model_info(path)
            self.assertEqual((info.read_out, info.reference), ("grid", "pilot"))
            self.assertEqual(info.scenario.fingerprint, scenario.fingerprint)
            self.assertGreaterEqual(info.packet_size, 56 + info.fronthaul_bits // 8)
            with open(path, "r+b") as file:
                file.truncate(os.path.getsize(path) // 2)
            with self.assertRaisesRegex(RuntimeError, "model.safetensors"):
                isac.load_model_info(path)


if __name__ == "__main__":
    gr_unittest.run(qa_scenario)
