#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The payload source."""

import pathlib

import numpy as np
from gnuradio import blocks, gr, gr_unittest, isac

SMALL = str(pathlib.Path(__file__).parents[2] / "lib" / "tests" / "blocks" / "small.yml")


class qa_payload_source(gr_unittest.TestCase):

    def run_source(self, seed, symbols):
        scenario = isac.load_scenario(SMALL)
        flowgraph = gr.top_block()
        source = isac.payload_source(scenario, seed)
        sinks = [blocks.vector_sink_c() for _ in range(scenario.users)]
        for user, sink in enumerate(sinks):
            flowgraph.connect((source, user), blocks.head(gr.sizeof_gr_complex, symbols), sink)
        flowgraph.run()
        return np.array([sink.data() for sink in sinks])

    def test_constellation(self):
        symbols = self.run_source(1, 8192)
        levels = np.array([-3, -1, 1, 3]) / np.sqrt(10)
        for part in (symbols.real, symbols.imag):
            distance = np.abs(part[..., None] - levels).min(axis=-1)
            self.assertLess(distance.max(), 1e-6)
        self.assertAlmostEqual(np.mean(np.abs(symbols) ** 2), 1.0, delta=0.02)
        # Users are independent of each other.
        cross = np.abs(np.mean(symbols[0] * symbols[1].conj()))
        self.assertLess(cross, 0.05)

    def test_seed(self):
        first = self.run_source(2, 600)
        np.testing.assert_array_equal(first, self.run_source(2, 600))
        self.assertFalse(np.array_equal(first, self.run_source(3, 600)))
        # Frames differ from one another.
        self.assertFalse(np.array_equal(first[:, :256], first[:, 256:512]))


if __name__ == "__main__":
    gr_unittest.run(qa_payload_source)
