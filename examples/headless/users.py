#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What sensing leaves to communication: the users of a scenario, their scores one by one.

Users' symbols are precoded and sent by all transmit access points; every user receives the
sum over its channel, estimates that channel from the first symbols of each frame, and
decides. Prints SINR, error vector magnitude and bit error rate of every user.
"""

import argparse
import sys

from gnuradio import blocks, gr, isac


class Users(gr.top_block):
    """Payload → precoder → users' channel → a receiver for each user."""

    def __init__(self, scenario, frames, seed, power_dbm=None, training_symbols=4,
                 device="auto"):
        gr.top_block.__init__(self, "users")
        payload = isac.payload_source(scenario, seed)
        precoder = isac.mmse_precoder(scenario, seed, device)
        channel = isac.user_channel(scenario, seed, device)
        if power_dbm is not None:
            precoder.set_transmit_power_dbm(power_dbm)
        self.receivers = []
        for k in range(scenario.users):
            receiver = isac.user_receiver(scenario, k, seed, training_symbols)
            self.receivers.append(receiver)
            self.connect((payload, k), (precoder, k))
            self.connect((channel, k), receiver, blocks.null_sink(gr.sizeof_gr_complex))
        for n in range(scenario.num_transmit):
            head = blocks.head(scenario.transmit_frame_size * gr.sizeof_gr_complex, frames)
            self.connect((precoder, n), head, (channel, n))
        self.blocks = [precoder, channel, *self.receivers]

    def errors(self):
        """What ended the flowgraph, if anything did."""
        return [block.error() for block in self.blocks if block.error()]


def whole_number(least):
    """A parser of whole numbers of at least `least`."""
    def parse(text):
        value = int(text)
        if value < least:
            raise argparse.ArgumentTypeError(f"{value} is below {least}")
        return value
    return parse


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--scenario", metavar="FILE", help="default: the example lite.yml")
    parser.add_argument("--frames", type=whole_number(1), default=50, metavar="N")
    parser.add_argument("--seed", type=whole_number(0), default=1, metavar="S")
    parser.add_argument("--power-dbm", type=float, metavar="P",
                        help="of each transmit access point; default: the scenario's")
    parser.add_argument("--training-symbols", type=whole_number(1), default=4, metavar="N",
                        help="at the start of each frame, for the channel estimate")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda:N")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    try:
        scenario = isac.load_scenario(
            arguments.scenario or isac.example_path("scenarios/lite.yml"))
        flowgraph = Users(scenario, arguments.frames, arguments.seed, arguments.power_dbm,
                          arguments.training_symbols, arguments.device)
    except (OSError, RuntimeError, ValueError) as error:
        print(f"users: {error}", file=sys.stderr)
        return 2
    flowgraph.run()
    for error in flowgraph.errors():
        print(f"users: {error}", file=sys.stderr)
    if flowgraph.errors():
        return 1
    print(f"{'user':>4}  {'SINR':>8}  {'EVM':>7}  {'bit error rate':>14}  {'bits':>10}")
    for k, receiver in enumerate(flowgraph.receivers):
        scores = receiver.scores()
        print(f"{k:4d}  {scores['sinr_db']:5.1f} dB  {scores['evm_percent']:5.1f} %  "
              f"{scores['bit_error_rate']:14.3g}  {scores['bits']:10.0f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
