# SPDX-License-Identifier: GPL-3.0-or-later
"""Estimates as lines of text."""

import numpy as np
import pmt
from gnuradio import gr


class estimate_printer(gr.basic_block):
    """Prints the estimates of a Parameter Fusion or a Fusion Decoder, a line for each frame.

    Message port `estimates`: their PDUs. A line has the number of the frame, its capture time,
    the receive access points that took part, and of each target location (m), velocity (m/s),
    their standard deviations (root of the mean variance of the coordinates) where the PDU has
    covariances, and confidence. What is no such PDU is logged and counted.

    Parameters: scenario, of the estimates; file, where to print, standard output by default.
    """

    def __init__(self, scenario, file=None):
        gr.basic_block.__init__(self, name="estimate_printer", in_sig=[], out_sig=[])
        self._dimensions = scenario.dimensions
        self._targets = scenario.estimate_size // (2 * scenario.dimensions)
        self._file = file
        self._refused = 0
        port = pmt.intern("estimates")
        self.message_port_register_in(port)
        self.set_msg_handler(port, self._print)

    def messages_refused(self):
        """Messages that were no estimates of the scenario."""
        return self._refused

    def _print(self, message):
        try:
            print(self._line(message), file=self._file, flush=True)
        except Exception as error:  # whatever is in a message, the flowgraph goes on
            self._refused += 1
            self.logger.error(f"message at port estimates refused: {error}")

    def _line(self, message):
        if not pmt.is_pdu(message):
            raise TypeError(f"want a PDU, got {pmt.write_string(message)}")
        about = pmt.to_python(pmt.car(message))
        values = np.asarray(pmt.to_python(pmt.cdr(message)), float)
        wanted = 2 * self._dimensions * self._targets
        if values.size != wanted:
            raise ValueError(f"{values.size} values; {self._targets} targets have {wanted}")
        for key in ("frame", "confidence"):
            if key not in about:
                raise ValueError(f"the metadata have no {key}")
        if len(about["confidence"]) != self._targets:
            raise ValueError(f"{len(about['confidence'])} confidences; there are "
                             f"{self._targets} targets")
        locations, velocities = values.reshape(2, self._targets, self._dimensions)
        spread = [""] * self._targets
        if "covariance" in about:
            size = 2 * self._dimensions
            variance = np.reshape(about["covariance"], (self._targets, size, size)).diagonal(
                axis1=1, axis2=2)
            deviation = np.sqrt(variance.reshape(self._targets, 2, -1).mean(axis=2))
            spread = [f", deviations {at:.2f} m and {speed:.2f} m/s" for at, speed in deviation]
        line = f"frame {about['frame']}"
        if "time" in about:
            line += f", {about['time']:.6f} s"
        if "access_points" in about:
            line += ", access points " + " ".join(str(m) for m in about["access_points"])
        for q in range(self._targets):
            place = ", ".join(f"{x:.2f}" for x in locations[q])
            speed = ", ".join(f"{v:.3f}" for v in velocities[q])
            line += (f"; target {q}: ({place}) m, ({speed}) m/s{spread[q]}, "
                     f"confidence {about['confidence'][q]:.3f}")
        return line
