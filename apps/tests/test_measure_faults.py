# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of scripts/faults: what was measured beside what is promised."""

import importlib.util

from programs import SOURCE

SPEC = importlib.util.spec_from_file_location(
    "measure_faults", SOURCE / "scripts" / "lib" / "measure_faults.py")
measure_faults = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(measure_faults)

MILLION = {"testsuites": [{"testsuite": [{"name": "AMillion", "time": "12.5s"}]}]}
NETWORK = {"benchmarks": [
    {"name": "Network/rate/1/real_time", "items_per_second": 100000.0},
    {"name": "Network/rate/8/real_time", "items_per_second": 150000.4},
    {"name": "Network/latency/iterations:3000/manual_time", "median_us": 150.0,
     "p99_us": 420.3}]}
PROGRAMS = {"hosts": "namespaces", "deadline_s": 0.2, "period_s": 0.1,
            "access_point_gone_s": [0.21, 0.3, 0.25], "access_point_back_s": [0.5, 0.4, 0.9],
            "central_unit_back_s": [1.0, 1.5, 1.1]}


def test_table():
    rows = {row[0]: row[1:] for row in measure_faults.table(MILLION, NETWORK, PROGRAMS)}
    assert [row[0] for row in rows.values()] == [
        "passed in 12.5s", "150,000", "150 us", "420 us",
        "0.30 s at most, 0.25 s in the median", "0.90 s at most, 0.50 s in the median",
        "1.50 s at most, 1.10 s in the median"]
    assert rows["packets/s of 8 access points"][1] == "15,000 of each, 120,000 in all"
    assert "0.30 s" in rows["estimate without a killed access point, after the one before"][1]


def test_failed_million():
    failed = {"testsuites": [{"testsuite": [{"time": "1s", "failures": [{"failure": "x"}]}]}]}
    assert measure_faults.table(failed, NETWORK, PROGRAMS)[0][1] == "failed in 1s"
