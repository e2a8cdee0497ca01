#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The transmit reference against what the transmit access points send."""

import pathlib

import numpy as np
import pmt
from gnuradio import blocks, gr, gr_unittest, isac

ROOT = pathlib.Path(__file__).resolve().parents[2]


class qa_transmit_reference(gr_unittest.TestCase):

    def setUp(self):
        self.scenario = isac.load_scenario(str(ROOT / "examples" / "scenarios" / "sdr_2x2.yml"))
        self.shape = (-1, self.scenario.transmit_antennas, 64, 256)

    def sinks(self, flowgraph, block):
        sinks = [blocks.vector_sink_c(self.scenario.transmit_frame_size) for _ in range(2)]
        for n, sink in enumerate(sinks):
            flowgraph.connect((block, n), sink)
        return sinks

    def sent(self, frames, power_dbm):
        flowgraph = gr.top_block()
        payload = isac.payload_source(self.scenario, 7)
        precoder = isac.mmse_precoder(self.scenario, 7, "cpu")
        precoder.set_transmit_power_dbm(power_dbm)
        for k in range(self.scenario.users):
            head = blocks.head(8, frames * self.scenario.symbols_per_frame)
            flowgraph.connect((payload, k), head, (precoder, k))
        sinks = self.sinks(flowgraph, precoder)
        flowgraph.run()
        return [np.array(sink.data()).reshape(self.shape) for sink in sinks]

    def test_frames(self):
        numbers = [3, 0, 2]
        tags = []
        for item, number in enumerate(numbers):
            tag = gr.tag_t()
            tag.offset, tag.key = item, pmt.intern("frame")
            tag.value = pmt.from_uint64(number)
            tags.append(tag)
        size = self.scenario.receive_frame_size
        reference = isac.transmit_reference(self.scenario, 7, "cpu")
        reference.set_transmit_power_dbm(3.0)
        flowgraph = gr.top_block()
        flowgraph.connect(blocks.vector_source_c(np.zeros(3 * size), False, size, tags),
                          reference)
        sinks = self.sinks(flowgraph, reference)
        flowgraph.run()
        self.assertEqual(reference.error(), "")
        for sink, sent in zip(sinks, self.sent(4, 3.0)):
            sent[:, :, 32] = 0  # the radio's centre
            found = np.array(sink.data()).reshape(self.shape)
            np.testing.assert_array_equal(found, sent[numbers])
            self.assertGreater(np.abs(found).max(), 0)
            self.assertEqual([pmt.to_uint64(tag.value) for tag in sink.tags()
                              if pmt.symbol_to_string(tag.key) == "frame"], numbers)

    def test_bad_values(self):
        reference = isac.transmit_reference(self.scenario, 7, "cpu")
        self.assertEqual(reference.transmit_power_dbm(), self.scenario.transmit_power_dbm)
        with self.assertRaisesRegex(ValueError, "power"):
            reference.set_transmit_power_dbm(float("nan"))
        with self.assertRaises(ValueError):
            isac.transmit_reference(self.scenario, 7, "gpu")


if __name__ == "__main__":
    gr_unittest.run(qa_transmit_reference)
