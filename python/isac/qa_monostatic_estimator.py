#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Monostatic sensing: the derived scenario, targets at known places, location-only scores."""

import math
import pathlib

import numpy as np
from gnuradio import blocks, gr, gr_unittest, isac

LITE = str(pathlib.Path(__file__).parents[2] / "examples" / "scenarios" / "lite.yml")
FRAMES = 4
PLACES = np.array([[38.0, 42.0], [66.0, 71.0]])


class qa_monostatic_estimator(gr_unittest.TestCase):

    def setUp(self):
        self.given = isac.load_scenario(LITE)
        self.scenario = self.given.monostatic()

    def test_scenario(self):
        scenario = self.scenario
        self.assertEqual((scenario.num_transmit, scenario.num_receive), (1, 1))
        self.assertEqual(scenario.transmit[0].position_m, [50.0, 0.0])
        self.assertEqual(scenario.receive[0].position_m, [50.0, 0.0])
        self.assertEqual(scenario.targets, self.given.targets)
        self.assertEqual(scenario.interval_s, self.given.interval_s)
        self.assertNotEqual(scenario.fingerprint, self.given.fingerprint)
        elsewhere = self.given.monostatic([10.0, -5.0])
        self.assertEqual(elsewhere.transmit[0].position_m, [10.0, -5.0])
        with self.assertRaises(ValueError):
            self.given.monostatic([1.0, 2.0, 3.0])

    def run_chain(self, estimator, echoes=None):
        """Estimated locations [frame, target, coordinate] and the scores."""
        scenario = self.scenario
        flowgraph = gr.top_block()
        payload = isac.payload_source(scenario, 2)
        precoder = isac.mmse_precoder(scenario, 2, "cpu")
        channel = isac.bistatic_channel(scenario, 2, "cpu")
        channel.set_targets(PLACES.ravel(), np.zeros(4))
        channel.set_noise_dbm(-160.0)
        meter = isac.error_meter(scenario, location_only=True)
        for k in range(scenario.users):
            flowgraph.connect((payload, k), (precoder, k))
        head = blocks.head(8 * scenario.transmit_frame_size, FRAMES)
        flowgraph.connect(precoder, head, channel)
        flowgraph.connect(head, (estimator, 1))
        flowgraph.connect(channel, estimator)
        flowgraph.connect((channel, 1), meter)
        flowgraph.connect(estimator, (meter, 1))
        sink = blocks.vector_sink_f(scenario.estimate_size)
        flowgraph.connect(estimator, sink)
        flowgraph.run()
        self.assertEqual(estimator.error(), "")
        return np.array(sink.data()).reshape(-1, 2, 2, 2)[:, 0], meter.scores()

    def test_targets_at_known_places(self):
        estimator = isac.monostatic_estimator(self.scenario, "cpu")
        locations, scores = self.run_chain(estimator)
        self.assertEqual(len(locations), FRAMES)
        self.assertEqual(estimator.frames(), FRAMES)
        errors = [min(np.linalg.norm(frame[order] - PLACES, axis=1).sum()
                      for order in ([0, 1], [1, 0])) for frame in locations]
        # A range bin is 2.4 m, a beam of 8 antennas 14 degrees: 12 m in 50 m.
        self.assertLess(np.median(errors), 2 * 6.0)
        self.assertEqual(scores["frames"], FRAMES)
        self.assertTrue(math.isnan(scores["velocity_rmse_mps"]))
        self.assertLess(scores["location_median_m"], 6.0)

    def test_wrong_scenario(self):
        with self.assertRaises(ValueError):
            isac.monostatic_estimator(self.given, "cpu")
        with self.assertRaisesRegex(ValueError, "gpu7"):
            isac.monostatic_estimator(self.scenario, "gpu7")


if __name__ == "__main__":
    gr_unittest.run(qa_monostatic_estimator)
