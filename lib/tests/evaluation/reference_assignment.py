# SPDX-License-Identifier: GPL-3.0-or-later
"""Assignments of random costs, some with many ties, by scipy.optimize: for every size Q of
1 to 8 the costs [round, Q, Q] and the least total of each round.
Usage: reference_assignment.py DIRECTORY"""

import os
import sys

import numpy as np
from scipy.optimize import linear_sum_assignment

sys.dont_write_bytecode = True  # no __pycache__ in the source tree
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import safetensors_file  # noqa: E402


def costs_of(rng, size):
    """Uniform, with exponents far apart, equal to one another, and of targets in a plane."""
    shape = (60, size, size)
    one, other = rng.uniform(0, 100, (2, 60, size, 2))
    return np.concatenate([
        rng.uniform(-10, 10, shape),
        10 ** rng.uniform(-6, 6, shape),
        rng.integers(0, 3, shape),
        np.square(one[:, :, None] - other[:, None]).sum(-1),
    ])


def main(folder):
    rng = np.random.default_rng(20)
    tensors = {}
    for size in range(1, 9):
        costs = np.ascontiguousarray(costs_of(rng, size), dtype="<f8")
        least = np.array([cost[linear_sum_assignment(cost)].sum() for cost in costs], "<f8")
        tensors[f"cost_{size}"] = ("F64", costs.shape, costs.tobytes())
        tensors[f"least_{size}"] = ("F64", least.shape, least.tobytes())
    safetensors_file.write(os.path.join(folder, "assignment.safetensors"), tensors, {})


if __name__ == "__main__":
    main(sys.argv[1])
