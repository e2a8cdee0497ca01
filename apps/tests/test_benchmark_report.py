# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of scripts/benchmark: figures from files made here, what it misses and what it
refuses."""

import json
import math
import subprocess
import sys

import pytest
from programs import SOURCE

LIBRARY = SOURCE / "scripts" / "lib"
sys.path.insert(0, str(LIBRARY))

import benchmark_output  # noqa: E402
import benchmark_report  # noqa: E402


def run(name, real_time, time_unit="ms", **counters):
    return {"name": name, "run_name": name, "run_type": "iteration", "iterations": 3,
            "real_time": real_time, "cpu_time": real_time, "time_unit": time_unit, **counters}


def failed(name, message):
    return {"name": name, "run_name": name, "run_type": "iteration", "error_occurred": True,
            "error_message": message}


def write(path, runs, **context):
    path.write_text(json.dumps({"context": context, "benchmarks": runs}), encoding="utf-8")
    return str(path)


MACHINE = [
    run("Machine/peak_float32/matrix_product/1024/min_time:0.300/real_time", 1,
        flop_per_second=1e11),
    run("Machine/peak_float32/convolution/128/min_time:0.300/real_time", 1,
        flop_per_second=2e11),
    run("Machine/peak_bfloat16/matrix_product/1024", 1, flop_per_second=4e11),
    failed("Machine/peak_float16/matrix_product/1024", "float16 is for CUDA devices"),
    run("Machine/bandwidth/copy", 1, bytes_per_second=3e10),
    run("Machine/bandwidth/write", 1, bytes_per_second=4e10),
]


def comparison(report, ours, first_other):
    rows = [row for row in report["comparisons"]
            if row["ours"] == ours and row["other"][0] == first_other]
    assert len(rows) == 1
    return rows[0]


def test_ratio_and_floor(tmp_path):
    file = write(tmp_path / "a.json", MACHINE + [
        run("Engine/paper/literal_float32/iterations:2/real_time", 2, "s", operations=5e11),
        run("Engine/paper/engine_float32/real_time", 800, operations=1e11, bytes=1e9),
        run("Engine/paper/engine_bfloat16/real_time", 400, operations=1e11, bytes=1.2e10),
    ])
    report = benchmark_report.build([file])
    assert report["machine"]["peak_flop_per_second"] == {"float32": 2e11, "bfloat16": 4e11}
    assert report["machine"]["bandwidth_bytes_per_second"] == 4e10

    row = comparison(report, "Engine/paper/engine_float32", "Engine/paper/literal_float32")
    assert row["ratio"] == pytest.approx(2.5) and row["met"] is True
    assert (row["floor_of"], row["floor_s"]) == ("operations", pytest.approx(0.5))
    assert row["share"] == pytest.approx(0.625)

    row = comparison(report, "Engine/paper/engine_bfloat16", "Engine/paper/literal_float32")
    assert row["ratio"] == pytest.approx(5) and row["met"] is True
    assert report["parts"][0]["name"] == "Engine/paper/engine_bfloat16"
    assert report["parts"][0]["share"] == pytest.approx(0.75)
    # 12 GB at 40 GB/s take longer than 100 GFLOP at 400 GFLOP/s.
    assert (row["floor_of"], row["floor_s"]) == ("bytes", pytest.approx(0.3))


def test_floor_from_rates_and_billions(tmp_path):
    report = benchmark_report.build([write(tmp_path / "a.json", MACHINE + [
        run("Engine/paper/engine_float32", 800, GFLOP=100.0),
        run("Channel/paper/received_echo", 10, bytes_per_second=2e10)])])
    rows = {row["ours"]: row for row in report["comparisons"]}
    assert rows["Engine/paper/engine_float32"]["floor_s"] == pytest.approx(0.5)
    assert rows["Channel/paper/received_echo"]["share"] == pytest.approx(0.5)


def test_missed_target(tmp_path):
    report = benchmark_report.build([write(tmp_path / "a.json", [
        run("Channel/paper/received_echo", 20), run("NumPy/paper/received_echo", 60)])])
    row = comparison(report, "Channel/paper/received_echo", "NumPy/paper/received_echo")
    assert row["ratio"] == pytest.approx(3) and row["met"] is False
    assert "floor_s" not in row  # nothing is known of the machine


def test_times_of_several_are_added(tmp_path):
    report = benchmark_report.build([write(tmp_path / "a.json", [
        run("Channel/paper/received_echo", 15), run("Channel/paper/noise_only", 8),
        run("Channel/paper/memory_write", 1)])])
    row = comparison(report, "Channel/paper/received_echo", "Channel/paper/noise_only")
    assert row["ratio"] == pytest.approx(0.6) and row["met"] is True


def test_rates_are_compared_by_samples(tmp_path):
    report = benchmark_report.build([write(tmp_path / "a.json", [
        run("Blocks/bistatic_channel/targets=1", 4, samples_per_second=9e7),
        run("Stock/static_target_simulator/targets=1", 1, samples_per_second=3e7)])])
    row = comparison(report, "Blocks/bistatic_channel/targets=1",
                     "Stock/static_target_simulator/targets=1")
    assert row["ratio"] == pytest.approx(3)


def test_best_of_repetitions_and_files(tmp_path):
    first = write(tmp_path / "a.json", [
        run("Channel/paper/received_echo", 30), run("Channel/paper/received_echo", 20),
        {**run("Channel/paper/received_echo_mean", 1), "run_type": "aggregate"},
        failed("NumPy/paper/received_echo", "broken")])
    second = write(tmp_path / "b.json", [run("Channel/paper/received_echo", 25),
                                         run("NumPy/paper/received_echo", 100)])
    row = comparison(benchmark_report.build([first, second]), "Channel/paper/received_echo",
                     "NumPy/paper/received_echo")
    assert row["ratio"] == pytest.approx(5) and not row["missing"]


def test_missing_measurements_are_named(tmp_path):
    report = benchmark_report.build([write(tmp_path / "a.json", [
        run("Blocks/bistatic_channel/targets=1", 4, samples_per_second=9e7),
        failed("Stock/static_target_simulator/targets=1", "gr-radar not installed")])])
    row = comparison(report, "Blocks/bistatic_channel/targets=1",
                     "Stock/static_target_simulator/targets=1")
    assert "ratio" not in row
    assert row["missing"] == {
        "Stock/static_target_simulator/targets=1": "gr-radar not installed"}
    for row in report["comparisons"]:
        assert "ratio" in row or row["missing"], row
    assert all("missing" in row for row in report["flowgraphs"])


@pytest.mark.parametrize("law, expected", [
    (lambda n: 3e-4 * n, 1.0), (lambda n: 2e-3, 0.0), (lambda n: 1e-5 * n**2, 2.0)])
def test_slope_of_costs(tmp_path, law, expected):
    runs = [run(f"Cost/grid_encoder/M={n}/min_time:0.100/real_time", 1e3 * law(n),
                operations=1e6 * n) for n in (8, 1, 4, 2)]
    cost, = benchmark_report.build([write(tmp_path / "a.json", MACHINE + runs)])["costs"]
    assert cost["sizes"] == [1, 2, 4, 8]
    assert cost["slope"] == pytest.approx(expected, abs=1e-9)
    assert cost["slope_of_largest"] == pytest.approx(expected, abs=1e-9)
    assert cost["share_at_largest"] == pytest.approx(8e6 / 2e11 / law(8))


def test_flowgraph(tmp_path):
    (tmp_path / "lite.json").write_text(json.dumps(
        {"frames": 1000, "frames_lost": 0, "frames_per_second": 900.0,
         "real_time_factor": 1.2, "confidence_mean": None}), encoding="utf-8")
    (tmp_path / "paper.json").write_text('{"error": "no model"}', encoding="utf-8")
    parts = write(tmp_path / "parts.json", MACHINE + [
        run("Engine/lite/engine_float32", 1, operations=4e7),
        run("Channel/lite/received_echo", 1, bytes=1.2e7)])
    report = benchmark_report.build([str(tmp_path / "lite.json"), str(tmp_path / "paper.json"),
                                     parts])
    rows = {row["name"]: row for row in report["flowgraphs"]}
    lite = rows["Simulate/lite"]
    assert lite["met"] is True and lite["frames_per_second"] == 900
    assert lite["floor_s"] == pytest.approx(2e-4 + 3e-4)
    assert lite["share"] == pytest.approx(5e-4 * 900)
    assert rows["Simulate/paper"]["missing"] == {"Simulate/paper": "no model"}


def test_variants_of_the_flowgraph(tmp_path):
    report = benchmark_report.build([write(tmp_path / "a.json", [
        run("Flowgraph/lite/copy_between/iterations:1/real_time", 2, "s",
            frames_per_second=500.0, real_time_factor=0.67, host_copies_per_frame=8.0)])])
    assert report["variants"] == [
        {"name": "Flowgraph/lite/copy_between", "frames_per_second": 500.0,
         "real_time_factor": 0.67, "host_copies_per_frame": 8.0, "tensor_memory_taken": None}]
    assert not report["parts"]


def test_links_of_the_virtual_radio(tmp_path):
    good = {"sample_rate": 5e6, "processors": 1.4, "processors_of_others": 0.1,
            "underruns": 0, "overflows": 0, "frames": 49, "frames_expected": 50.1}
    rows = {"good": {}, "slow": {"processors": 2.01}, "late": {"underruns": 1},
            "lost": {"overflows": 1}, "short": {"frames": 48}}
    file = write(tmp_path / "a.json", [
        run(f"Radio/{name}", 1400, **{**good, **change}) for name, change in rows.items()]
        + [failed("Radio/none", "no gr-soapy")])
    report = benchmark_report.build([file])
    found = {row["name"]: row for row in report["radios"]}
    assert {name: found[f"Radio/{name}"]["met"] for name in rows} == {
        "good": True, "slow": False, "late": False, "lost": False, "short": False}
    assert found["Radio/none"]["missing"] == {"Radio/none": "no gr-soapy"}
    assert not report["parts"]
    text = benchmark_output.markdown(report)
    assert "| Radio/good | 5 MS/s | 1.4 | 2 (met) | 0 | 0 | 49 | 50.1 | 0.1 |" in text
    assert "| Radio/none | no gr-soapy |" in text


def test_fronthaul_over_the_network(tmp_path):
    file = write(tmp_path / "a.json", [
        run("Network/rate/8/real_time", 1, items_per_second=120000.0),
        run("Network/latency/iterations:3000/manual_time", 1, median_us=49.4, p99_us=1001.0)])
    report = benchmark_report.build([file])
    found = {row["title"]: row for row in report["network"]}
    assert found["packets of eight access points"]["met"] is True
    assert found["under way, 99th percentile"]["met"] is False
    assert found["packets of one access point"]["missing"] == {"Network/rate/1": "not measured"}
    assert not report["parts"]
    text = benchmark_output.markdown(report)
    assert "| packets of eight access points | 120 k/s | 120000 (met) |" in text
    assert "| under way, median | 49.4 µs | - |" in text
    assert "| under way, 99th percentile | 1001 µs | 1000 (missed) |" in text
    assert benchmark_report.build([write(tmp_path / "b.json", MACHINE)])["network"] == []


def test_training(tmp_path):
    (tmp_path / "train-paper.json").write_text(
        '{"step": 300, "loss": 1.5, "samples_per_second": 40.0}', encoding="utf-8")
    report = benchmark_report.build([str(tmp_path / "train-paper.json")])
    assert report["training"] == {"Train/paper": {"samples_per_second": 40.0}}


@pytest.mark.parametrize("content, words", [
    ("no JSON", "Expecting value"),
    ("[]", "no measurements"),
    ('{"context": {}}', "no measurements"),
    ('{"benchmarks": [{"name": "A", "real_time": "soon", "time_unit": "ms"}]}', "'soon'"),
    ('{"benchmarks": [{"name": "A", "real_time": 1, "time_unit": "h"}]}', "'h'"),
    ('{"benchmarks": [{"real_time": 1, "time_unit": "s"}]}', "without a name"),
    ('{"frames_per_second": 0}', "frames_per_second is 0"),
])
def test_other_files_are_refused(tmp_path, content, words):
    path = tmp_path / "bad.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(benchmark_report.ReportError) as error:
        benchmark_report.build([str(path)])
    assert str(path) in str(error.value) and words in str(error.value)


def test_files_that_it_writes(tmp_path):
    pytest.importorskip("matplotlib")
    runs = [run(f"Cost/channel/Q={n}", n) for n in (1, 2, 4)] + [
        run("Channel/paper/received_echo", 20), run("NumPy/paper/received_echo", 100)]
    file = write(tmp_path / "a.json", MACHINE + runs, host_name="somebody", num_cpus=2)
    result = subprocess.run(
        [sys.executable, "-B", LIBRARY / "benchmark_report.py", file, "--out",
         tmp_path / "out", "--device", "a processor"],
        capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    table = (tmp_path / "out" / "benchmark.md").read_text(encoding="utf-8")
    assert table.strip() == result.stdout.strip()
    assert "| 5 | 4 (met) |" in table and "a processor" in table and "not measured" in table
    report = json.loads((tmp_path / "out" / "benchmark.json").read_text(encoding="utf-8"))
    assert report["context"] == {"num_cpus": 2, "device": "a processor"}
    assert math.isclose(report["measurements"]["NumPy/paper/received_echo"]["seconds"], 0.1)
    assert (tmp_path / "out" / "benchmark.png").read_bytes()[:4] == b"\x89PNG"


def test_missing_file_is_named(tmp_path):
    result = subprocess.run(
        [sys.executable, "-B", LIBRARY / "benchmark_report.py", tmp_path / "none.json",
         "--out", tmp_path], capture_output=True, text=True, check=False)
    assert result.returncode == 1 and "none.json" in result.stderr
