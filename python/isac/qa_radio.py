#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Radios set up from a scenario, where there is none."""

import pathlib

from gnuradio import gr_unittest, isac

ROOT = pathlib.Path(__file__).resolve().parents[2]


class qa_radio(gr_unittest.TestCase):

    def setUp(self):
        self.scenario = isac.load_scenario(
            str(ROOT / "examples" / "scenarios" / "sdr_2x2.yml"))

    def test_sizes_of_the_scenario(self):
        # 80 samples of 62.5 kHz; the centre is subcarrier 32 of 64.
        self.assertEqual(self.scenario.sample_rate_hz, 5e6)
        self.assertEqual(self.scenario.center_hz, 5.8e9 + 32 * 62.5e3)
        # Two preambles of 16 times 128, header of 49 times 32, 256 symbols of 100.
        self.assertEqual(self.scenario.frame_samples, 2 * 16 * 128 + 49 * 32 + 256 * 100)
        self.assertEqual(self.scenario.period_samples, 500000)
        self.assertEqual(self.scenario.frame_period_s, 0.1)
        lite = isac.load_scenario(str(ROOT / "examples" / "scenarios" / "lite.yml"))
        with self.assertRaisesRegex(isac.ScenarioError, "radio: .*over the air"):
            lite.sample_rate_hz

    def test_missing_usrp_is_said_with_a_hint(self):
        for make in (isac.uhd_source, isac.uhd_sink):
            with self.assertRaisesRegex(isac.RadioError, "No devices found") as caught:
                make(self.scenario, 0, "addr=127.0.0.2", 30.0)
            self.assertIn("uhd_find_devices", str(caught.exception))

    def test_missing_soapy_radio_is_said_with_a_hint(self):
        for make in (isac.soapy_source, isac.soapy_sink):
            with self.assertRaisesRegex(isac.RadioError, "no match") as caught:
                make(self.scenario, 1, "driver=none-such", 30.0)
            self.assertIn("SOAPY_SDR_PLUGIN_PATH", str(caught.exception))
            self.assertIn("driver=none-such", str(caught.exception))

    def test_wrong_parameters(self):
        with self.assertRaisesRegex(ValueError, "access point: 2"):
            isac.uhd_source(self.scenario, 2, "type=b200", 30.0)
        with self.assertRaisesRegex(ValueError, "access point: -1"):
            isac.soapy_sink(self.scenario, -1, "driver=isac", 30.0)
        with self.assertRaisesRegex(ValueError, "tx0 has 2 antennas"):
            isac.uhd_sink(self.scenario, 0, "type=b200", 30.0, channels=[0, 1, 2])

    def test_device_arguments_of_the_virtual_radio(self):
        self.assertEqual(
            isac.device_arguments("driver=isac,environment=a", "s.yml", "rx1"),
            "driver=isac,environment=a,scenario=s.yml,access_point=rx1")
        self.assertEqual(
            isac.device_arguments("driver=isac, scenario=b.yml", "s.yml", "rx1"),
            "driver=isac, scenario=b.yml,access_point=rx1")
        self.assertEqual(
            isac.device_arguments("driver=lime", "s.yml", "rx1"), "driver=lime")

    def test_seed_of_the_scenes(self):
        for device, seed in (("driver=isac", 0), ("driver=isac,seed=7, scene=drawn", 7),
                             ("driver=isac,seed=7,scene=moving", None),
                             ("driver=uhd,seed=7", None), ("", None)):
            self.assertEqual(isac.scene_seed(device), seed)

    def test_next_start(self):
        for now, start in [(0.0, 30.0), (19.9, 30.0), (20.0, 60.0), (31.0, 60.0)]:
            self.assertEqual(isac.next_start(now=now), start)
        self.assertEqual(isac.next_start(10.0, 2.0, now=1000007.5), 1000010.0)
        with self.assertRaisesRegex(ValueError, "lead of 40"):
            isac.next_start(30.0, 40.0)


if __name__ == "__main__":
    gr_unittest.run(qa_radio)
