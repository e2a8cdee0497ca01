#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The flowgraphs of record_and_replay/ without a window: antenna streams as SigMF.

Records what the antennas of the receive access points hear over the sampled channel, plays the
recordings again through synchronisation, removal of what stands still, estimators and fusion,
and prints a line for each frame.
"""

import os
import sys

from gnuradio import blocks, gr, isac

import common

RECEIVE_DBM = -55.0  # full scale of the receive converters: above the direct path


class Record(gr.top_block):
    """Payload → precoder → modulators → sampled channel → recordings."""

    def __init__(self, scenario, frames, seed, folder, overwrite):
        gr.top_block.__init__(self, "record")
        payload = isac.payload_source(scenario, seed)
        precoder = isac.mmse_precoder(scenario, seed)
        for k in range(scenario.users):
            self.connect((payload, k), (precoder, k))
        # Full scale 14 dB above the power of the frames leaves room for their peaks.
        transmit_dbm = scenario.transmit_power_dbm + 14.0
        air = isac.antenna_channel(scenario, seed, True, transmit_dbm, RECEIVE_DBM, 12)
        antennas = scenario.transmit_antennas
        for n in range(scenario.num_transmit):
            head = blocks.head(scenario.transmit_frame_size * gr.sizeof_gr_complex, frames)
            modulator = isac.ofdm_modulator(scenario, n, transmit_dbm)
            self.connect((precoder, n), head, modulator)
            for a in range(antennas):
                self.connect((modulator, a), (air, n * antennas + a))
        self.sinks = []
        antennas = scenario.receive_antennas
        for m, point in enumerate(scenario.receive):
            sink = isac.sigmf_sink(
                scenario, point.name, os.path.join(folder, point.name), datatype="ci16_le",
                full_scale_dbm=RECEIVE_DBM, seed=seed, start_time_s=0.0, overwrite=overwrite)
            self.sinks.append(sink)
            for a in range(antennas):
                self.connect((air, m * antennas + a), (sink, a))

    def errors(self):
        """What ended the flowgraph, if anything did."""
        return [sink.error() for sink in self.sinks if sink.error()]


class Replay(gr.top_block):
    """Recordings → synchronisation → demodulators → estimators → fusion → lines."""

    def __init__(self, recordings, mode, removal):
        gr.top_block.__init__(self, "replay")
        scenario = recordings[0].scenario
        self.fusion = isac.parameter_fusion(scenario, "ml")
        self.blocks = [self.fusion]
        for m, recording in enumerate(recordings):
            source = isac.sigmf_source(recording.path)
            sync = isac.frame_sync(scenario, m, mode, max(recording.start_time_s, 0.0))
            demodulator = isac.ofdm_demodulator(scenario, m, recording.full_scale_dbm)
            known = isac.transmit_reference(scenario, recording.seed)
            canceller = isac.direct_path_canceller(scenario, m, removal)
            estimator = isac.ml_estimator(
                scenario, m,
                static_clutter="remove" if removal == "projection" else "scenario")
            self.blocks += [canceller, estimator]
            for a in range(scenario.receive_antennas):
                self.connect((source, a), (sync, a))
                self.connect((sync, a), (demodulator, a))
            self.connect(demodulator, canceller, estimator, (self.fusion, m))
            self.connect(demodulator, known)
            for n in range(scenario.num_transmit):
                self.connect((known, n), (canceller, 1 + n))
                self.connect((canceller, 1 + n), (estimator, 1 + n))
        self.connect((self.fusion, 0),
                     blocks.null_sink(scenario.estimate_size * gr.sizeof_float))
        self.printer = isac.estimate_printer(scenario)
        self.msg_connect(self.fusion, "estimates", self.printer, "estimates")

    def errors(self):
        """What ended the flowgraph, if anything did."""
        return [block.error() for block in self.blocks if block.error()]


def parse_arguments():
    parser = common.parser(__doc__, "sdr_2x2.yml", 20)
    parser.add_argument("--folder", default=".", help="of the recordings")
    parser.add_argument("--overwrite", action="store_true", help="replace recordings")
    parser.add_argument("--replay-only", action="store_true",
                        help="play recordings that are there")
    parser.add_argument("--mode", choices=("time", "preamble"), default="time",
                        help="start of frames from time stamps or from the preambles")
    parser.add_argument("--removal", choices=("none", "direct", "projection"),
                        default="direct", help="of what stands still")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    try:
        scenario = common.load_scenario(arguments, "sdr_2x2.yml")
        if not arguments.replay_only:
            record = Record(scenario, arguments.frames, arguments.seed, arguments.folder,
                            arguments.overwrite)
            record.run()
            if common.report("record_and_replay", record.errors()):
                return 1
        replay = Replay([isac.recording(os.path.join(arguments.folder, point.name))
                         for point in scenario.receive], arguments.mode, arguments.removal)
    except (OSError, RuntimeError, ValueError) as error:
        print(f"record_and_replay: {error}", file=sys.stderr)
        return 2
    replay.run()
    return common.report("record_and_replay", replay.errors())


if __name__ == "__main__":
    sys.exit(main())
