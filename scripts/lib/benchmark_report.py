# SPDX-License-Identifier: GPL-3.0-or-later
"""Ratios, floors and costs from the JSON of Google Benchmark (--benchmark_out), of the
scripts beside this one, and of isac_simulate --json. Writes benchmark.json, benchmark.md and
benchmark.png into a folder, and prints the tables.

A floor is the time that the operations take at the machine's measured peak, or the bytes at
its measured bandwidth, whichever is longer; the share is the floor over the measured time.
"""

import argparse
import json
import math
import os
import re
import sys

from benchmark_rows import AXES, FLOWGRAPHS, NETWORK, ROWS

UNITS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0}
# What Google Benchmark appends to a name for settings that are not of interest here.
SETTINGS = re.compile(r"/(?:(?:iterations|min_time|min_warmup_time|repeats|threads):[^/]*"
                      r"|real_time|process_time|manual_time)")
GOOGLE_KEYS = {"family_index", "per_family_instance_index", "repetitions", "repetition_index",
               "threads", "iterations", "real_time", "cpu_time"}
# Costs on a processor are measured on one thread.
ONE_THREAD = "float32_one_thread"
# Beginnings of names that are not in the table of parts.
OTHER_TABLES = ("Machine", "Cost", "Simulate", "Train", "Flowgraph", "Radio", "Network")
# What a link of the virtual radio may take.
RADIO_PROCESSORS = 2
COST = re.compile(r"Cost/(\w+)/(\w+)=(\d+)")


class ReportError(Exception):
    """A file is not one of measurements."""


class Measurement:
    """The best run of one name. `seconds` is None where there is none, and `error` says why."""

    def __init__(self, name, seconds=None, counters=None, error="not measured"):
        self.name = name
        self.seconds = seconds
        self.counters = counters or {}
        self.error = None if seconds else error

    def amount(self, name):
        """Of a run: a counter, or what follows from one that is a rate; else None."""
        if name in self.counters:
            return self.counters[name]
        rate = self.counters.get(f"{name}_per_second")
        return rate * self.seconds if rate and self.seconds else None

    def operations(self):
        """Floating-point operations of a run, or None."""
        billions = self.amount("GFLOP")
        return self.amount("operations") or (1e9 * billions if billions else None)

    def rate(self, counter):
        return self.counters.get(counter) if self.seconds else None


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def from_google_benchmark(run, at):
    """Measurement of one entry of "benchmarks", or None for a mean or median of others."""
    if run.get("run_type") == "aggregate":
        return None
    name = SETTINGS.sub("", run.get("run_name") or run.get("name") or "")
    if not name:
        raise ReportError(f"{at}: a benchmark without a name")
    if run.get("error_occurred"):
        return Measurement(name, error=run.get("error_message") or "failed")
    if not is_number(run.get("real_time")) or run.get("time_unit") not in UNITS:
        raise ReportError(f"{at}: {name}: real_time is {run.get('real_time')!r} "
                          f"{run.get('time_unit')!r}, expected a number and a unit of time")
    counters = {key: value for key, value in run.items()
                if is_number(value) and key not in GOOGLE_KEYS}
    return Measurement(name, run["real_time"] * UNITS[run["time_unit"]], counters)


# What programs print with --json: the name begins so, and this is the rate.
PROGRAMS = {"frames_per_second": "Simulate/", "samples_per_second": "Train/"}


def from_program(result, path):
    """Measurement of the line of JSON that isac_simulate or isac_train has printed, or None
    for another document."""
    stem = os.path.splitext(os.path.basename(path))[0]
    if "error" in result:
        prefix = "Train/" if stem.startswith("train-") else "Simulate/"
        return Measurement(prefix + stem.replace("train-", ""), error=str(result["error"]))
    for key, prefix in PROGRAMS.items():
        if key in result:
            if not is_number(result[key]) or result[key] <= 0:
                raise ReportError(f"{path}: {key} is {result[key]!r}, "
                                  "expected a positive number")
            return Measurement(prefix + stem.replace("train-", ""), 1 / result[key],
                               {k: v for k, v in result.items() if is_number(v)})
    return None


def read(paths):
    """Best measurement of each name, and the contexts of the files together."""
    best, context = {}, {}
    for path in paths:
        try:
            with open(path, encoding="utf-8") as file:
                document = json.load(file)
        except (OSError, ValueError) as error:
            raise ReportError(f"{path}: {error}") from None
        if not isinstance(document, dict):
            document = {}
        if isinstance(document.get("benchmarks"), list):
            found = [from_google_benchmark(run, path) for run in document["benchmarks"]]
            context.update(document.get("context", {}))
        else:
            found = [from_program(document, path)]
            if found == [None]:
                raise ReportError(f"{path}: no measurements: neither benchmarks nor any of "
                                  f"{', '.join(PROGRAMS)}")
        for one in found:
            if one and (one.name not in best or not best[one.name].seconds
                        or (one.seconds and one.seconds < best[one.name].seconds)):
                best[one.name] = one
    return best, context


class Machine:
    """Measured peaks (operations per second, by precision) and bandwidth (bytes per second)."""

    def __init__(self, measurements):
        self.peak = {}
        self.bandwidth = None
        for name, one in measurements.items():
            kind = re.match(r"Machine/(?:peak_(\w+)|(bandwidth))(?:/|$)", name)
            if not kind or not one.seconds:
                continue
            if kind[2]:
                self.bandwidth = max(self.bandwidth or 0, one.counters["bytes_per_second"])
            else:
                self.peak[kind[1]] = max(self.peak.get(kind[1], 0),
                                         one.counters["flop_per_second"])

    def floor(self, one, precision="float32"):
        """(seconds, "operations" or "bytes"), or None where nothing is known."""
        known = []
        if one.operations() and self.peak.get(precision):
            known.append((one.operations() / self.peak[precision], "operations"))
        if one.amount("bytes") and self.bandwidth:
            known.append((one.amount("bytes") / self.bandwidth, "bytes"))
        return max(known) if known else None


def missing(name):
    return Measurement(name)


def compare(row, measurements, machine):
    ours = measurements.get(row.ours, missing(row.ours))
    others = [measurements.get(name, missing(name)) for name in row.other]
    result = {"title": row.title, "ours": row.ours, "other": list(row.other), "by": row.by,
              "note": row.note, "target": row.target,
              "missing": {one.name: one.error for one in (ours, *others) if one.error}}

    def value(one):
        return one.seconds if row.by == "time" else one.rate(row.by)

    result["ours_value"] = value(ours)
    values = [value(one) for one in others]
    result["other_value"] = None if None in values else sum(values)
    if result["ours_value"] and result["other_value"]:
        ratio = result["ours_value"] / result["other_value"]
        result["ratio"] = 1 / ratio if row.by == "time" else ratio
        if row.target is not None:
            result["met"] = result["ratio"] >= row.target
    elif not result["missing"]:
        result["missing"][row.ours] = f"no counter {row.by}"
    floor = machine.floor(ours, row.precision) if ours.seconds else None
    if floor:
        result.update(floor_s=floor[0], floor_of=floor[1], share=floor[0] / ours.seconds)
    return result


def flowgraph(row, measurements, machine):
    one = measurements.get(row.name, missing(row.name))
    result = {"title": row.title, "name": row.name}
    if one.error:
        return {**result, "missing": {row.name: one.error}}
    keys = ("frames", "frames_lost", "frames_skipped", "intervals_missed", "frames_per_second",
            "real_time_factor", "latency_median_ms", "latency_p99_ms", "host_copies")
    result.update({key: one.counters[key] for key in keys if key in one.counters})
    if row.real_time_factor is not None:
        result["target"] = row.real_time_factor
        result["met"] = one.counters.get("real_time_factor", 0) >= row.real_time_factor
    floors = [machine.floor(measurements.get(name, missing(name))) for name in row.parts]
    if all(floors):
        result["floor_s"] = sum(floor[0] for floor in floors)
        result["share"] = result["floor_s"] / one.seconds
    return result


def variants(measurements):
    """Flowgraphs without scores: what stands between the blocks, and what that copies."""
    keys = ("frames_per_second", "real_time_factor", "host_copies_per_frame",
            "tensor_memory_taken")
    return [{"name": name, **{key: one.counters.get(key) for key in keys}}
            for name, one in sorted(measurements.items())
            if name.startswith("Flowgraph/") and one.seconds]


def radios(measurements):
    """Links of the virtual radio in real time, and whether they keep up."""
    keys = ("sample_rate", "processors", "processors_of_others", "underruns", "overflows",
            "frames", "frames_expected")
    result = []
    for name, one in sorted(measurements.items()):
        if not name.startswith("Radio/"):
            continue
        if one.error:
            result.append({"name": name, "missing": {name: one.error}})
            continue
        row = {"name": name, **{key: one.counters.get(key) for key in keys}}
        row["target"] = RADIO_PROCESSORS
        row["met"] = (row["processors"] <= RADIO_PROCESSORS and row["underruns"] == 0
                      and row["overflows"] == 0
                      # A run begins and ends somewhere in a frame.
                      and row["frames"] > row["frames_expected"] - 2)
        result.append(row)
    return result


def network(measurements):
    """Figures of the fronthaul over the network; nothing where none was measured."""
    result = []
    for row in NETWORK:
        one = measurements.get(row.name, missing(row.name))
        found = {"title": row.title, "name": row.name, "unit": row.unit, "target": row.target,
                 "value": one.rate(row.counter)}
        if found["value"] is None:
            found["missing"] = {row.name: one.error or f"no counter {row.counter}"}
        elif row.target is not None:
            found["met"] = (found["value"] <= row.target if row.at_most
                            else found["value"] >= row.target)
        result.append(found)
    return result if any(row.name in measurements for row in NETWORK) else []


def precision_in(name):
    return next((word for word in ("bfloat16", "float16") if word in name), "float32")


def parts(measurements, machine):
    """Every measurement that took place beside costs and programs, with its floor."""
    result = []
    for name, one in measurements.items():
        if one.seconds and name.split("/")[0] not in OTHER_TABLES:
            floor = machine.floor(one, precision_in(name))
            result.append({"name": name, "seconds": one.seconds,
                           "samples_per_second": one.rate("samples_per_second"),
                           "floor_s": floor[0] if floor else None,
                           "share": floor[0] / one.seconds if floor else None})
    return sorted(result, key=lambda part: part["name"])


def slope(sizes, times):
    """Of the line of least squares through the logarithms: 1 is linear, 0 independent."""
    x = [math.log(size) for size in sizes]
    y = [math.log(time) for time in times]
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    spread = sum((a - mean_x) ** 2 for a in x)
    return sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y)) / spread


def costs(measurements, machine):
    """One for each part and axis: times by size and their slopes."""
    points = {}
    for name, one in measurements.items():
        match = COST.fullmatch(name)
        if match and one.seconds:
            points.setdefault((match[1], match[2]), []).append((int(match[3]), one))
    result = []
    for (part, axis), found in sorted(points.items(),
                                      key=lambda item: (list(AXES).index(item[0][1]),
                                                        item[0][0])):
        found.sort(key=lambda point: point[0])
        sizes = [size for size, _ in found]
        times = [one.seconds for _, one in found]
        floor = machine.floor(found[-1][1], ONE_THREAD if ONE_THREAD in machine.peak
                              else "float32")
        several = len(sizes) > 1
        result.append({
            "part": part, "axis": axis, "sizes": sizes, "seconds": times,
            "slope": slope(sizes, times) if several else None,
            "slope_of_largest": slope(sizes[-2:], times[-2:]) if several else None,
            "share_at_largest": floor[0] / times[-1] if floor else None})
    return result


def build(paths):
    measurements, context = read(paths)
    machine = Machine(measurements)
    # Names of the machine's owner are of no use to others.
    context = {key: value for key, value in context.items()
               if key not in ("host_name", "executable", "load_avg", "caches")}
    return {
        "context": context,
        "machine": {"peak_flop_per_second": machine.peak,
                    "bandwidth_bytes_per_second": machine.bandwidth},
        "comparisons": [compare(row, measurements, machine) for row in ROWS],
        "flowgraphs": [flowgraph(row, measurements, machine) for row in FLOWGRAPHS],
        "variants": variants(measurements),
        "radios": radios(measurements),
        "network": network(measurements),
        "parts": parts(measurements, machine),
        "training": {name: {"samples_per_second": 1 / one.seconds} if one.seconds
                     else {"error": one.error}
                     for name, one in measurements.items() if name.startswith("Train/")},
        "costs": costs(measurements, machine),
        "measurements": {name: {"seconds": one.seconds, **one.counters} if one.seconds
                         else {"error": one.error}
                         for name, one in sorted(measurements.items())}}


def main():
    from benchmark_output import draw, markdown

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", help="JSON files of measurements")
    parser.add_argument("--out", required=True, help="folder to write into")
    parser.add_argument("--device", default="", help="what the figures were measured on")
    parser.add_argument("--tests", default="", help="how the tests on it have ended")
    arguments = parser.parse_args()
    try:
        report = build(arguments.files)
        for key in ("device", "tests"):
            if getattr(arguments, key):
                report["context"][key] = getattr(arguments, key)
        os.makedirs(arguments.out, exist_ok=True)
        text = markdown(report)
        with open(os.path.join(arguments.out, "benchmark.json"), "w", encoding="utf-8") as file:
            json.dump(report, file, indent=1)
        with open(os.path.join(arguments.out, "benchmark.md"), "w", encoding="utf-8") as file:
            file.write(text)
        try:
            draw(report, os.path.join(arguments.out, "benchmark.png"))
        except ImportError:
            print("benchmark_report: no picture: matplotlib is not installed", file=sys.stderr)
    except (ReportError, OSError) as error:
        print(f"benchmark_report: {error}", file=sys.stderr)
        return 1
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
