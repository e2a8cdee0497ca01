#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines that the estimate printer makes of PDUs written here by hand."""

import io
import pathlib
import time

import numpy as np
import pmt
from gnuradio import gr, gr_unittest, isac

ROOT = pathlib.Path(__file__).resolve().parents[2]


class qa_estimate_printer(gr_unittest.TestCase):

    def printed(self, *messages):
        """Printer and lines, two targets in two dimensions."""
        scenario = isac.load_scenario(str(ROOT / "examples" / "scenarios" / "sdr_4x4.yml"))
        text = io.StringIO()
        printer = isac.estimate_printer(scenario, text)
        flowgraph = gr.top_block()
        source = gr.basic_block("source", [], [])
        source.message_port_register_out(pmt.intern("out"))
        flowgraph.msg_connect(source, "out", printer, "estimates")
        flowgraph.start()
        for message in messages:
            source.message_port_pub(pmt.intern("out"), message)
        until = time.monotonic() + 60
        while (len(text.getvalue().splitlines()) + printer.messages_refused() < len(messages)
               and time.monotonic() < until):
            time.sleep(0.01)
        flowgraph.stop()
        flowgraph.wait()
        return printer, text.getvalue().splitlines()

    def pdu(self, values, **about):
        metadata = pmt.make_dict()
        for key, value in about.items():
            metadata = pmt.dict_add(metadata, pmt.intern(key), value)
        return pmt.cons(metadata, pmt.init_f32vector(len(values), values))

    def test_lines(self):
        values = [10.0, 120.5, 200.25, 150.0, 1.0, -2.0, 3.5, 0.0]
        covariance = np.zeros((2, 4, 4))
        # Roots of the means: 5 and 0.5, 1 and 0.1.
        covariance[0] = np.diag([1.0, 49.0, 0.25, 0.25])
        covariance[1] = np.diag([1.0, 1.0, 0.01, 0.01])
        sure = dict(frame=pmt.from_uint64(7), confidence=pmt.init_f32vector(2, [0.5, 1.0]))
        printer, lines = self.printed(
            self.pdu(values, **sure, time=pmt.from_double(1.25),
                     access_points=pmt.init_s32vector(2, [0, 1]),
                     covariance=pmt.init_f32vector(32, covariance.ravel().tolist())),
            self.pdu(values, **sure))
        self.assertEqual(lines, [
            "frame 7, 1.250000 s, access points 0 1; "
            "target 0: (10.00, 120.50) m, (1.000, -2.000) m/s, "
            "deviations 5.00 m and 0.50 m/s, confidence 0.500; "
            "target 1: (200.25, 150.00) m, (3.500, 0.000) m/s, "
            "deviations 1.00 m and 0.10 m/s, confidence 1.000",
            "frame 7; target 0: (10.00, 120.50) m, (1.000, -2.000) m/s, confidence 0.500; "
            "target 1: (200.25, 150.00) m, (3.500, 0.000) m/s, confidence 1.000"])
        self.assertEqual(printer.messages_refused(), 0)

    def test_what_is_no_estimate(self):
        sure = dict(frame=pmt.from_uint64(7), confidence=pmt.init_f32vector(2, [0.5, 1.0]))
        short = dict(sure, confidence=pmt.init_f32vector(1, [0.5]))
        printer, lines = self.printed(
            pmt.intern("hello"), self.pdu([1.0] * 4, **sure),
            self.pdu([1.0] * 8, frame=pmt.from_uint64(7)), self.pdu([1.0] * 8, **short),
            self.pdu([1.0] * 8, **sure, covariance=pmt.init_f32vector(4, [1.0] * 4)),
            self.pdu([1.0] * 8, **sure))
        self.assertEqual(len(lines), 1)
        self.assertEqual(printer.messages_refused(), 5)


if __name__ == "__main__":
    gr_unittest.run(qa_estimate_printer)
