#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What kill -9 costs a deployment, and the table of scripts/faults."""

import argparse
import json
import pathlib
import statistics
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "apps" / "tests"))
from deployment import PERIOD_S, Deployment  # noqa: E402
from network_hosts import hosts, refusal  # noqa: E402

DEADLINE_S = 0.2
RATE_OF_PAPER = 750  # packets a second of an access point


def kill_access_point(deployment):
    """Until the first estimate without it, and from its return to the first with it, s."""
    place = deployment.here()
    deployment.points[1].kill()
    alone = deployment.first_of(place, [0])
    before = [e for e in deployment.since(0) if e.frame < alone.frame][-1]
    deployment.wait_for_estimates(3, [0])
    place = deployment.here()
    deployment.start_point(1)
    ready = deployment.points[1].wait_until_ready()
    back = deployment.first_of(place, Deployment.POINTS)
    return alone.arrived - before.arrived, back.arrived - ready


def kill_central_unit(deployment):
    """From its return to the first estimate of all access points, s."""
    place = deployment.here()
    deployment.central.kill()
    deployment.start_central()
    ready = deployment.central.wait_until_ready()
    return deployment.first_of(place, Deployment.POINTS).arrived - ready


def measure(kills):
    kind = "loopback" if refusal() else "namespaces"
    with hosts(kind, Deployment.HOSTS) as network, tempfile.TemporaryDirectory() as folder:
        deployment = Deployment(network, pathlib.Path(folder), DEADLINE_S)
        try:
            deployment.start_missing()
            pairs, returns = [], []
            for _ in range(kills):
                deployment.wait_for_estimates(10)
                pairs.append(kill_access_point(deployment))
                deployment.wait_for_estimates(10)
                returns.append(kill_central_unit(deployment))
        finally:
            deployment.close()
    gone, back = zip(*pairs)
    return {"hosts": kind, "deadline_s": DEADLINE_S, "period_s": PERIOD_S,
            "access_point_gone_s": gone, "access_point_back_s": back,
            "central_unit_back_s": returns}


def worst(values):
    return f"{max(values):.2f} s at most, {statistics.median(values):.2f} s in the median"


def table(million, network, programs):
    """Rows of what is measured, how it turned out and what is promised."""
    test = million["testsuites"][0]["testsuite"][0]
    def benchmark(name):
        return next(each for each in network["benchmarks"]
                    if each["name"].startswith(f"Network/{name}/"))
    rate = benchmark("rate/8")["items_per_second"]
    latency = benchmark("latency")
    gone = programs["deadline_s"] + programs["period_s"]
    return [
        ("1,000,000 packets, 1 % lost, doubled and reordered",
         f"{'failed' if test.get('failures') else 'passed'} in {test['time']}",
         "each once or counted as lost, none wrong"),
        ("packets/s of 8 access points", f"{rate:,.0f}",
         f"{20 * RATE_OF_PAPER:,} of each, {8 * 20 * RATE_OF_PAPER:,} in all"),
        ("added latency on loopback, median", f"{latency['median_us']:.0f} us", ""),
        ("added latency on loopback, 99th percentile", f"{latency['p99_us']:.0f} us",
         "1000 us"),
        ("estimate without a killed access point, after the one before",
         worst(programs["access_point_gone_s"]), f"{gone:.2f} s: deadline and frame period"),
        ("with it again, after its return", worst(programs["access_point_back_s"]), "2 s"),
        ("with all, after the return of the central unit",
         worst(programs["central_unit_back_s"]), "nobody else restarted"),
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, required=True)
    parser.add_argument("--million", type=pathlib.Path, required=True)
    parser.add_argument("--network", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    million, network = (json.loads(path.read_text(encoding="utf-8"))
                        for path in (arguments.million, arguments.network))
    programs = measure(arguments.kills)
    rows = table(million, network, programs)
    lines = [f"Hosts: {programs['hosts']}; each role killed {arguments.kills} times", "",
             "| | measured | promised |", "|---|---|---|"]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    text = "\n".join(lines) + "\n"
    (arguments.out / "faults.md").write_text(text, encoding="utf-8")
    (arguments.out / "faults.json").write_text(
        json.dumps({"rows": rows, "programs": programs}, indent=1) + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
