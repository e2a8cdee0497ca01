#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The flowgraph of compare.grc without a window: four receivers on the same echoes.

The learned receiver (D-VQVAE), MUSIC, compressed sensing and maximum likelihood estimate from
the same echoes of the same targets. Prints the scores of each, beside the root Cramér-Rao
bound, and what it sends over the fronthaul.
"""

import sys

from gnuradio import blocks, gr, isac

import common

ESTIMATORS = {"music": isac.music_estimator, "cs": isac.cs_estimator, "ml": isac.ml_estimator}


class Comparison(gr.top_block):
    """Payload → precoder → channel → four receivers → an error meter for each."""

    def __init__(self, scenario, model, frames, seed, power_dbm=None, device="auto"):
        gr.top_block.__init__(self, "compare")
        payload = isac.payload_source(scenario, seed)
        precoder = isac.mmse_precoder(scenario, seed, device)
        if power_dbm is not None:
            precoder.set_transmit_power_dbm(power_dbm)
        channel = isac.bistatic_channel(scenario, seed, device)
        heads = [blocks.head(scenario.transmit_frame_size * gr.sizeof_gr_complex, frames)
                 for _ in range(scenario.num_transmit)]
        for k in range(scenario.users):
            self.connect((payload, k), (precoder, k))
        for n, head in enumerate(heads):
            self.connect((precoder, n), head, (channel, n))

        self.blocks, self.meters = [precoder, channel], {}
        encoders = [isac.dvqvae_encoder(scenario, model.path, m, seed, device)
                    for m in range(scenario.num_receive)]
        decoder = isac.fusion_decoder(scenario, model.path, device)
        self.add_receiver(scenario, channel, heads, "dvqvae", encoders, decoder,
                          model.encoder_reads_transmit)
        if model.decoder_reads_transmit:
            for n, head in enumerate(heads):
                self.connect(head, (decoder, scenario.num_receive + n))
        for scheme, make in ESTIMATORS.items():
            estimators = [make(scenario, m, device) for m in range(scenario.num_receive)]
            self.add_receiver(scenario, channel, heads, scheme, estimators,
                              isac.parameter_fusion(scenario, scheme), True)

    def add_receiver(self, scenario, channel, heads, name, access_points, fusion,
                     reads_transmit):
        """What the access points send goes to `fusion`, and what it finds is scored."""
        meter = isac.error_meter(scenario)
        self.meters[name] = meter
        self.blocks += [*access_points, fusion]
        for m, access_point in enumerate(access_points):
            self.connect((channel, m), access_point, (fusion, m))
            if reads_transmit:
                for n, head in enumerate(heads):
                    self.connect(head, (access_point, 1 + n))
        truth, bound = scenario.num_receive, scenario.num_receive + 1
        self.connect((channel, truth), (meter, 0))
        self.connect((fusion, 0), (meter, 1))
        self.connect((channel, bound), (meter, 2))

    def errors(self):
        """What ended the flowgraph, if anything did."""
        return [block.error() for block in self.blocks if block.error()]


def parse_arguments():
    parser = common.parser(__doc__, "lite.yml", 50)
    parser.add_argument("--model", metavar="FILE", help="default: the shipped model")
    parser.add_argument("--power-dbm", type=float, metavar="P",
                        help="of each transmit access point; default: the scenario's")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda:N")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    try:
        scenario = common.load_scenario(arguments, "lite.yml")
        model = isac.load_model_info(
            arguments.model or isac.example_path("models/lite.safetensors"))
        comparison = Comparison(scenario, model, arguments.frames, arguments.seed,
                                arguments.power_dbm, arguments.device)
    except (OSError, RuntimeError, ValueError) as error:
        print(f"compare: {error}", file=sys.stderr)
        return 2
    comparison.run()
    if common.report("compare", comparison.errors()):
        return 1
    for name, meter in comparison.meters.items():
        bits = (model.fronthaul_bits if name == "dvqvae"
                else scenario.estimator(name).fronthaul_bits)
        print(f"{name}: {bits} bit per update and access point, "
              f"{meter.scores()['frames']:.0f} frames")
        print(meter.table(), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
