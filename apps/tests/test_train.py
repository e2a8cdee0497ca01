# SPDX-License-Identifier: GPL-3.0-or-later
"""isac_train: a model from a few steps, stopped and resumed, and what it refuses."""

import json
import signal
import subprocess

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
        "hidden_channels": 8,
        "decoder_channels": 8,
        "velocity_steps": 5,
    },
}


@pytest.fixture
def arguments(tmp_path):
    sizes = tmp_path / "sizes.json"
    sizes.write_text(json.dumps(SIZES), encoding="utf-8")
    return ["--scenario", LITE, "--architecture", sizes, "--steps", 30, "--batch", 4,
            "--warm-up", 8, "--report-every", 10, "--validation-frames", 8, "--seed", 5]


def test_model_can_be_used(arguments, tmp_path):
    model = tmp_path / "m.safetensors"
    report, result = run_json("isac_train", *arguments, "--out", model)
    assert report["steps"] == 30
    assert len(report["perplexity"]) == 2 and all(1 <= p <= 16 for p in report["perplexity"])
    assert "\r" not in result.stdout + result.stderr  # no progress bar in a pipe
    assert not (tmp_path / "m.safetensors.checkpoint").exists()
    scores, _ = run_json("isac_simulate", "--scenario", LITE, "--model", model, "--frames", 3)
    assert scores["frames"] == 3 and scores["frames_lost"] == 0


def test_stopped_and_resumed_is_the_same_to_the_bit(arguments, tmp_path):
    straight, stopped = tmp_path / "a.safetensors", tmp_path / "b.safetensors"
    assert run("isac_train", *arguments, "--out", straight).returncode == 0
    command = [str(program_path("isac_train")), *map(str, arguments), "--out", str(stopped)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline().startswith("step 10:")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 130 and not stopped.exists()
    expect_error(run("isac_train", *arguments, "--out", stopped), 2, "--resume")
    result = run("isac_train", *arguments, "--out", stopped, "--resume")
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("going on after step")
    assert stopped.read_bytes() == straight.read_bytes()


@pytest.mark.parametrize(
    "extra, parts",
    [
        (["--resume"], ["--resume", "checkpoint"]),
        (["--architecture", "large"], ["--architecture", "'large'"]),
        (["--role", "ap"], ["--role", "'ap'"]),
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
