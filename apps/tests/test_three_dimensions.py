# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs with a scenario in space: scores, estimates, a trained model, and what they
refuse."""

import csv
import json

import pytest
from programs import SPACE, expect_error, run, run_json

DENSE = {
    "read_out": "dense",
    "reference": "raw",
    "codeword_dim": 8,
    "codewords": 16,
    "dense": {
        "stem_channels": 4,
        "hidden_channels": 8,
        "downsampling_layers": 2,
        "residual_layers": 1,
        "residual_channels": 4,
        "latent_residual_layers": 1,
        "transmit_residual_layers": 1,
        "flat_features": 8,
        "fully_connected": 8,
    },
}


def test_maximum_likelihood_is_near_its_bound(tmp_path):
    table = tmp_path / "estimates.csv"
    scores, _ = run_json("isac_simulate", "--scenario", SPACE, "--receiver", "ml",
                         "--frames", 8, "--seed", 3, "--estimates", table)  # fmt: skip
    assert scores["frames"] == 8 and scores["frames_lost"] == 0
    assert scores["fronthaul_bits_per_update"] == 4 * 496
    assert scores["location_median_m"] < 3 * scores["root_crlb_location_median_m"]
    assert scores["velocity_median_mps"] < 3 * scores["root_crlb_velocity_median_mps"]
    with open(table, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == [
        "frame", "time_s", "access_points", "target",
        "x_m", "y_m", "z_m", "vx_mps", "vy_mps", "vz_mps", "confidence",
    ]  # fmt: skip
    assert len(rows) == 8 * 2
    for row in rows:
        assert -5 <= float(row["x_m"]) <= 45 and -5 <= float(row["z_m"]) <= 20
        assert abs(float(row["vz_mps"])) < 20


@pytest.mark.parametrize("scheme", ["music", "cs", "monostatic"])
def test_schemes_of_paths_refuse_space(scheme):
    result = run("isac_simulate", "--scenario", SPACE, "--receiver", scheme, "--frames", 1)
    assert result.returncode != 0
    assert "2 dimensions" in result.stderr, result.stderr


def test_printed_networks_are_trained_and_run(tmp_path):
    sizes, model = tmp_path / "sizes.json", tmp_path / "m.safetensors"
    sizes.write_text(json.dumps(DENSE), encoding="utf-8")
    report, _ = run_json("isac_train", "--scenario", SPACE, "--architecture", sizes,
                         "--steps", 20, "--batch", 4, "--warm-up", 6, "--report-every", 10,
                         "--validation-frames", 8, "--seed", 5, "--threads", 1,
                         "--out", model)  # fmt: skip
    assert report["step"] == 20 and len(report["perplexity"]) == 3
    scores, _ = run_json("isac_simulate", "--scenario", SPACE, "--model", model, "--frames", 3)
    assert scores["frames"] == 3 and scores["frames_lost"] == 0
    assert 0 < scores["location_rmse_m"] < 60


def test_grid_networks_refuse_space(tmp_path):
    result = run("isac_train", "--scenario", SPACE, "--architecture", "lite", "--steps", 1,
                 "--out", tmp_path / "m.safetensors")  # fmt: skip
    expect_error(result, 2, "2 dimensions")
