# SPDX-License-Identifier: GPL-3.0-or-later
"""isac_evaluate: tables whose scores NumPy computes again from the estimates and the truth of
a data set, runs that are stopped, shared or wrong, and the pictures."""

import csv
import itertools
import json
import os
import signal
import socket
import struct
import subprocess
import time

import h5py
import numpy as np
import pytest
from programs import (LITE, SHIPPED_MODEL, TIMEOUT_S, edited, expect_error, program_path, run,
                      run_json)

SEED = 7
FRAMES = 12
MODEL = ["--model", f"dvqvae={SHIPPED_MODEL}"]
NO_PICTURE = "--no-picture"


def evaluate(out, *arguments, scenario=LITE):
    return run("isac_evaluate", "--scenario", scenario, "--out", out, "--seed", SEED,
               *arguments)


def evaluate_json(out, *arguments, scenario=LITE):
    result = evaluate(out, *arguments, "--json", scenario=scenario)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout.splitlines()[-1]), result


def table(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def rows_of(rows, scheme):
    return [row for row in rows if row["scheme"] == scheme]


def estimates_of(out, scheme):
    """{point: [frame, 2, Q, D]} from the file that a run goes on from; NaN where lost."""
    points = {}
    with open(out / "results.jsonl", encoding="utf-8") as file:
        for line in list(file)[1:]:
            chunk = json.loads(line)
            if chunk["scheme"].split(":")[0] == scheme:
                points.setdefault(chunk["point"], []).append(chunk)
    return {point: np.concatenate([np.array(chunk["records"], dtype=np.float64)
                                   for chunk in sorted(chunks, key=lambda c: c["first"])])
            for point, chunks in points.items()}


def best_errors(truth, estimate, scale):
    """Distances [frame, 2, Q] after trying every permutation; truth [frame, 2, Q, D]."""
    errors = np.empty(truth.shape[:3])
    orders = [list(order) for order in itertools.permutations(range(truth.shape[2]))]
    for frame in range(len(truth)):
        costs = [np.square((truth[frame] - estimate[frame][:, order]) / scale).sum()
                 for order in orders]
        order = orders[int(np.argmin(costs))]
        errors[frame] = np.linalg.norm(truth[frame] - estimate[frame][:, order], axis=-1)
    return errors


@pytest.fixture(scope="module")
def powers(tmp_path_factory):
    """Figure 6 with one frame more than a chunk, without a picture."""
    out = tmp_path_factory.mktemp("powers")
    line, result = evaluate_json(out, "--figure", 6, "--quick", "--frames", FRAMES, *MODEL,
                                 "--schemes", "dvqvae,ml", NO_PICTURE)
    return out, line, result


def test_scores_are_those_numpy_computes_from_a_data_set(powers, tmp_path):
    out, line, _ = powers
    rows = table(out / "figure6.csv")
    assert [float(row["x"]) for row in rows_of(rows, "ml")] == [10, 20, 30, 40]
    assert line["written"][0]["rows"] == len(rows) == 12
    data = tmp_path / "data.h5"
    made = run("isac_dataset", "--scenario", LITE, "--frames", FRAMES, "--seed", SEED, "--out",
               data)
    assert made.returncode == 0, made.stderr
    with h5py.File(data) as file:
        truth = np.stack([file["location"][:], file["velocity"][:]], axis=1)
        root = file["root_crlb"][:].reshape(FRAMES, 2, 2, 2)
    bound = np.sqrt(np.square(root).sum(-1))  # [frame, quantity, target]
    for scheme in ("dvqvae", "ml"):
        row = [row for row in rows_of(rows, scheme) if float(row["x"]) == 30][0]
        assert int(row["frames"]) == FRAMES and int(row["frames_lost"]) == 0
        # The point of 30 dBm is the scenario itself; of its estimates nothing else is told.
        candidates = [best_errors(truth, found.reshape(FRAMES, 2, 2, 2),
                                  np.array([100.0, 40.0])[:, None, None])
                      for found in estimates_of(out, scheme).values()]
        errors = min(candidates, key=lambda e: abs(
            np.sqrt(np.square(e[:, 0]).mean()) - float(row["location_rmse_m"])))
        for place, (quantity, unit) in enumerate((("location", "m"), ("velocity", "mps"))):
            own = errors[:, place].ravel()
            for name, value in (("rmse", np.sqrt(np.square(own).mean())),
                                ("median", np.median(own)),
                                ("p90", np.percentile(own, 90))):
                assert float(row[f"{quantity}_{name}_{unit}"]) == pytest.approx(value,
                                                                                rel=1e-5)
            assert float(row[f"root_crlb_{quantity}_rms_{unit}"]) == pytest.approx(
                np.sqrt(np.square(bound[:, place]).mean()), rel=1e-4)
        assert float(row["location_within_1m"]) == pytest.approx((errors[:, 0] <= 1).mean())


def test_intervals_are_those_of_a_bootstrap_in_numpy(tmp_path):
    out = tmp_path / "out"
    evaluate_json(out, "--figure", 12, "--frames", 60, "--resamples", 4000, *MODEL,
                  "--schemes", "dvqvae", NO_PICTURE)
    row = rows_of(table(out / "figure12.csv"), "dvqvae")[0]
    truth = estimates_of(out, "truth")
    found = estimates_of(out, "dvqvae")
    (values,), (estimate,) = truth.values(), found.values()
    errors = best_errors(values[:, :8].reshape(60, 2, 2, 2), estimate.reshape(60, 2, 2, 2),
                         np.array([100.0, 40.0])[:, None, None])
    rng = np.random.default_rng(1)
    drawn = errors[rng.integers(0, 60, (4000, 60))]  # [resample, frame, quantity, target]
    for place, (quantity, unit) in enumerate((("location", "m"), ("velocity", "mps"))):
        own = drawn[:, :, place].reshape(4000, -1)
        for name, scores in (("rmse", np.sqrt(np.square(own).mean(-1))),
                             ("median", np.median(own, axis=-1))):
            for end, share in (("low", 2.5), ("high", 97.5)):
                # Quantiles of 4000 resamples scatter by some hundredths of their spread.
                assert float(row[f"{quantity}_{name}_{end}_{unit}"]) == pytest.approx(
                    np.percentile(scores, share), abs=0.15 * scores.std() + 1e-9)


def test_scores_are_those_of_the_flowgraph(powers):
    out, _, _ = powers
    row = [row for row in rows_of(table(out / "figure6.csv"), "dvqvae")
           if float(row["x"]) == 30][0]
    expected, _ = run_json("isac_simulate", "--scenario", LITE, "--model", SHIPPED_MODEL,
                           "--frames", FRAMES, "--seed", SEED)
    for key in row.keys() & expected.keys():
        assert float(row[key]) == pytest.approx(expected[key], rel=1e-6), key
    assert {"location_rmse_m", "velocity_p90_mps", "root_crlb_velocity_median_mps",
            "fronthaul_bits_per_update", "reference_bits_per_update"} <= expected.keys()


def test_json_has_the_rows_and_the_settings(powers):
    out, _, _ = powers
    with open(out / "figure6.json", encoding="utf-8") as file:
        content = json.load(file)
    rows = table(out / "figure6.csv")
    assert content["figure"] == 6 and content["x"] == "power_dbm"
    assert content["settings"]["seed"] == SEED and content["frames"] == FRAMES
    assert content["settings"]["confidence_level"] == 0.95
    assert "carrier_hz" in content["settings"]["scenario_yaml"]
    for one, other in zip(content["rows"], rows, strict=True):
        assert list(one) == list(other)
        for key, value in one.items():
            assert other[key] == ("" if value is None else str(value)) or \
                float(other[key]) == value
    for row in rows:
        if row["scheme"] != "crlb":
            for score in ("location_rmse", "location_median", "velocity_rmse",
                          "velocity_median"):
                unit = "m" if score.startswith("location") else "mps"
                low, value, high = (float(row[f"{score}{end}_{unit}"])
                                    for end in ("_low", "", "_high"))
                assert low <= value <= high


def test_everything_that_needs_no_model_is_there_by_default(tmp_path):
    line, result = evaluate_json(tmp_path, "--figure", 12, "--frames", 2, NO_PICTURE)
    rows = table(tmp_path / "figure12.csv")
    assert [row["scheme"] for row in rows] == ["crlb", "monostatic", "cs", "music", "ml"]
    assert {left["scheme"] for left in line["written"][0]["left_out"]} == {
        "cnn", "dvae", "dvqvae"}
    for scheme in ("cnn", "dvae", "dvqvae"):
        assert f"no {scheme} at every point: no --model {scheme}=FILE is given" in result.stderr
    monostatic = rows_of(rows, "monostatic")[0]
    assert monostatic["velocity_rmse_mps"] == "" and monostatic["location_rmse_m"] != ""
    assert monostatic["fronthaul_bits_per_update"] == "0"
    for scheme in ("cs", "music"):
        assert rows_of(rows, scheme)[0]["fronthaul_bits_per_update"] == "192"
    assert int(rows_of(rows, "ml")[0]["fronthaul_bits_per_update"]) <= 2048


def test_all_schemes_with_the_shipped_models(tmp_path):
    models = SHIPPED_MODEL.parent
    line, _ = evaluate_json(
        tmp_path, "--figure", 12, "--frames", 2, *MODEL, "--model",
        f"dvae={models / 'lite-dvae.safetensors'}", "--model",
        f"cnn={models / 'lite-cnn.safetensors'}", "--reference", "pilot", NO_PICTURE)
    rows = {row["scheme"]: row for row in table(tmp_path / "figure12.csv")}
    assert list(rows) == ["crlb", "monostatic", "cs", "music", "cnn", "dvae", "dvqvae", "ml"]
    assert line["written"][0]["left_out"] == []
    sent = {scheme: int(row["fronthaul_bits_per_update"]) for scheme, row in rows.items()
            if scheme != "crlb"}
    assert sent["cnn"] == 64 * 8 * 32 * 32  # the raw echo
    assert sent["dvqvae"] < sent["dvae"] < sent["cnn"]
    reference = {scheme: int(row["reference_bits_per_update"]) for scheme, row in rows.items()
                 if scheme != "crlb"}
    precoder, payload = 64 * 2 * 8 * 4 * 32, 4 * 32 * 32 * 4
    for scheme, bits in reference.items():
        # What is told is a matter of the model; a pilot is known, and the centre knows all.
        assert bits == (precoder + payload if scheme in ("dvae", "dvqvae") else 0)
    for row in rows.values():
        assert row["scheme"] == "crlb" or float(row["location_rmse_m"]) > 0


@pytest.mark.parametrize("figure, points", [(7, 3), (8, 3), (9, 3), (13, 6), (14, 6)])
def test_a_point_without_a_fitting_model_is_left_out_and_named(figure, points, tmp_path):
    line, result = evaluate_json(tmp_path, "--figure", figure, "--quick", "--frames", 1, *MODEL,
                                 "--schemes", "dvqvae", NO_PICTURE)
    rows = table(tmp_path / f"figure{figure}.csv")
    assert len(rows_of(rows, "crlb")) == points
    changes = figure in (7, 8, 9)  # what the fingerprint of a scenario covers
    assert len(rows_of(rows, "dvqvae")) == (1 if changes else points)
    left_out = line["written"][0]["left_out"]
    assert len(left_out) == result.stderr.count("no dvqvae at") == (1 if changes else 0)
    if changes:
        assert left_out[0]["where"].count("; ") == points - 2
        assert left_out[0]["where"] in result.stderr
        assert "is for this scenario" in result.stderr
    if figure == 13:
        assert {(row["series"], row["x"]) for row in rows_of(rows, "dvqvae")} == {
            (series, x) for series in ("1.0", "0.1", "0.01") for x in ("3.0", "18.0")}


def test_truth_and_estimates_of_single_frames(tmp_path):
    evaluate_json(tmp_path / "out", "--figure", 10, "--frames", 3, *MODEL, "--schemes",
                  "dvqvae,monostatic", NO_PICTURE)
    rows = table(tmp_path / "out" / "figure10.csv")
    assert len(rows) == 2 * 3 * 2
    data = tmp_path / "data.h5"
    run("isac_dataset", "--scenario", LITE, "--frames", 3, "--seed", SEED, "--out", data)
    with h5py.File(data) as file:
        location, velocity = file["location"][:], file["velocity"][:]
    for row in rows:
        place = int(row["frame"]), int(row["target"])
        at = [float(row[f"true_{axis}_m"]) for axis in "xy"]
        assert at == pytest.approx(location[place], rel=1e-6)
        moving = [float(row[f"true_velocity_{axis}_mps"]) for axis in "xy"]
        assert moving == pytest.approx(velocity[place], rel=1e-6)
        found = [float(row[f"estimated_{axis}_m"]) for axis in "xy"]
        assert float(row["location_error_m"]) == pytest.approx(
            np.hypot(*np.subtract(at, found)), rel=1e-5)
        assert (row["velocity_error_mps"] == "") == (row["scheme"] == "monostatic")


def test_codebooks_are_points_of_figure_12(lite_model, tmp_path):
    evaluate_json(tmp_path, "--figure", 12, "--frames", 2, *MODEL, "--model",
                  f"dvqvae={lite_model}", "--schemes", "dvqvae", NO_PICTURE)
    rows = rows_of(table(tmp_path / "figure12.csv"), "dvqvae")
    assert len(rows) == 2
    for row in rows:
        assert row["x"] == row["fronthaul_bits_per_update"] and int(row["codewords"]) > 1


# ---------------------------------------------------------------- several processes, resuming

COMPARED = ["--figure", 6, "--quick", "--frames", 23, "--schemes", "dvqvae", *MODEL, NO_PICTURE]


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """One process."""
    out = tmp_path_factory.mktemp("alone")
    evaluate_json(out, *COMPARED, "--workers", 1)
    return (out / "figure6.csv").read_bytes()


@pytest.mark.parametrize("workers", [2, 3])
def test_result_does_not_depend_on_the_number_of_workers(workers, alone, tmp_path):
    line, _ = evaluate_json(tmp_path, *COMPARED, "--workers", workers)
    assert line["workers"] == workers
    assert (tmp_path / "figure6.csv").read_bytes() == alone


def test_two_ranks_that_meet(alone, tmp_path):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    command = [program_path("isac_evaluate"), "--scenario", LITE, "--seed", SEED, *COMPARED,
               "--rendezvous", f"127.0.0.1:{port}", "--workers", 2, "--out"]
    ranks = [subprocess.Popen([str(word) for word in [*command, tmp_path / name, "--rank", rank]],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
             for rank, name in enumerate(("first", "second"))]
    for process in ranks:
        _, errors = process.communicate(timeout=TIMEOUT_S)
        assert process.returncode == 0, errors
    assert (tmp_path / "first" / "figure6.csv").read_bytes() == alone
    assert not (tmp_path / "second").exists()  # the first one writes


def test_ranks_that_were_asked_for_different_things(tmp_path):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    ranks = []
    for rank, frames in enumerate((23, 24)):
        options = [*COMPARED, "--rendezvous", f"127.0.0.1:{port}", "--workers", 2, "--rank",
                   rank, "--out", tmp_path, "--scenario", LITE]
        options[options.index("--frames") + 1] = frames
        ranks.append(subprocess.Popen(
            [str(word) for word in [program_path("isac_evaluate"), *options]],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
    for process in ranks:
        _, errors = process.communicate(timeout=TIMEOUT_S)
        assert process.returncode == 1 and "frames is 24 instead of 23" in errors


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_stopped_run_goes_on_and_gives_the_same(how, alone, tmp_path):
    command = [program_path("isac_evaluate"), "--scenario", LITE, "--seed", SEED, *COMPARED,
               "--out", tmp_path, "--workers", 2]
    results = tmp_path / "results.jsonl"
    with subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True) as process:
        until = time.monotonic() + TIMEOUT_S
        while not results.exists() or results.read_text(encoding="utf-8").count("\n") < 3:
            assert time.monotonic() < until and process.poll() is None
            time.sleep(0.002)
        process.send_signal(how)
        _, errors = process.communicate(timeout=TIMEOUT_S)
    if how == signal.SIGINT:
        assert process.returncode == 130 and "interrupted" in errors
    kept = results.read_text(encoding="utf-8")
    kept = kept[:kept.rindex("\n") + 1]
    assert not (tmp_path / "figure6.csv").exists()
    evaluate_json(tmp_path, *COMPARED)
    assert (tmp_path / "figure6.csv").read_bytes() == alone
    assert results.read_text(encoding="utf-8").startswith(kept)  # nothing is done again


def test_more_frames_go_on_from_fewer(alone, tmp_path):
    fewer = list(COMPARED)
    fewer[fewer.index("--frames") + 1] = 10
    evaluate_json(tmp_path, *fewer)
    before = (tmp_path / "results.jsonl").read_bytes()
    evaluate_json(tmp_path, *COMPARED)
    assert (tmp_path / "results.jsonl").read_bytes().startswith(before)
    assert (tmp_path / "figure6.csv").read_bytes() == alone


def test_folder_of_another_run_is_refused(tmp_path):
    options = ["--figure", 12, "--frames", 1, "--schemes", "cs", NO_PICTURE]
    evaluate_json(tmp_path, *options)
    other = run("isac_evaluate", "--scenario", LITE, "--out", tmp_path, "--seed", SEED + 1,
                *options)
    expect_error(other, 2, "results.jsonl", f"seed is {SEED + 1} instead of {SEED}",
                 "--restart")
    again = run("isac_evaluate", "--scenario", LITE, "--out", tmp_path, "--seed", SEED + 1,
                *options, "--restart")
    assert again.returncode == 0, again.stderr


# ---------------------------------------------------------------------------- wrong requests

@pytest.mark.parametrize("options, parts", [
    (["--figure", 5], ["--figure '5'", "6, 7, 8, 9, 10, 11, 12, 13, 14"]),
    (["--figure", "six"], ["--figure 'six'"]),
    (["--table", 2], ["--table '2'", "table 3"]),
    ([], ["--figure", "--table", "--all"]),
    (["--figure", 6, "--schemes", "kalman"], ["kalman", "monostatic, cs, music, cnn, dvae"]),
    (["--figure", 6, "--schemes", "dvqvae"], ["dvqvae", "no --model dvqvae=FILE is given"]),
    (["--figure", 6, "--schemes", "ml,cnn"], ["cnn", "no --model cnn=FILE is given"]),
    (["--figure", 6, "--model", "ml=x.safetensors"], ["ml=x.safetensors", "dvqvae, dvae or cnn"]),
    (["--figure", 6, "--model", f"dvae={SHIPPED_MODEL}"], ["dvae", "holds a dvqvae"]),
    (["--figure", 6, *MODEL, "--schemes", "ml"], ["dvqvae is not among"]),
    (["--figure", 6, "--reference", "raw"], ["--reference raw"]),
    (["--figure", 6, "--reference", "told"], ["--reference", "told"]),
    (["--figure", 6, "--rank", 0], ["--rendezvous", "--rank"]),
    (["--figure", 6, "--rank", 2, "--workers", 2, "--rendezvous", "h:1"], ["--rank", "not 2"]),
    (["--figure", 11, "--logs", "/nowhere"], ["--logs", "/nowhere"]),
    (["--table", 3, "--architecture", "huge"], ["huge"]),
    (["--figure", 6, "--frames", 0], ["frames"]),
])
def test_wrong_requests_are_refused_by_name(options, parts, tmp_path):
    expect_error(evaluate(tmp_path / "out", *options, NO_PICTURE), 2, *parts)


@pytest.mark.parametrize("schemes", [["--schemes", "dvqvae"], []])
def test_model_of_another_scenario_is_refused(schemes, tmp_path):
    other = tmp_path / "other.yml"
    edited(LITE, other, "carrier_hz: 30.0e+9", "carrier_hz: 28.0e+9")
    edited(other, other, "name: lite", "name: other")
    result = evaluate(tmp_path / "out", "--figure", 6, *MODEL, *schemes, NO_PICTURE,
                      scenario=other)
    expect_error(result, 2, "dvqvae", SHIPPED_MODEL, "'lite'", "'other'", "fingerprint")


def test_files_that_cannot_be_read(tmp_path):
    expect_error(evaluate(tmp_path, "--figure", 6, scenario=tmp_path / "none.yml"), 1,
                 "none.yml")
    expect_error(evaluate(tmp_path, "--figure", 6, "--model", "dvqvae=none.safetensors"), 1,
                 "none.safetensors")


# ------------------------------------------------------------------- figure 11, table 3, pictures

def expect_picture(path):
    """A PNG of a size to look at, whose pixels are not all alike."""
    content = path.read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", content[16:24])
    assert width > 400 and height > 400 and len(content) > 10000


def test_trainings_and_run_times(tmp_path):
    line, _ = evaluate_json(tmp_path, "--figure", 11, "--table", 3, "--training-steps", 3,
                            "--repetitions", 1, "--batch", 2, "--quick")
    assert [written["name"] for written in line["written"]] == ["figure11", "table3"]
    loss = table(tmp_path / "figure11.csv")
    rates = {0.02, 0.002, 0.0002}
    assert {float(row["learning_rate"]) for row in loss} == rates and len(loss) == 9
    for row in loss:
        assert float(row["epoch"]) == pytest.approx(int(row["frames"]) / 16000)
        assert float(row["loss"]) > 0
    times = table(tmp_path / "table3.csv")
    assert [(int(row["antennas"]), int(row["subcarriers"]), int(row["symbols"]))
            for row in times] == [(8, 32, 32), (4, 32, 32), (4, 16, 16)]
    for row in times:
        assert all(float(row[f"{stage}_ms"]) >= 0
                   for stage in ("encoder", "quantization", "decoder"))
        assert float(row["decoder_after_echo_ms"]) <= float(row["decoder_ms"])
        assert row["device"] and int(row["batch"]) == 2
    for name in ("figure11", "table3"):
        expect_picture(tmp_path / f"{name}.png")
    # Trainings that are complete are read again, and can be given as logs.
    logs = tmp_path / "figure11"
    before = {log.name: log.stat().st_mtime_ns for log in logs.iterdir()}
    evaluate_json(tmp_path, "--figure", 11, "--training-steps", 3, "--quick", NO_PICTURE)
    assert {log.name: log.stat().st_mtime_ns for log in logs.iterdir()} == before
    evaluate_json(tmp_path / "again", "--figure", 11, "--logs", logs, NO_PICTURE)
    assert table(tmp_path / "again" / "figure11.csv") == loss


def test_logs_that_are_none(tmp_path):
    (tmp_path / "a.log").write_text("hello\n", encoding="utf-8")
    expect_error(evaluate(tmp_path / "out", "--figure", 11, "--logs", tmp_path, NO_PICTURE), 1,
                 tmp_path / "a.log")


@pytest.mark.parametrize("figure", [6, 8, 10, 12, 13, 14])
def test_pictures(figure, tmp_path):
    line, _ = evaluate_json(tmp_path, "--figure", figure, "--quick", "--frames", 2, *MODEL,
                            "--schemes", "dvqvae,cs,monostatic")
    assert line["written"][0]["picture"] == str(tmp_path / f"figure{figure}.png")
    expect_picture(tmp_path / f"figure{figure}.png")


def test_without_matplotlib_nothing_is_computed(tmp_path):
    (tmp_path / "matplotlib.py").write_text("raise ImportError('none here')\n",
                                            encoding="utf-8")
    command = [program_path("isac_evaluate"), "--scenario", LITE, "--out", tmp_path / "out",
               "--figure", 6, "--schemes", "cs"]
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                            env={**os.environ, "PYTHONPATH": str(tmp_path)}, check=False,
                            timeout=TIMEOUT_S)
    assert result.returncode == 1
    assert "python3-matplotlib" in result.stderr and "--no-picture" in result.stderr
    assert not list((tmp_path / "out").glob("*.csv"))


def test_plot_of_what_is_no_table(powers, tmp_path):
    out, _, _ = powers
    picture = tmp_path / "p.png"
    none = tmp_path / "none.csv"
    expect_error(run("isac_plot_evaluation", none), 1, none)
    none.write_text("a,b\n1,2\n", encoding="utf-8")
    expect_error(run("isac_plot_evaluation", none), 1, none, "not a table of isac_evaluate")
    text = (out / "figure6.csv").read_text(encoding="utf-8")
    none.write_text(text.replace("velocity_rmse_low_mps", "other"), encoding="utf-8")
    expect_error(run("isac_plot_evaluation", none), 1, none, "velocity_rmse_low_mps")
    expect_error(run("isac_plot_evaluation"), 2, "CSV")
    median = run("isac_plot_evaluation", out / "figure6.csv", "--metric", "median", "--out",
                 picture)
    assert median.returncode == 0 and str(picture) in median.stdout
    expect_picture(picture)
