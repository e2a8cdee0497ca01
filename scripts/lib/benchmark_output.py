# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables and the picture of a report of benchmark_report."""

from benchmark_rows import AXES


def quantity(value, by="time"):
    """A time or a rate with its unit and three digits."""
    if value is None:
        return "-"
    if by != "time":
        return f"{scaled(value)}S/s"
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value * 1e9:.3g} ns"


def scaled(value):
    """With a prefix: 2.1e11 → "210 G"."""
    for prefix, size in (("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if value >= size:
            return f"{value / size:.3g} {prefix}"
    return f"{value:.3g} "


def number(value, digits=3):
    return "-" if value is None else f"{value:.{digits}g}"


def percent(value):
    return "-" if value is None else f"{100 * value:.3g} %"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)


def verdict(row):
    if row.get("target") is None:
        return "-"
    return f"{row['target']:g}" + ("" if "met" not in row
                                   else " (met)" if row["met"] else " (missed)")


def why(row):
    """What is not there, with the reason."""
    return "; ".join(f"{name}: {reason}" for name, reason in row["missing"].items())


def markdown(report):
    parts = ["# Benchmarks"]
    context = report["context"]
    named = [f"{key}: {context[key]}" for key in ("device", "date", "num_cpus", "tests") if key in context]
    if named:
        parts.append("; ".join(named))

    machine = report["machine"]
    rows = [[f"arithmetic, {precision.replace('_', ' ')}", f"{scaled(rate)}FLOP/s"]
            for precision, rate in sorted(machine["peak_flop_per_second"].items())]
    if machine["bandwidth_bytes_per_second"]:
        rows.append(["memory", f"{scaled(machine['bandwidth_bytes_per_second'])}B/s"])
    parts += ["## What the machine can do", table(["", "measured"], rows) if rows else
              "Not measured: no names Machine/... in the files."]

    parts.append("## Comparisons\n\nFirst over second; a ratio above one means that ours is the "
                 "faster one. Floor: operations at the measured peak or bytes at the measured "
                 "bandwidth, whichever takes longer; share: floor over measured. What stays in a "
                 "cache may take less than the memory's floor.")
    rows, notes = [], []
    for row in report["comparisons"]:
        mark = ""
        if row["note"]:
            if row["note"] not in notes:
                notes.append(row["note"])
            mark = f" ({notes.index(row['note']) + 1})"
        absent = row["missing"]
        cells = [quantity(row[key], row["by"]) if row[key] is not None else
                 "; ".join(dict.fromkeys(absent[name] for name in names if name in absent)) or "-"
                 for key, names in (("ours_value", [row["ours"]]),
                                    ("other_value", row["other"]))]
        rows.append([row["title"] + mark, *cells, number(row.get("ratio")), verdict(row),
                     f"{quantity(row['floor_s'])}, {row['floor_of']}" if "floor_s" in row else "-",
                     percent(row.get("share"))])
    parts.append(table(["", "ours", "other", "ratio", "target", "floor", "share"], rows))
    parts += [f"({place}) {note}." for place, note in enumerate(notes, 1)]

    parts.append("## Flowgraphs")
    rows = []
    for row in report["flowgraphs"]:
        if "missing" in row:
            rows.append([row["title"], next(iter(row["missing"].values())), *["-"] * 10])
            continue
        rows.append([row["title"], number(row["frames_per_second"], 4),
                     number(row["real_time_factor"]), verdict(row),
                     number(row.get("latency_median_ms")), number(row.get("latency_p99_ms")),
                     *[number(row.get(key), 9) for key in (
                         "frames_lost", "frames_skipped", "intervals_missed", "host_copies")],
                     quantity(row.get("floor_s")), percent(row.get("share"))])
    parts.append(table(["", "updates/s", "real-time factor", "target", "latency, median (ms)",
                        "99th percentile (ms)", "lost", "skipped", "intervals missed",
                        "host copies", "floor of an update", "share"], rows))

    if report["variants"]:
        parts.append(table(
            ["", "frames/s", "real-time factor", "host copies per frame",
             "tensor memory taken"],
            [[one["name"], number(one["frames_per_second"], 4), number(one["real_time_factor"]),
              number(one["host_copies_per_frame"]), number(one["tensor_memory_taken"])]
             for one in report["variants"]]))
    if report["radios"]:
        parts.append("## Virtual radio\n\nA transmit and a receive access point in real time, in "
                     "one process, and the channel between them. Processors: time of all "
                     "threads over the time that passed; it keeps up where that is within the "
                     "target, nothing is late and no frame is missing.")
        parts.append(table(
            ["", "samples at an antenna", "processors", "target", "under-runs", "overflows",
             "frames found", "frames sent", "processors of others"],
            [[one["name"], next(iter(one["missing"].values())), *["-"] * 7]
             if "missing" in one else
             [one["name"], quantity(one["sample_rate"], "rate"), number(one["processors"]),
              verdict(one), number(one["underruns"], 9), number(one["overflows"], 9),
              number(one["frames"], 9), number(one["frames_expected"], 4),
              number(one["processors_of_others"], 2)]
             for one in report["radios"]]))
    if report["network"]:
        parts.append("## Fronthaul over the network\n\nZeroMQ with CURVE, on loopback and in one "
                     "process; all packets are read by one thread, with the target of 20 times "
                     "750 from each of eight access points.")
        parts.append(table(
            ["", "measured", "target"],
            [[one["title"], next(iter(one["missing"].values())) if "missing" in one else
              f"{scaled(one['value'])}/s" if one["unit"] == "/s" else
              f"{one['value']:.4g} {one['unit']}", verdict(one)]
             for one in report["network"]]))
    if report["training"]:
        parts.append("## Training")
        parts.append(table(["", "frames/s"], [
            [name, number(one.get("samples_per_second")) if "error" not in one else one["error"]]
            for name, one in sorted(report["training"].items())]))

    parts.append("## Cost against size\n\nOne size at a time, the others as in lite.yml; encoders "
                 "of all M access points together. On a processor: the time of one thread. Slope of the logarithms: 1 is linear, 0 "
                 "independent.")
    if report["costs"]:
        rows = [[AXES.get(row["axis"], row["axis"]), row["part"].replace("_", " "),
                 ", ".join(f"{size}: {quantity(seconds)}"
                           for size, seconds in zip(row["sizes"], row["seconds"])),
                 number(row["slope"], 2), number(row["slope_of_largest"], 2),
                 percent(row["share_at_largest"])] for row in report["costs"]]
        parts.append(table(["against", "of", "size: time", "slope", "of the largest two",
                            "share of the floor at the largest"], rows))
    else:
        parts.append("Not measured: no names Cost/... in the files.")
    if report["parts"]:
        parts.append("## Every part")
        parts.append(table(["", "time", "rate", "floor", "share"], [
            [part["name"], quantity(part["seconds"]),
             quantity(part["samples_per_second"] or None, "samples_per_second"),
             quantity(part["floor_s"]), percent(part["share"])] for part in report["parts"]]))
    return "\n\n".join(parts) + "\n"


def draw(report, path):
    """Ratios, and one panel for each axis of the costs."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    axes_of_costs = [axis for axis in AXES if any(c["axis"] == axis for c in report["costs"])]
    figure = Figure(figsize=(15, 9), layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(2, 3)

    ratios = [row for row in report["comparisons"] if "ratio" in row][::-1]
    panel = figure.add_subplot(grid[0, 0])
    panel.barh(range(len(ratios)), [row["ratio"] for row in ratios], color="tab:blue")
    for place, row in enumerate(ratios):
        if row["target"] is not None:
            panel.plot([row["target"]] * 2, [place - 0.4, place + 0.4], color="tab:red")
    panel.set_yticks(range(len(ratios)), [row["title"].replace(" / ", "\n/ ") for row in ratios],
                     fontsize=6)
    panel.axvline(1, color="black", linewidth=0.8)
    panel.set_xlabel("times as fast (red: target)")
    if ratios:
        panel.set_xscale("log")

    for place, axis in enumerate(axes_of_costs[:5], 1):
        panel = figure.add_subplot(grid[place // 3, place % 3])
        for cost in (c for c in report["costs"] if c["axis"] == axis):
            panel.plot(cost["sizes"], [1e3 * t for t in cost["seconds"]], marker="o",
                       label=f"{cost['part'].replace('_', ' ')}, slope "
                             f"{number(cost['slope'], 2)}")
        sizes = sorted({size for c in report["costs"] if c["axis"] == axis for size in c["sizes"]})
        panel.set_xscale("log")
        panel.set_xticks(sizes, [str(size) for size in sizes])
        panel.minorticks_off()
        panel.set_yscale("log")
        panel.set_xlabel(AXES[axis])
        panel.set_ylabel("ms per update")
        panel.grid(True, which="both", alpha=0.3)
        panel.legend(fontsize=7)
    figure.savefig(path, dpi=120)
