#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The flowgraph of estimators_lite.grc as a script: sensing without a network.

Users' symbols are precoded, the echoes of moving targets reach the receive access points,
each of them estimates where its targets are, and the central unit fuses what they send. The
scenario must have two dimensions. Prints the scores and whether the covariances that come
with the estimates can be believed.
"""

import itertools
import sys

import numpy as np
from gnuradio import blocks, gr, isac

import common

ESTIMATORS = {"music": isac.music_estimator, "cs": isac.cs_estimator, "ml": isac.ml_estimator}


class Simulation(gr.top_block):
    """Payload → precoder → channel → estimators → fusion → scores."""

    def __init__(self, scenario, scheme, frames, seed, device="auto"):
        gr.top_block.__init__(self, "ml_lite")
        payload = isac.payload_source(scenario, seed)
        precoder = isac.mmse_precoder(scenario, seed, device)
        channel = isac.bistatic_channel(scenario, seed, device)
        self.estimators = [
            ESTIMATORS[scheme](scenario, m, device) for m in range(scenario.num_receive)
        ]
        self.fusion = isac.parameter_fusion(scenario, scheme)
        self.meter = isac.error_meter(scenario)
        self.truth = blocks.vector_sink_f(scenario.estimate_size)
        self.estimates = blocks.vector_sink_f(scenario.estimate_size)
        self.covariance = blocks.vector_sink_f(
            scenario.estimate_size * 2 * scenario.dimensions)

        for k in range(scenario.users):
            self.connect((payload, k), (precoder, k))
        for n in range(scenario.num_transmit):
            head = blocks.head(scenario.transmit_frame_size * gr.sizeof_gr_complex, frames)
            self.connect((precoder, n), head, (channel, n))
            for estimator in self.estimators:
                self.connect(head, (estimator, 1 + n))
        for m, estimator in enumerate(self.estimators):
            self.connect((channel, m), estimator, (self.fusion, m))
        truth, bound = scenario.num_receive, scenario.num_receive + 1
        self.connect((channel, truth), (self.meter, 0))
        self.connect((self.fusion, 0), (self.meter, 1))
        self.connect((channel, bound), (self.meter, 2))
        self.connect((self.fusion, 1), (self.meter, 3))
        self.connect((channel, truth), self.truth)
        self.connect((self.fusion, 0), self.estimates)
        self.connect((self.fusion, 2), self.covariance)

    def errors(self):
        """What ended the flowgraph, if anything did."""
        return [block.error() for block in (*self.estimators, self.fusion) if block.error()]


def normalised_errors(scenario, truth, estimates, covariance):
    """Squared location errors in units of their covariances, [frame, target]; each target
    with the estimate that an assignment over locations gives it. Their mean is D where the
    covariances are right."""
    count, dimensions = scenario.targets, scenario.dimensions
    shape = (-1, 2, count, dimensions)
    places = np.array(truth).reshape(shape)[:, 0]
    found = np.array(estimates).reshape(shape)[:, 0]
    spread = np.array(covariance).reshape(-1, count, 2 * dimensions, 2 * dimensions)
    result = []
    for place, estimate, matrices in zip(places, found, spread):
        order = min((list(order) for order in itertools.permutations(range(count))),
                    key=lambda order: ((estimate[order] - place) ** 2).sum())
        error = estimate[order] - place
        matrix = matrices[order][:, :dimensions, :dimensions]
        result.append(np.einsum("qd,qd->q", error,
                                np.linalg.solve(matrix, error[..., None])[..., 0]))
    return np.array(result)


def parse_arguments():
    parser = common.parser(__doc__, "lite.yml", 100)
    parser.add_argument("--scheme", choices=sorted(ESTIMATORS), default="ml")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda:N")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    try:
        scenario = common.load_scenario(arguments, "lite.yml")
        simulation = Simulation(scenario, arguments.scheme, arguments.frames,
                                arguments.seed, arguments.device)
    except (OSError, RuntimeError, ValueError) as error:
        print(f"ml_lite: {error}", file=sys.stderr)
        return 2
    simulation.run()
    if common.report("ml_lite", simulation.errors()):
        return 1

    print(simulation.meter.table(), end="")
    scores = simulation.meter.scores()
    bits = scenario.estimator(arguments.scheme).fronthaul_bits
    print(f"frames {scores['frames']:.0f}, lost {scores['frames_lost']:.0f}; fronthaul "
          f"{bits} bit per update and access point, {100 * bits / scenario.raw_echo_bits:.2f} "
          f"% of the raw echo")
    squares = normalised_errors(scenario, simulation.truth.data(),
                                simulation.estimates.data(), simulation.covariance.data())
    # Two coordinates: chi-squared with two degrees of freedom.
    print(f"squared location error over its covariance: median {np.median(squares):.2f} "
          f"({2 * np.log(2):.2f} where the covariances are right)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
