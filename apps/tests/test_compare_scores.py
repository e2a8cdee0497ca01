# SPDX-License-Identifier: GPL-3.0-or-later
"""The check of one device's scores against another's."""

import json
import subprocess
import sys

import pytest
from programs import SOURCE

SCORES = {"frames": 300, "frames_lost": 0, "location_median_m": 0.8,
          "velocity_median_mps": 1.9, "location_within_1m": 0.63,
          "root_crlb_location_median_m": 0.19, "root_crlb_velocity_median_mps": 0.48,
          "location_rmse_m": 6.0}


def compare(folder, first, second):
    paths = []
    for name, scores in (("a", first), ("b", second)):
        paths.append(folder / f"{name}.json")
        paths[-1].write_text(json.dumps(scores), encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-B", SOURCE / "scripts" / "lib" / "compare_scores.py", *paths],
        capture_output=True, text=True, check=False)


def test_scores_that_agree(tmp_path):
    near = {**SCORES, "location_median_m": 0.805, "location_rmse_m": 6.4}
    result = compare(tmp_path, SCORES, near)
    assert result.returncode == 0 and "agree" in result.stdout


@pytest.mark.parametrize("key, value", [
    ("location_median_m", 0.81), ("velocity_median_mps", 1.87), ("frames_lost", 1),
    ("location_within_1m", 0.65), ("root_crlb_location_median_m", 0.1905),
    ("location_median_m", float("nan"))])
def test_scores_that_differ(tmp_path, key, value):
    result = compare(tmp_path, SCORES, {**SCORES, key: value})
    assert result.returncode == 1 and key in result.stderr


def test_missing_scores(tmp_path):
    few = {key: value for key, value in SCORES.items() if key != "frames"}
    result = compare(tmp_path, SCORES, few)
    assert result.returncode == 1 and "frames: is missing" in result.stderr
    result = compare(tmp_path, SCORES, SCORES)
    assert result.returncode == 0


def test_file_that_is_none(tmp_path):
    result = subprocess.run(
        [sys.executable, "-B", SOURCE / "scripts" / "lib" / "compare_scores.py",
         tmp_path / "none.json", tmp_path / "none.json"],
        capture_output=True, text=True, check=False)
    assert result.returncode == 2 and "none.json" in result.stderr
