# SPDX-License-Identifier: GPL-3.0-or-later
"""Times of Python code in the JSON of Google Benchmark, so that one reader serves all."""

import json
import sys
import time


def best_time(work, least_s=0.5, least_runs=5):
    """Shortest of the runs, s: what others on the machine disturb only lengthens a run."""
    work()
    times = []
    while len(times) < least_runs or sum(times) < least_s:
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def entry(name, seconds, **counters):
    return {"name": name, "run_name": name, "run_type": "iteration", "iterations": 1,
            "real_time": 1e3 * seconds, "time_unit": "ms", **counters}


def missing(name, reason):
    """What a benchmark of Google's gives that has skipped itself."""
    return {"name": name, "run_name": name, "run_type": "iteration",
            "error_occurred": True, "error_message": reason}


def write(path, entries, **context):
    for one in entries:
        text = one.get("error_message") or f"{one['real_time']:.4g} ms"
        print(f"{one['name']:<44} {text}", file=sys.stderr)
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"context": context, "benchmarks": entries}, file, indent=1)
