#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What sensing leaves to communication: the users of a scenario, their scores one by one.

Users' symbols are precoded and sent by all transmit access points; every user receives the
sum over its channel, estimates that channel from the first symbols of each frame, and
decides. Prints SINR, error vector magnitude and bit error rate of every user.
"""

import sys

from gnuradio import blocks, gr, isac

import common


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


def parse_arguments():
    parser = common.parser(__doc__, "lite.yml", 50)
    parser.add_argument("--power-dbm", type=float, metavar="P",
                        help="of each transmit access point; default: the scenario's")
    parser.add_argument("--training-symbols", type=common.whole_number(1), default=4, metavar="N",
                        help="at the start of each frame, for the channel estimate")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda:N")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    try:
        scenario = common.load_scenario(arguments, "lite.yml")
        flowgraph = Users(scenario, arguments.frames, arguments.seed, arguments.power_dbm,
                          arguments.training_symbols, arguments.device)
    except (OSError, RuntimeError, ValueError) as error:
        print(f"users: {error}", file=sys.stderr)
        return 2
    flowgraph.run()
    if common.report("users", flowgraph.errors()):
        return 1
    print(f"{'user':>4}  {'SINR':>8}  {'EVM':>7}  {'bit error rate':>14}  {'bits':>10}")
    for k, receiver in enumerate(flowgraph.receivers):
        scores = receiver.scores()
        print(f"{k:4d}  {scores['sinr_db']:5.1f} dB  {scores['evm_percent']:5.1f} %  "
              f"{scores['bit_error_rate']:14.3g}  {scores['bits']:10.0f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
