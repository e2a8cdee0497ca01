# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs as a user calls them: help, figures, JSON, and what they refuse."""

import json
import os
import pathlib
import pty
import re
import signal
import struct
import subprocess
import time

import pytest
from programs import (
    LITE,
    PAPER,
    SHIPPED_MODEL,
    TIMEOUT_S,
    edited,
    expect_error,
    program_path,
    run,
    run_json,
)

PROGRAMS = ["isac_simulate", "isac_calibrate", "isac_dataset", "isac_inspect", "isac_train"]

# The keys of the JSON line, in their order.
SIMULATE_KEYS = [
    "frames",
    "frames_lost",
    "frames_per_second",
    "real_time_factor",
    "location_rmse_m",
    "location_median_m",
    "location_p90_m",
    "location_within_1m",
    "velocity_rmse_mps",
    "velocity_median_mps",
    "velocity_p90_mps",
    "root_crlb_location_rms_m",
    "root_crlb_location_median_m",
    "root_crlb_velocity_rms_mps",
    "root_crlb_velocity_median_mps",
    "fronthaul_bits_per_update",
    "reference_bits_per_update",
]
CALIBRATION_KEYS = [
    "confidence_mean",
    "location_within_5m",
    "confidence_mean_within_5m",
    "confidence_mean_beyond_5m",
]
COPY_KEYS = ["host_copies", "host_copied_bytes"]
REAL_TIME_KEYS = [
    "latency_median_ms",
    "latency_p99_ms",
    "frames_skipped",
    "intervals_missed",
]


# ----------------------------------------------------------------------- arguments
@pytest.mark.parametrize("name", PROGRAMS)
def test_help_and_version(name):
    result = run(name, "--help")
    assert result.returncode == 0 and result.stderr == ""
    assert result.stdout.startswith(f"Usage: {name}")
    assert "--json" in result.stdout and "--scenario" in result.stdout
    result = run(name, "--version")
    assert result.returncode == 0
    assert re.fullmatch(rf"{name} \(gr-isac\) \d+\.\d+\.\d+\n", result.stdout)


def test_help_names_units():
    for unit in ["dBm", "(s)", "(Hz)"]:
        assert unit in run("isac_simulate", "--help").stdout
    for unit in ["(m)", "(m/s)"]:
        assert unit in run("isac_dataset", "--help").stdout


@pytest.mark.parametrize(
    "arguments, parts",
    [
        ((), ["required"]),
        (("--scenario", LITE), ["model"]),
        (("--nonsense",), ["nonsense"]),
        (("--scen", LITE, "--model", "x"), ["scen"]),
        (("--scenario", LITE, "--model", "x", "--frames", "0"), ["frames", "0"]),
        (("--scenario", LITE, "--model", "x", "--frames", "-5"), ["frames", "-5"]),
        (("--scenario", LITE, "--model", "x", "--frames", "ten"), ["frames", "ten"]),
        (("--scenario", LITE, "--model", "x", "--seed", "-1"), ["seed", "-1"]),
        (("--scenario", LITE, "--model", "x", "--seed", "18446744073709551616"), ["seed"]),
        (("--scenario", LITE, "--model", "x", "--noise-dbm", "nan"), ["noise-dbm", "nan"]),
        (("--scenario", LITE, "--model", "x", "--power-dbm", "3x"), ["power-dbm", "3x"]),
        (("--scenario", LITE, "--model", "x", "--clutter", "4"), ["clutter", "4"]),
        (("--scenario", LITE, "--model", "x", "--clutter", "1.5,1"), ["clutter", "whole"]),
        (("--scenario", LITE, "--model", "x", "--clutter", "2,-1"), ["clutter", "-1"]),
        (("--scenario", LITE, "--model", "x", "--offsets", "-1e-9,0"), ["timing", "-1e-09"]),
        (("--scenario", LITE, "--model", "x", "--device", "tpu"), ["device", "tpu"]),
        (("--scenario", LITE, "--model", "x", "--precision", "int8"), ["precision", "int8"]),
        (("--scenario", LITE, "--model", "x", "--batch", "0"), ["batch", "0"]),
        (("--scenario", LITE, "--model", "x", "--batch", "65"), ["--batch 65", "64"]),
        (("--scenario", LITE, "--model", "x", "--device", "cuda:"), ["device"]),
        (("--scenario", LITE, "--model", "x", "--device", "cuda:99"), ["cuda:99", "GPU"]),
        (("--scenario", LITE, "--model", "x", "--receiver", "none"), ["none", "dvqvae"]),
        (("stray", "--scenario", LITE, "--model", "x"), []),
    ],
)
def test_simulate_refuses_arguments(arguments, parts):
    expect_error(run("isac_simulate", *arguments), 2, "isac_simulate: ", *parts)


def test_other_programs_refuse_arguments(tmp_path):
    expect_error(run("isac_dataset", "--frames", "3"), 2, "isac_dataset: ")
    out = tmp_path / "x.h5"
    expect_error(
        run("isac_dataset", "--scenario", LITE, "--frames", "x", "--seed", 1, "--out", out),
        2,
        "frames",
    )
    expect_error(run("isac_inspect"), 2, "model file", "--architecture")
    expect_error(run("isac_inspect", "a", "b"), 2)
    expect_error(run("isac_inspect", "--architecture", "paper"), 2, "--scenario")
    expect_error(
        run("isac_inspect", "--architecture", "huge", "--scenario", LITE), 2, "huge"
    )
    expect_error(
        run("isac_inspect", "--architecture", "lite", "--scenario", LITE, "--reference", "all"),
        2,
        "all",
    )
    expect_error(run("isac_inspect", "a", "--save", "b"), 2, "--save")
    expect_error(run("isac_inspect", "a", "--latents", "float16"), 2, "--latents")
    expect_error(
        run("isac_inspect", "--architecture", "lite", "--scenario", LITE, "--latents", "int8"),
        2,
        "int8",
    )
    assert not list(tmp_path.iterdir())


# ----------------------------------------------------------------------- isac_inspect
def test_inspect_shows_the_papers_figures():
    figures, result = run_json("isac_inspect", "--architecture", "paper", "--scenario", PAPER)
    assert figures["encoder_parameters"] == 1204544
    assert figures["projector_parameters"] == 65536
    assert figures["codebook_parameters"] == 16384
    assert 206.1e6 < figures["decoder_parameters"] < 206.3e6
    assert figures["fronthaul_bits_per_update"] == 81920
    assert figures["raw_echo_bits_per_update"] == 67108864
    assert figures["reference_bits_per_update"] == 0
    assert figures["latent_shape"] == [4, 64, 64]
    assert figures["indices"] == 16384 and figures["bits_per_index"] == 5
    for text in ["1,204,544", "65,536", "16,384", "81,920 bit", "819 times less"]:
        assert text in result.stdout, text


def test_inspect_shows_a_saved_model_as_the_fresh_one(lite_model):
    fresh, _ = run_json("isac_inspect", "--architecture", "lite", "--scenario", LITE)
    saved, result = run_json("isac_inspect", lite_model, "--scenario", LITE)
    assert saved == fresh
    assert saved["scenario"] == "lite"
    assert saved["location_min_m"] == [0, 0] and saved["velocity_max_mps"] == [20, 20]
    assert saved["model_fingerprint"] in result.stdout
    assert saved["prior_entropy_bits"] == [saved["bits_per_index"]] * 2  # a flat prior
    assert "[-20, 20] x [-20, 20] m/s" in result.stdout

    other, _ = run_json(
        "isac_inspect", "--architecture", "lite", "--scenario", LITE, "--seed", "5"
    )
    assert other["model_fingerprint"] != fresh["model_fingerprint"]
    assert other["scenario_fingerprint"] == fresh["scenario_fingerprint"]


def test_inspect_counts_the_reference():
    figures, _ = run_json(
        *["isac_inspect", "--architecture", "lite", "--scenario", LITE],
        *["--reference", "reference"],
    )
    # Precoder 64 N N_t K S and payload K S T 4 bits.
    assert figures["reference_bits_per_update"] == 64 * 16 * 4 * 32 + 4 * 32 * 32 * 4


def test_inspect_shows_latents_that_are_not_quantized(tmp_path):
    model = tmp_path / "dvae.safetensors"
    fresh, _ = run_json(
        *["isac_inspect", "--architecture", "lite", "--scenario", LITE],
        *["--latents", "float16", "--save", model],
    )
    figures, result = run_json("isac_inspect", model)
    assert figures == fresh
    # The 170 largest vectors: a position, and 2 * 32 elements.
    assert figures["fronthaul_bits_per_update"] == 16 * 170 * (1 + 2 * 32)
    assert figures["latents"] == "float16"
    assert figures["codewords"] == figures["codebook_parameters"] == 0
    assert figures["prior_entropy_bits"] == figures["expected_bits_per_update"] == []
    assert "latents float16, not quantized" in result.stdout
    assert "entropy coded" not in result.stdout


def test_inspect_shows_the_centralized_network(tmp_path):
    model = tmp_path / "cnn.safetensors"
    fresh, _ = run_json(
        *["isac_inspect", "--architecture", "cnn", "--scenario", LITE, "--save", model])
    figures, result = run_json("isac_inspect", model, "--scenario", LITE)
    assert figures == fresh
    assert figures["read_out"] == "cnn" and figures["reference"] == "reference"
    # 2 x 16 planes of each access point, of 8 x 32 x 32, halved three times.
    convolutions = (125 * 64 + 1) * 16 + (125 * 16 + 1) * 32
    layers = (32 * 1 * 4 * 4 + 1) * 256 + 2 * 257 * 256 + 257 * 8
    assert figures["decoder_parameters"] == convolutions + layers
    assert f"network               {convolutions + layers:,} parameters" in result.stdout
    bits = 64 * 8 * 32 * 32
    assert figures["fronthaul_bits_per_update"] == figures["raw_echo_bits_per_update"] == bits
    assert f"{bits:,} bit per update and access point: the raw echo" in result.stdout
    assert figures["reference_bits_per_update"] == 0  # the central unit knows X
    assert figures["encoders"] == figures["indices"] == figures["codebook_parameters"] == 0
    assert figures["latent_shape"] == figures["prior_entropy_bits"] == []
    assert "kernel 5" in result.stdout and "pooling 2" in result.stdout
    for row in ("encoder", "projector", "codebook", "latent "):
        assert not any(line.startswith(row) for line in result.stdout.splitlines())
    expect_error(
        run("isac_inspect", "--architecture", "cnn", "--scenario", LITE,
            "--latents", "float16"),
        1, "latents", "float16", "cnn")


# ----------------------------------------------------------------------- isac_simulate
def scores_of(figures):
    return {k: v for k, v in figures.items() if k not in SIMULATE_KEYS[2:4]}


def test_simulate_codes_packets_without_changing_estimates():
    arguments = ["--scenario", LITE, "--model", SHIPPED_MODEL, "--frames", 10, "--seed", 3]
    arguments += ["--device", "cpu"]
    plain, result = run_json("isac_simulate", *arguments)
    coded, _ = run_json("isac_simulate", *arguments, "--entropy-coding")
    assert scores_of(coded) == scores_of(plain)
    assert list(plain)[-7:] == [
        "entropy_coded_bits_per_update", *CALIBRATION_KEYS, *COPY_KEYS]
    # Our blocks stand in a row: frames leave the device nowhere.
    assert [plain[key] for key in COPY_KEYS] == [0, 0]
    bits = plain["entropy_coded_bits_per_update"]
    # The prior of the shipped model is not flat. Ten frames say that of two digits.
    assert 0.3 * plain["fronthaul_bits_per_update"] < bits
    assert bits < 0.8 * plain["fronthaul_bits_per_update"]
    assert f"{round(bits):,} bit per access point on average" in result.stdout

    figures, result = run_json("isac_inspect", SHIPPED_MODEL)
    for entropy, expected in zip(
        figures["prior_entropy_bits"], figures["expected_bits_per_update"]
    ):
        assert 1 < entropy < figures["bits_per_index"]
        codewords = figures["indices"] - figures["vectors_sent"]
        positions = expected - entropy * codewords
        assert -1e-6 < positions <= figures["vectors_sent"] * figures["bits_per_index"] + 1e-6
        assert f"prior of {entropy:.2f} bit per codeword" in result.stdout
        assert bits == pytest.approx(expected, rel=0.2)


def test_simulate_counts_plain_bits_where_coding_does_not_gain(tmp_path):
    # The codewords of a fresh model are equally likely as far as its counts know.
    sizes, model = tmp_path / "sizes.json", tmp_path / "fresh.safetensors"
    sizes.write_text('{"read_out": "grid", "reference": "reference", "codewords": 512}',
                     encoding="utf-8")
    run_json("isac_inspect", "--architecture", sizes, "--scenario", LITE, "--save", model)
    figures, _ = run_json(
        *["isac_simulate", "--scenario", LITE, "--model", model, "--frames", 2],
        *["--device", "cpu", "--entropy-coding"],
    )
    assert figures["entropy_coded_bits_per_update"] == figures["fronthaul_bits_per_update"]
    assert figures["frames"] == 2


def test_simulate_gives_all_keys_and_the_same_numbers_twice(lite_model):
    arguments = ["--scenario", LITE, "--model", lite_model, "--frames", 12, "--device", "cpu"]
    first, result = run_json("isac_simulate", *arguments, "--seed", 7)
    assert [key for key in first if key in SIMULATE_KEYS] == SIMULATE_KEYS
    assert first["frames"] == 12 and first["frames_lost"] == 0
    assert first["frames_per_second"] > 0
    interval_s = 256 * (1 / 240e3 + 1.0416666666666667e-6)
    assert first["real_time_factor"] == pytest.approx(first["frames_per_second"] * interval_s)
    assert all(isinstance(first[key], (int, float)) for key in SIMULATE_KEYS)
    assert 0 < first["location_median_m"] <= first["location_p90_m"] < 200
    assert len(first["codewords_in_use"]) == 2
    for used, perplexity in zip(first["codewords_in_use"], first["codebook_perplexity"]):
        assert 1 <= used <= first["codewords"]
        assert 1 - 1e-9 <= perplexity <= used + 1e-9
    for text in ["location [m]", "velocity [m/s]", "RMSE", "within 1 m", "CRLB", "perplexity"]:
        assert text in result.stdout, text
    assert "\r" not in result.stderr and "\033" not in result.stderr  # no bar in a pipe

    second, _ = run_json("isac_simulate", *arguments, "--seed", 7)
    assert scores_of(second) == scores_of(first)
    other, _ = run_json("isac_simulate", *arguments, "--seed", 8)
    assert scores_of(other) != scores_of(first)


def test_simulate_in_real_time_counts_what_it_skips():
    frames = 150
    figures, result = run_json(
        *["isac_simulate", "--scenario", LITE, "--model", SHIPPED_MODEL, "--frames", frames],
        *["--seed", 3, "--device", "cpu", "--real-time"],
    )
    assert list(figures)[-len(REAL_TIME_KEYS):] == REAL_TIME_KEYS
    assert figures["frames"] >= 1
    assert figures["frames"] + figures["frames_lost"] <= frames
    assert figures["frames"] + figures["frames_lost"] + figures["frames_skipped"] >= frames
    assert 0 < figures["latency_median_ms"] <= figures["latency_p99_ms"]
    assert figures["real_time_factor"] <= 1.01  # never ahead of the interval
    assert "latency" in result.stdout and "behind real time" in result.stdout


def test_simulate_with_several_frames_at_once_gives_the_same_scores():
    arguments = ["--scenario", LITE, "--model", SHIPPED_MODEL, "--frames", 40, "--seed", 3]
    arguments += ["--device", "cpu"]
    single, _ = run_json("isac_simulate", *arguments)
    several, _ = run_json("isac_simulate", *arguments, "--batch", 8)
    assert list(several) == list(single)
    for key in ["location_rmse_m", "velocity_rmse_mps", "location_within_1m", "frames"]:
        assert several[key] == pytest.approx(single[key], rel=0.01), key


def test_simulate_tells_whether_confidence_can_be_believed():
    arguments = ["--scenario", LITE, "--model", SHIPPED_MODEL, "--frames", 10, "--seed", 3]
    figures, result = run_json("isac_simulate", *arguments, "--device", "cpu")
    share = figures["location_within_5m"]
    assert figures["location_within_1m"] <= share <= 1
    mean = 0
    for key, weight in [("within", share), ("beyond", 1 - share)]:
        if weight > 0:
            assert 0 <= figures[f"confidence_mean_{key}_5m"] <= 1
            mean += weight * figures[f"confidence_mean_{key}_5m"]
        else:
            assert figures[f"confidence_mean_{key}_5m"] is None
    assert figures["confidence_mean"] == pytest.approx(mean)
    assert f"{figures['confidence_mean']:.3f} on average" in result.stdout


@pytest.mark.parametrize("absent, left", [("0", 1), ("1", 0)])
def test_simulate_without_an_access_point(lite_model, absent, left):
    arguments = ["--scenario", LITE, "--model", lite_model, "--frames", 4, "--device", "cpu"]
    both, _ = run_json("isac_simulate", *arguments)
    one, result = run_json("isac_simulate", *arguments, "--without-access-point", absent)
    assert one["frames"] == 4 and one["frames_lost"] == 0
    for key in ["fronthaul_bits_per_update", "root_crlb_location_median_m"]:
        assert one[key] == both[key]
    assert one["location_rmse_m"] != both["location_rmse_m"]
    assert one["codebook_perplexity"] == [both["codebook_perplexity"][left]]
    assert f"codebook of access point {left}" in result.stdout
    assert f"codebook of access point {absent}" not in result.stdout


@pytest.mark.parametrize(
    "words, parts",
    [
        (["2"], ["'2'", "0 to 1"]),
        (["-1"], ["-1"]),
        (["x"], ["'x'", "0 to 1"]),
        (["1,"], ["''", "0 to 1"]),
        (["1", "1"], ["'1'", "twice"]),
        (["0,1"], ["all 2"]),
        (["0", "1"], ["all 2"]),
    ],
)
def test_simulate_refuses_access_points_to_leave_out(lite_model, words, parts):
    options = [f"--without-access-point={word}" for word in words]
    result = run("isac_simulate", "--scenario", LITE, "--model", lite_model, *options)
    expect_error(result, 2, "--without-access-point", *parts)


def test_simulate_takes_channel_settings(lite_model):
    arguments = ["--scenario", LITE, "--model", lite_model, "--frames", 4, "--device", "cpu"]
    silent = [*arguments, "--power-dbm", 30, "--noise-dbm", "-110.0"]
    plain, _ = run_json("isac_simulate", *silent)
    loud, _ = run_json("isac_simulate", *arguments, "--power-dbm=30", "--noise-dbm", -90)
    strong, _ = run_json("isac_simulate", *arguments, "--power-dbm=50", "--noise-dbm", "-90")
    # 20 dB more noise are a factor of 10 in the root of the bound.
    key = "root_crlb_location_median_m"
    assert loud[key] == pytest.approx(10 * plain[key], rel=1e-3)
    # 20 dB more power make up for it, but for the precoder's regularisation.
    assert strong[key] == pytest.approx(plain[key], rel=0.2)

    rough, _ = run_json("isac_simulate", *silent, "--clutter", "6,0.5", "--offsets", "1e-9,20")
    assert rough[key] == pytest.approx(plain[key], rel=1e-6)  # not part of the bound
    assert rough["frames"] == 4


# ----------------------------------------------------------------------- wrong files
def simulate(scenario, model):
    return run("isac_simulate", "--scenario", scenario, "--model", model, "--frames", 1)


@pytest.mark.parametrize(
    "old, new, key",
    [
        ("carrier_hz: 30.0e+9", "carrier_khz: 30.0e+6", "carrier_khz"),
        ("antennas: 8, spacing_wavelengths: 0.5", "antennas: 8, spacing_wavelengths: -0.5",
         "spacing_wavelengths"),
        ("subcarrier_spacing_hz: 240.0e+3", "subcarrier_spacing_hz: -240.0e+3",
         "subcarrier_spacing_hz"),
        ("targets:\n  count: 2", "targets:\n  count: 0", "targets.count"),
        ("transmit_power_dbm: 30", "transmit_power_dbm: .nan", "transmit_power_dbm"),
        ("sensing_noise_dbm: ", "sensing_noise_dbm: loud #", "sensing_noise_dbm"),
        ("dimensions: 2\n", "dimensions: 2\ndimensions: 2\n", "dimensions"),
    ],
)
def test_wrong_scenarios_name_key_and_line(tmp_path, lite_model, old, new, key):
    path = tmp_path / "wrong.yml"
    line = edited(LITE, path, old, new) + new.rstrip("\n").count("\n")
    for result in [
        simulate(path, lite_model),
        run("isac_inspect", "--architecture", "lite", "--scenario", path),
        run("isac_dataset", "--scenario", path, "--frames", 1, "--seed", 1,
            "--out", tmp_path / "x.h5"),
    ]:
        expect_error(result, 1, f"{path}:{line}", key)
    assert not (tmp_path / "x.h5").exists()


def test_missing_files(tmp_path, lite_model):
    missing = tmp_path / "missing"
    expect_error(simulate(missing, lite_model), 1, missing)
    expect_error(simulate(LITE, missing), 1, missing)
    expect_error(run("isac_inspect", missing), 1, missing)
    out = tmp_path / "no" / "folder.h5"
    arguments = ["--scenario", LITE, "--frames", 1, "--seed", 1, "--out", out]
    expect_error(run("isac_dataset", *arguments), 1, out, "No such file")


def test_model_of_another_scenario(tmp_path, lite_model):
    path = tmp_path / "other.yml"
    edited(LITE, path, "name: lite", "name: other")
    text = path.read_text(encoding="utf-8").replace("position_m: [25, 0]", "position_m: [20, 0]")
    path.write_text(text, encoding="utf-8")
    expect_error(simulate(path, lite_model), 1, lite_model, "'lite'", "'other'")
    expect_error(
        run("isac_inspect", lite_model, "--scenario", path), 1, "'lite'", "'other'"
    )


def with_header(source, target, edit):
    """A copy of a safetensors file whose JSON header was edited."""
    data = source.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    edit(header)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    target.write_bytes(struct.pack("<Q", len(text)) + text + data[8 + length :])


def test_damaged_models_name_file_and_tensor(tmp_path, lite_model):
    data = lite_model.read_bytes()
    wrong = tmp_path / "wrong.safetensors"

    def refused(*parts):
        expect_error(run("isac_inspect", wrong), 1, wrong, *parts)
        expect_error(simulate(LITE, wrong), 1, wrong, *parts)

    for cut in [0, 5, 8, 100, len(data) // 2, len(data) - 1]:
        wrong.write_bytes(data[:cut])
        refused()
    wrong.write_bytes(data + b"\0" * 64)  # oversized
    refused()
    wrong.write_bytes(b"\xff" * 8 + data[8:])  # a header longer than any file
    refused()
    wrong.write_bytes(data[:8] + b"x" * (len(data) - 8))
    refused()

    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    name, tensor = next(
        (k, v) for k, v in sorted(header.items()) if k != "__metadata__" and len(v["shape"]) > 1
    )

    def other_shape(h):
        h[name]["shape"] = tensor["shape"][::-1] + [1]

    def other_name(h):
        h["stranger"] = h.pop(name)

    def huge_shape(h):
        h[name]["shape"] = [2**40, 2**40]

    for edit in [other_shape, huge_shape, other_name]:
        with_header(lite_model, wrong, edit)
        expect_error(run("isac_inspect", wrong), 1, wrong)
        assert re.search(f"{re.escape(name)}|stranger", run("isac_inspect", wrong).stderr)

    def other_seed(h):
        h["__metadata__"]["model_fingerprint"] = "0" * 16

    with_header(lite_model, wrong, other_seed)
    refused("model_fingerprint")


# ----------------------------------------------------------------------- Ctrl-C, terminal
def wait_until_caught(process, number):
    """Wait until the process has a handler of the signal: it works on frames."""
    status = pathlib.Path(f"/proc/{process.pid}/status")
    until = time.monotonic() + TIMEOUT_S
    while process.poll() is None and time.monotonic() < until:
        caught = status.read_text(encoding="ascii").split("SigCgt:")[1].split()[0]
        if int(caught, 16) & 1 << (number - 1):
            return
        time.sleep(0.05)


@pytest.mark.parametrize("name", ["isac_simulate", "isac_dataset"])
def test_interrupt_ends_and_cleans_up(tmp_path, lite_model, name):
    program = program_path(name)
    arguments = ["--scenario", LITE, "--frames", 10**6, "--seed", 1, "--device", "cpu"]
    if name == "isac_simulate":
        arguments += ["--model", lite_model]
    else:
        arguments += ["--out", tmp_path / "x.h5"]
    process = subprocess.Popen(
        [str(program), *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        wait_until_caught(process, signal.SIGINT)
        time.sleep(1)
        assert process.poll() is None, process.communicate()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert b"interrupted" in errors
    assert not list(tmp_path.iterdir())


def test_progress_bar_on_a_terminal_only(tmp_path):
    program = program_path("isac_dataset")
    arguments = ["--scenario", LITE, "--frames", 80, "--seed", 1, "--out", tmp_path / "x.h5"]
    leader, follower = pty.openpty()
    try:
        with subprocess.Popen(
            [str(program), *map(str, arguments)], stdout=subprocess.PIPE, stderr=follower
        ) as process:
            output, _ = process.communicate(timeout=TIMEOUT_S)
        shown = os.read(leader, 65536).decode()
    finally:
        os.close(follower)
        os.close(leader)
    assert process.returncode == 0
    assert re.search(r"\[#*\.*\] \d+/80 frames", shown), shown
    assert shown.endswith("\033[K")  # removed at the end
    assert len(output.splitlines()) == 1
