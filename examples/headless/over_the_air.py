#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Antenna streams through a sampled channel, in one flowgraph and without a radio.

Transmit access points send OFDM frames with preamble and header; the sampled channel carries
them over direct paths and moving targets; receive access points find the frames, correct
their offsets, remove what stands still and estimate. Beside it the same scenes run through
the frequency-domain channel. Prints the scores of both.
"""

import sys

from gnuradio import blocks, gr, isac

import common


class OverTheAir(gr.top_block):
    """Payload → precoder → modulators → sampled channel → synchronisation → estimators →
    fusion → scores, and the frequency-domain channel with the same estimators beside it."""

    def __init__(self, scenario, frames, seed, mode="time", clock_ppm=0.0, clock_offset_s=0.0,
                 removal="direct"):
        gr.top_block.__init__(self, "over_the_air")
        size = scenario.transmit_frame_size * gr.sizeof_gr_complex
        payload = isac.payload_source(scenario, seed)
        precoder = isac.mmse_precoder(scenario, seed)
        for k in range(scenario.users):
            self.connect((payload, k), (precoder, k))

        # Full scale 14 dB above the power of the frames leaves room for their peaks; that of
        # the receivers is above the direct path.
        transmit_dbm = scenario.transmit_power_dbm + 14.0
        receive_dbm = -55.0
        modulators = [isac.ofdm_modulator(scenario, n, transmit_dbm)
                      for n in range(scenario.num_transmit)]
        air = isac.antenna_channel(scenario, seed, False, transmit_dbm, receive_dbm, 12)
        air.set_receive_ppm([clock_ppm] * scenario.num_receive)
        air.set_receive_timing([clock_offset_s] * scenario.num_receive)
        reference = isac.bistatic_channel(scenario, seed)
        fusion_reference = isac.parameter_fusion(scenario, "ml")
        self.fusion = isac.parameter_fusion(scenario, "ml")
        self.syncs, self.blocks = [], [self.fusion, fusion_reference, reference]

        heads = []
        for n, modulator in enumerate(modulators):
            head = blocks.head(size, frames)
            heads.append(head)
            self.connect((precoder, n), head, modulator)
            self.connect(head, (reference, n))
            for a in range(scenario.transmit_antennas):
                self.connect((modulator, a), (air, n * scenario.transmit_antennas + a))

        for m in range(scenario.num_receive):
            sync = isac.frame_sync(scenario, m, mode)
            demodulator = isac.ofdm_demodulator(scenario, m, receive_dbm)
            known = isac.transmit_reference(scenario, seed)
            canceller = isac.direct_path_canceller(scenario, m, removal)
            estimator = isac.ml_estimator(
                scenario, m,
                static_clutter="remove" if removal == "projection" else "scenario")
            self.syncs.append(sync)
            self.blocks += [canceller, estimator]
            for a in range(scenario.receive_antennas):
                self.connect((air, m * scenario.receive_antennas + a), (sync, a))
                self.connect((sync, a), (demodulator, a))
            self.connect(demodulator, canceller, estimator, (self.fusion, m))
            self.connect(demodulator, known)
            for n in range(scenario.num_transmit):
                self.connect((known, n), (canceller, 1 + n))
                self.connect((canceller, 1 + n), (estimator, 1 + n))

            beside = isac.ml_estimator(scenario, m)
            self.blocks.append(beside)
            self.connect((reference, m), beside, (fusion_reference, m))
            for n, head in enumerate(heads):
                self.connect(head, (beside, 1 + n))

        truth, bound = scenario.num_receive, scenario.num_receive + 1
        self.meters = {}
        for name, fusion in (("over the air", self.fusion), ("frequency domain", fusion_reference)):
            meter = isac.error_meter(scenario)
            self.meters[name] = meter
            self.connect((reference, truth), (meter, 0))
            self.connect((fusion, 0), (meter, 1))
            self.connect((reference, bound), (meter, 2))
            self.connect((fusion, 1), (meter, 3))

    def errors(self):
        """What ended the flowgraph, if anything did."""
        return [block.error() for block in self.blocks if block.error()]


def parse_arguments():
    parser = common.parser(__doc__, "sdr_2x2.yml", 50)
    parser.add_argument("--mode", choices=("time", "preamble"), default="time",
                        help="start of frames from time stamps or from the preambles")
    parser.add_argument("--clock-ppm", type=float, default=0.0, metavar="PPM",
                        help="of the receive access points' clocks against the others'")
    parser.add_argument("--clock-offset-s", type=float, default=0.0, metavar="S",
                        help="what the receive access points' clocks are behind")
    parser.add_argument("--removal", choices=("none", "direct", "projection"),
                        default="direct", help="of what stands still")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    try:
        scenario = common.load_scenario(arguments, "sdr_2x2.yml")
        flowgraph = OverTheAir(scenario, arguments.frames, arguments.seed, arguments.mode,
                               arguments.clock_ppm, arguments.clock_offset_s,
                               arguments.removal)
    except (OSError, RuntimeError, ValueError) as error:
        print(f"over_the_air: {error}", file=sys.stderr)
        return 2
    flowgraph.run()
    if common.report("over_the_air", flowgraph.errors()):
        return 1
    for name, meter in flowgraph.meters.items():
        print(f"{name}\n{meter.table()}", end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
