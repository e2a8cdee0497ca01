#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The error meter against NumPy."""

import json
import pathlib

import numpy as np
import pmt
from gnuradio import blocks, gr, gr_unittest, isac

SMALL = str(pathlib.Path(__file__).parents[2] / "lib" / "tests" / "blocks" / "small.yml")


class qa_error_meter(gr_unittest.TestCase):

    def setUp(self):
        self.meter = isac.error_meter(isac.load_scenario(SMALL))
        random = np.random.default_rng(1)
        # Two targets in different halves of the area, so that the assignment is plain.
        self.location = random.uniform(0, 30, (200, 2, 2))
        self.location[:, 1] += 60
        self.velocity = random.uniform(-20, 20, (200, 2, 2))
        self.error = random.normal(0, 1, (2, 200, 2, 2))

    def items(self, location, velocity):
        return np.concatenate([location.reshape(len(location), -1),
                               velocity.reshape(len(velocity), -1)], axis=1)

    def run_meter(self, truth, estimates, frames=None, bound=None):
        flowgraph = gr.top_block()
        tags = []
        for item, frame in enumerate(frames or []):
            tag = gr.tag_t()
            tag.offset, tag.key = item, pmt.intern("frame")
            tag.value = pmt.from_uint64(frame)
            tags.append(tag)
        flowgraph.connect(blocks.vector_source_f(truth.ravel(), False, 8), (self.meter, 0))
        flowgraph.connect(blocks.vector_source_f(estimates.ravel(), False, 8, tags),
                          (self.meter, 1))
        if bound is not None:
            flowgraph.connect(blocks.vector_source_f(bound.ravel(), False, 4),
                              (self.meter, 2))
        messages = blocks.message_debug()
        flowgraph.msg_connect(self.meter, "scores", messages, "store")
        flowgraph.run()
        return messages

    def test_scores(self):
        truth = self.items(self.location, self.velocity)
        # The estimates name the targets in the other order.
        estimates = self.items((self.location + self.error[0])[:, ::-1],
                               (self.velocity + self.error[1])[:, ::-1])
        bound = np.abs(self.error[0]).reshape(200, 4)
        messages = self.run_meter(truth, estimates, bound=bound)
        scores = self.meter.scores()
        far = np.linalg.norm(self.error[0], axis=-1).ravel()
        fast = np.linalg.norm(self.error[1], axis=-1).ravel()
        for name, wanted in (
                ("frames", 200), ("frames_lost", 0),
                ("location_rmse_m", np.sqrt(np.mean(far ** 2))),
                ("location_median_m", np.median(far)),
                ("location_p90_m", np.percentile(far, 90)),
                ("location_within_1m", np.mean(far <= 1)),
                ("velocity_rmse_mps", np.sqrt(np.mean(fast ** 2))),
                ("velocity_median_mps", np.median(fast)),
                ("velocity_p90_mps", np.percentile(fast, 90)),
                ("root_crlb_location_rms_m", np.sqrt(np.mean(bound[:, :2] ** 2))),
                ("root_crlb_location_median_m", np.median(bound[:, :2])),
                ("root_crlb_velocity_rms_mps", np.sqrt(np.mean(bound[:, 2:] ** 2))),
                ("root_crlb_velocity_median_mps", np.median(bound[:, 2:]))):
            self.assertAlmostEqual(scores[name], wanted, delta=1e-4, msg=name)
        self.assertEqual(set(json.loads(self.meter.to_json())), set(scores))
        self.assertGreaterEqual(messages.num_messages(), 1)
        self.assertIn("location_rmse_m", pmt.to_python(messages.get_message(0)))

    def test_location_only(self):
        self.meter = isac.error_meter(isac.load_scenario(SMALL), location_only=True)
        truth = self.items(self.location, self.velocity)
        # Velocities that would assign the estimates the other way round, or are not known.
        velocity = 100 * self.velocity[:, ::-1]
        velocity[3] = np.nan
        self.run_meter(truth, self.items(self.location + self.error[0], velocity))
        scores = self.meter.scores()
        far = np.linalg.norm(self.error[0], axis=-1).ravel()
        self.assertEqual((scores["frames"], scores["frames_lost"]), (200, 0))
        self.assertAlmostEqual(scores["location_rmse_m"], np.sqrt(np.mean(far ** 2)), 4)
        self.assertAlmostEqual(scores["location_p90_m"], np.percentile(far, 90), 4)
        for name in ("velocity_rmse_mps", "velocity_median_mps", "velocity_p90_mps"):
            self.assertTrue(np.isnan(scores[name]), name)
            self.assertIsNone(json.loads(self.meter.to_json())[name])

    def test_targets_that_are_not_there(self):
        truth = self.items(self.location, self.velocity)
        estimates = self.items(self.location + self.error[0], self.velocity)
        truth[50:, 2:4] = truth[50:, 6:] = np.nan
        self.run_meter(truth, estimates)
        scores = self.meter.scores()
        far = np.linalg.norm(self.error[0], axis=-1)
        far = np.concatenate([far[:50].ravel(), far[50:, 0]])
        self.assertEqual((scores["frames"], scores["frames_lost"]), (200, 0))
        self.assertAlmostEqual(scores["location_rmse_m"], np.sqrt(np.mean(far ** 2)), 4)
        truth[7, 3] = np.nan
        self.meter.clear()
        self.run_meter(truth, estimates)
        self.assertEqual(self.meter.scores()["frames_lost"], 1)

    def test_lost_frames(self):
        truth = self.items(self.location, self.velocity)
        kept = [f for f in range(200) if f % 3]
        self.run_meter(truth, truth[kept], kept)
        self.assertEqual(self.meter.scores()["frames"], len(kept))
        self.assertEqual(self.meter.scores()["frames_lost"], 200 - len(kept))
        self.assertEqual(self.meter.scores()["location_rmse_m"], 0)

    def test_table_and_clear(self):
        truth = self.items(self.location, self.velocity)
        self.run_meter(truth, truth)
        self.assertIn("velocity", self.meter.table())
        self.meter.clear()
        self.assertEqual(self.meter.scores()["frames"], 0)
        self.assertIsNone(json.loads(self.meter.to_json())["location_rmse_m"])


if __name__ == "__main__":
    gr_unittest.run(qa_error_meter)
