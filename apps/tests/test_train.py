# SPDX-License-Identifier: GPL-3.0-or-later
"""isac_train in one process: a model from a few steps, its log, stopped and resumed, and
what it refuses."""

import json
import random
import signal
import subprocess
import time

import pytest
from programs import LITE, TIMEOUT_S, expect_error, program_path, run, run_json

# Small enough for a step in a fraction of a second.
SIZES = {
    "read_out": "grid",
    "reference": "reference",
    "codeword_dim": 8,
    "codewords": 16,
    "grid": {
        "cells": 12,
        "doppler_lines": 10,
        "doppler_spacing_hz": 1100.0,
        "hidden_channels": 16,
        "decoder_channels": 16,
        "velocity_steps": 5,
    },
}


CENTRALIZED_SIZES = {
    "read_out": "cnn",
    "reference": "reference",
    "cnn": {"first_channels": 2, "second_channels": 4, "stride": 4, "fully_connected": 16},
}


@pytest.fixture
def arguments(tmp_path):
    sizes = tmp_path / "sizes.json"
    sizes.write_text(json.dumps(SIZES), encoding="utf-8")
    return ["--scenario", LITE, "--architecture", sizes, "--steps", 30, "--batch", 4,
            "--warm-up", 8, "--report-every", 10, "--validation-frames", 8, "--seed", 5,
            "--threads", 1]


def test_model_can_be_used(arguments, tmp_path):
    model = tmp_path / "m.safetensors"
    report, result = run_json("isac_train", *arguments, "--out", model)
    assert report["step"] == report["steps"] == 30 and report["frames"] == 120
    assert 0 <= report["waiting_share"] <= 1 and 0 <= report["waiting_share_run"] <= 1
    assert len(report["perplexity"]) == 2 and all(1 <= p <= 16 for p in report["perplexity"])
    assert "\r" not in result.stdout + result.stderr  # no progress bar in a pipe
    assert not list(tmp_path.glob("m.safetensors.checkpoint*"))
    scores, _ = run_json("isac_simulate", "--scenario", LITE, "--model", model, "--frames", 3)
    assert scores["frames"] == 3 and scores["frames_lost"] == 0


def test_stopped_and_resumed_is_the_same_to_the_bit(arguments, tmp_path):
    straight, stopped = tmp_path / "a.safetensors", tmp_path / "b.safetensors"
    assert run("isac_train", *arguments, "--out", straight).returncode == 0
    command = [str(program_path("isac_train")), *map(str, arguments), "--out", str(stopped)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline().startswith("step 1:")
        assert process.stdout.readline().startswith("step 10:")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 130 and not stopped.exists()
    expect_error(run("isac_train", *arguments, "--out", stopped), 2, "--resume")
    result = run("isac_train", *arguments, "--out", stopped, "--resume")
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("going on after step")
    assert stopped.read_bytes() == straight.read_bytes()


@pytest.fixture
def centralized(tmp_path):
    sizes = tmp_path / "sizes.json"
    sizes.write_text(json.dumps(CENTRALIZED_SIZES), encoding="utf-8")
    return ["--scenario", LITE, "--architecture", sizes, "--steps", 20, "--batch", 4,
            "--report-every", 10, "--validation-frames", 8, "--seed", 5, "--threads", 1]


def test_centralized_network_stopped_and_resumed_is_the_same_to_the_bit(centralized, tmp_path):
    straight, stopped = tmp_path / "a.safetensors", tmp_path / "b.safetensors"
    report, result = run_json("isac_train", *centralized, "--out", straight)
    assert report["step"] == 20 and report["loss"] > 0 and report["commitment"] == 0
    assert report["perplexity"] is None and "codebook" not in result.stdout
    command = [str(program_path("isac_train")), *map(str, centralized), "--out", str(stopped)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline().startswith("step 1:")
        assert process.stdout.readline().startswith("step 10:")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 130 and not stopped.exists()
    result = run("isac_train", *centralized, "--out", stopped, "--resume")
    assert result.returncode == 0, result.stderr
    assert stopped.read_bytes() == straight.read_bytes()
    header, reports = log_of(stopped)
    assert header["fronthaul_bits_per_update"] == header["raw_echo_bits_per_update"]
    assert header["architecture"]["cnn"]["kernel"] == 5  # the default
    assert [entry["step"] for entry in reports] == [1, 10, 20]


def test_centralized_network_without_reference_has_other_inputs(centralized, tmp_path):
    told, untold = tmp_path / "a.safetensors", tmp_path / "b.safetensors"
    assert run("isac_train", *centralized, "--out", told).returncode == 0
    result = run("isac_train", *centralized, "--reference", "raw", "--out", untold)
    assert result.returncode == 0, result.stderr
    figures, _ = run_json("isac_inspect", untold)
    assert figures["reference"] == "raw"
    # 2 planes of each access point in the place of 32, of which 2 x 30 have 125 weights for
    # each of 2 channels.
    assert run_json("isac_inspect", told)[0]["decoder_parameters"] == (
        figures["decoder_parameters"] + 2 * 30 * 125 * 2)


def log_of(model):
    """Header and reports of a model's log, without what depends on the clock."""
    with open(f"{model}.log", encoding="utf-8") as file:
        header, *reports = [json.loads(line) for line in file]
    for report in reports:
        for name in ("samples_per_second", "waiting_share", "waiting_share_run"):
            assert report.pop(name) >= 0
    return header, reports


def test_log_has_every_report(arguments, tmp_path):
    model = tmp_path / "m.safetensors"
    result = run("isac_train", *arguments, "--drop-access-point", 0.5, "--out", model)
    assert result.returncode == 0, result.stderr
    header, reports = log_of(model)
    assert header["log"] == "cfisac-training" and header["options"]["drop_access_point"] == 0.5
    assert header["architecture"]["codewords"] == 16
    assert header["raw_echo_bits_per_update"] > header["fronthaul_bits_per_update"] > 0
    assert [report["step"] for report in reports] == [1, 10, 20, 30]
    for report in reports:
        assert report["loss"] > 0 and report["location_median_m"] > 0
        assert len(report["location_median_without_access_point_m"]) == 2
    assert reports[0]["perplexity"] is None and reports[0]["learning_rate"] > 0
    for name in ("perplexity", "distinct", "dead", "replaced"):
        assert len(reports[-1][name]) == 2


def test_what_varies_is_logged_and_changes_the_training(arguments, tmp_path):
    plain, varied = tmp_path / "a.safetensors", tmp_path / "b.safetensors"
    assert run("isac_train", *arguments, "--out", plain).returncode == 0
    result = run("isac_train", *arguments, "--power-dbm", "10,40", "--clutter-scatterers", "0,3",
                 "--timing-offset-s", "0,1e-9", "--frequency-offset-hz", "0,50",
                 "--clutter-variance", "0.1,1", "--targets", "0,2", "--out", varied)
    assert result.returncode == 0, result.stderr
    options = log_of(varied)[0]["options"]["randomisation"]
    assert options["power_dbm"] == [10, 40] and options["targets"] == [0, 2]
    assert len(options) == 6
    assert log_of(plain)[0]["options"]["randomisation"] == {}
    assert plain.read_bytes() != varied.read_bytes()


def test_killed_at_any_step_and_resumed_is_the_same_to_the_bit(arguments, tmp_path):
    straight, killed = tmp_path / "a.safetensors", tmp_path / "b.safetensors"
    arguments += ["--checkpoint-every", 3]
    assert run("isac_train", *arguments, "--out", straight).returncode == 0
    chance = random.Random(20261123)
    for _ in range(3):
        resume = (tmp_path / "b.safetensors.checkpoint").exists()
        command = [str(program_path("isac_train")), *map(str, arguments), "--out", str(killed)]
        delay_s = chance.uniform(0.3, 2.5)
        with subprocess.Popen(command + ["--resume"] * resume, stdout=subprocess.PIPE,
                              text=True) as process:
            process.stdout.readline()  # it has begun
            time.sleep(delay_s)
            process.kill()
        print(f"killed {delay_s:.2f} s after the first line, resumed: {resume}")
    if killed.exists():
        killed.unlink()  # it was quicker than we; once more from the beginning
    result = run("isac_train", *arguments, "--out", killed, "--continue")
    assert result.returncode == 0, result.stderr
    assert killed.read_bytes() == straight.read_bytes()
    assert log_of(killed) == log_of(straight)


@pytest.mark.parametrize(
    "extra, parts",
    [
        (["--resume"], ["--resume", "checkpoint"]),
        (["--resume", "--continue"], ["--resume and --continue"]),
        (["--role", "split"], ["--rendezvous", "--rank"]),
        (["--architecture", "large"], ["--architecture", "'large'"]),
        (["--role", "radar"], ["--role", "'radar'"]),
        (["--role", "ap"], ["--rendezvous", "--rank"]),
        (["--role", "ap", "--rank", "0", "--rendezvous", "localhost:1"], ["central unit"]),
        (["--role", "cu", "--rank", "9", "--rendezvous", "localhost:1"], ["--rank", "9"]),
        (["--role", "cu", "--rank", "0", "--rendezvous", "localhost"], ["HOST:PORT"]),
        (["--architecture", "cnn", "--codewords", "8"], ["--codewords", "cnn"]),
        (["--architecture", "cnn", "--latents", "float16"], ["--latents", "cnn"]),
        (["--architecture", "cnn", "--warm-up", "5"], ["--warm-up", "cnn"]),
        (["--architecture", "cnn", "--commitment", "1"], ["--commitment", "cnn"]),
        (["--architecture", "cnn", "--drop-access-point", "0.1"],
         ["--drop-access-point", "cnn"]),
        (["--architecture", "cnn", "--role", "cu", "--rank", "0", "--rendezvous",
          "localhost:1"], ["--role", "cnn"]),
        (["--power-dbm", "30"], ["--power-dbm", "'30'"]),
        (["--targets", "1.5,2"], ["--targets", "whole"]),
        (["--targets", "2,1"], ["--targets", "MIN"]),
        (["--steps", "0"], ["--steps"]),
        (["--learning-rate", "fast"], ["--learning-rate"]),
    ],
)
def test_wrong_arguments(extra, parts, tmp_path):
    result = run("isac_train", "--scenario", LITE, "--out", tmp_path / "m", *extra)
    expect_error(result, 2, *parts)


def test_wrong_sizes_are_named(tmp_path):
    sizes = tmp_path / "sizes.json"
    sizes.write_text('{"codewords": 0}', encoding="utf-8")
    result = run("isac_train", "--scenario", LITE, "--out", tmp_path / "m",
                 "--architecture", sizes)
    expect_error(result, 1, "codewords", "got 0")
