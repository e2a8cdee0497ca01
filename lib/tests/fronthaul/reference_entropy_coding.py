#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Frequency tables in exact fractions and rANS codes of index sequences.

Writes entropy_coding.json into the folder named on the command line: a list of cases with
`counts` (bits of float32), `frequencies`, `indices` and `code` (hexadecimal).
"""

import json
import pathlib
import sys
from fractions import Fraction

import numpy as np

SCALE = 2**16
LOWEST = 2**24


def frequencies(counts):
    """The table of counts (float32) as include/cfisac/fronthaul/entropy_coding.h says."""
    exact = [Fraction(float(count)) for count in counts]
    if max(exact) == 0:
        weights = [1] * len(exact)
    else:
        unit = Fraction(1)
        while max(exact) >= unit:
            unit *= 2
        while max(exact) < unit / 2:
            unit /= 2
        weights = [int(count * 2**32 / unit) for count in exact]
    result = [0] * len(weights)
    left, total = SCALE, sum(weights)
    common = sorted(range(len(weights)), key=lambda j: weights[j])
    while Fraction(weights[common[0]] * left, total) < 1:
        rare = common.pop(0)
        result[rare] = 1
        left, total = left - 1, total - weights[rare]
    shares = {j: Fraction(weights[j] * left, total) for j in common}
    for j, share in shares.items():
        result[j] = int(share)
    largest = sorted(common, key=lambda j: (result[j] - shares[j], j))
    for j in largest[: SCALE - sum(result)]:
        result[j] += 1
    assert sum(result) == SCALE and min(result) >= 1
    return result


def encode(indices, table):
    starts = np.concatenate([[0], np.cumsum(table)]).tolist()
    state, tail = LOWEST, []
    for index in reversed(indices):
        frequency, start = table[index], starts[index]
        while (state // frequency) * SCALE + state % frequency + start >= 2**32:
            state, byte = divmod(state, 256)
            tail.append(byte)
        state = (state // frequency) * SCALE + state % frequency + start
    return state.to_bytes(4, "little") + bytes(reversed(tail))


def decode(code, count, table):
    owner = np.repeat(np.arange(len(table)), table).tolist()
    starts = np.concatenate([[0], np.cumsum(table)]).tolist()
    state, rest = int.from_bytes(code[:4], "little"), list(code[4:])
    indices = []
    for _ in range(count):
        slot = state % SCALE
        index = owner[slot]
        indices.append(index)
        state = table[index] * (state // SCALE) + slot - starts[index]
        while state < LOWEST:
            state = 256 * state + rest.pop(0)
    assert state == LOWEST and not rest
    return indices


def cases():
    random = np.random.default_rng(7)
    tiny = np.finfo(np.float32).smallest_subnormal
    yield np.float32([1, 1]), 40
    yield np.float32([0, 5]), 40
    yield np.float32([0, 0, 0]), 40
    yield np.float32([3e38, 1e-38, 1]), 40
    yield np.float32([tiny, 3 * tiny, 0]), 40
    yield np.float32([2**k for k in range(20)]), 200
    for codewords in [3, 17, 512, 4096]:
        yield random.exponential(size=codewords).astype(np.float32), 500
        yield random.lognormal(0, 4, codewords).astype(np.float32), 500
        yield random.integers(0, 3, codewords).astype(np.float32), 500
    yield random.exponential(size=65536).astype(np.float32), 100


def main(folder):
    random = np.random.default_rng(8)
    result = []
    for counts, length in cases():
        table = frequencies(counts)
        likely = random.choice(len(table), length, p=np.array(table) / SCALE)
        indices = [*likely.tolist(), 0, len(table) - 1]
        code = encode(indices, table)
        assert decode(code, len(indices), table) == indices
        result.append({
            "counts": counts.view(np.uint32).tolist(),
            "frequencies": table,
            "indices": indices,
            "code": code.hex(),
        })
    pathlib.Path(folder, "entropy_coding.json").write_text(json.dumps(result))


if __name__ == "__main__":
    main(sys.argv[1])
