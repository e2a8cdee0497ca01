# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether two runs of isac_simulate on the same frames, one on another device, agree.

Both draw the same targets, echoes and noise, to float32's precision. A codeword or a peak that
two devices choose differently where two are equally near changes single estimates; it moves a
median hardly, but may move an RMSE, which a few missed targets decide.
"""

import argparse
import json
import sys

# Largest relative difference.
MEDIANS = 0.01
BOUNDS = 0.001
# Largest difference of a share.
WITHIN_1M = 0.01

CHECKS = (
    *((key, MEDIANS, True) for key in ("location_median_m", "velocity_median_mps")),
    *((key, BOUNDS, True) for key in ("root_crlb_location_median_m",
                                      "root_crlb_velocity_median_mps")),
    ("location_within_1m", WITHIN_1M, False),
    ("frames", 0, False),
    ("frames_lost", 0, False),
)


def differences(first, second):
    """(key, values, text) of all that differ by more than they may."""
    for key, most, relative in CHECKS:
        if key not in first or key not in second:
            yield key, "is missing"
            continue
        a, b = first[key], second[key]
        apart = abs(a - b) / (abs(a) if relative and a else 1)
        if not apart <= most:
            yield key, f"{a:.6g} and {b:.6g}, apart by {apart:.3g}, at most {most:g}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs=2, help="lines of JSON of isac_simulate")
    results = []
    for path in parser.parse_args().files:
        try:
            with open(path, encoding="utf-8") as file:
                results.append(json.load(file))
        except (OSError, ValueError) as error:
            print(f"compare_scores: {path}: {error}", file=sys.stderr)
            return 2
    found = list(differences(*results))
    for key, text in found:
        print(f"{key}: {text}", file=sys.stderr)
    print("the scores differ" if found else "the scores agree")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
