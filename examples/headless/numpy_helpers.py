#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sensing without a flowgraph: echoes, bound, estimates and errors as NumPy arrays.

For one frame after the other, echoes of random targets are made, one or several receivers
estimate from them, and the errors are printed beside the Cramér-Rao bound of the same frames.
"""

import argparse
import sys

import numpy as np
from gnuradio import isac

RECEIVERS = ("ml", "music", "cs")


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
    parser.add_argument("--receiver", choices=RECEIVERS, action="append",
                        help="may be given several times; default: ml")
    parser.add_argument("--model", metavar="FILE", help="and a trained network")
    parser.add_argument("--frames", type=whole_number(1), default=20, metavar="N")
    parser.add_argument("--seed", type=whole_number(0), default=1, metavar="S")
    parser.add_argument("--noise-dbm", type=float, metavar="P",
                        help="per resource element; default: the scenario's")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda:N")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    try:
        scenario = isac.load_scenario(
            arguments.scenario or isac.example_path("scenarios/lite.yml"))
        estimators = {name: isac.Estimator(scenario, name, device=arguments.device)
                      for name in arguments.receiver or ["ml"]}
        if arguments.model:
            estimators["model"] = isac.Estimator(scenario, model=arguments.model,
                                                 device=arguments.device)
        errors = {name: [] for name in estimators}
        bounds = []
        for frame in range(arguments.frames):
            common = {"seed": arguments.seed, "frame": frame,
                      "noise_dbm": arguments.noise_dbm, "device": arguments.device}
            sent = isac.echo(scenario, **common)
            bounds.append(isac.bound(scenario, **common))
            for name, estimator in estimators.items():
                found = estimator(sent.echo, sent.transmit)
                errors[name].append(isac.match(scenario, sent, found))
    except (OSError, RuntimeError, TypeError, ValueError) as error:
        print(f"numpy_helpers: {error}", file=sys.stderr)
        return 2

    print(f"{'':12} {'location [m]':>14} {'velocity [m/s]':>16}   (median of "
          f"{arguments.frames * scenario.targets} targets)")
    rows = {**errors, "root CRLB": bounds}
    for name, values in rows.items():
        location = np.median([each.location_m for each in values])
        velocity = np.median([each.velocity_mps for each in values])
        print(f"{name:12} {location:14.3f} {velocity:16.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
