# SPDX-License-Identifier: GPL-3.0-or-later
"""isac_plot_training: pictures from logs as isac_train writes them, and what it refuses."""

import json
import math
import struct

import pytest
from programs import expect_error, run

import matplotlib  # noqa: E402, F401  (the program under test needs it)


def header(learning_rate=2e-3, codewords=64, bits=4608.0):
    return {"log": "cfisac-training", "scenario": "lite",
            "architecture": {"read_out": "grid", "codewords": codewords},
            "options": {"learning_rate": learning_rate, "batch": 16},
            "fronthaul_bits_per_update": bits, "raw_echo_bits_per_update": 524288}


def report(step, loss, median=None):
    line = {"step": step, "frames": 16 * step, "learning_rate": 1e-3, "loss": loss,
            "commitment": 0.01, "samples_per_second": 90.0, "waiting_share": 0.0,
            "perplexity": [], "distinct": [], "dead": []}
    if median is not None:
        line.update({"location_median_m": median, "location_rmse_m": 4 * median,
                     "velocity_median_mps": median / 2, "velocity_rmse_mps": 2 * median})
    return line


def write(path, lines, end="\n"):
    path.write_text("\n".join(json.dumps(line) for line in lines) + end, encoding="utf-8")
    return path


def training(path, learning_rate=2e-3, codewords=64):
    """A log of 40 reports whose loss falls; errors fall with the size of the codebook."""
    bits = 768.0 * math.log2(codewords)
    lines = [header(learning_rate, codewords, bits)]
    for step in range(100, 4100, 100):
        loss = 0.5 + 4 * math.exp(-step * learning_rate / 2)
        lines.append(report(step, loss, 2 + 20 / codewords + loss if step > 300 else None))
    return write(path, lines)


@pytest.fixture
def logs(tmp_path):
    return [training(tmp_path / f"{rate}.log", rate) for rate in (2e-2, 2e-3, 2e-4)]


@pytest.fixture
def codebooks(tmp_path):
    return [training(tmp_path / f"{size}.log", codewords=size)
            for size in (4, 16, 64, 256, 1024)]


def expect_picture(result, path):
    """A PNG of a size to look at, whose pixels are not all alike."""
    assert result.returncode == 0, result.stderr
    content = path.read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", content[16:24])
    assert 800 <= width <= 2400 and 500 <= height <= 1600
    assert len(content) > 10_000
    assert str(path) in result.stdout


def test_loss_over_epochs(logs, tmp_path):
    out = tmp_path / "loss.png"
    expect_picture(run("isac_plot_training", *logs, "--out", out), out)
    longer = tmp_path / "other.png"
    expect_picture(run("isac_plot_training", *logs, "--out", longer, "--kind", "loss",
                       "--epoch-frames", 1000), longer)
    assert out.read_bytes() != longer.read_bytes()


def test_errors_over_bits(codebooks, tmp_path):
    pictures = []
    for more in ([], ["--metric", "rmse"], ["--root-crlb", "0.5,0.3"]):
        out = tmp_path / f"bits{len(pictures)}.png"
        expect_picture(
            run("isac_plot_training", *codebooks, "--out", out, "--kind", "bits", *more), out)
        pictures.append(out.read_bytes())
    assert len(set(pictures)) == 3


def test_resumed_training_drops_what_is_done_again(tmp_path):
    straight = write(tmp_path / "a.log", [header(), report(10, 3.0), report(20, 2.0)])
    resumed = write(tmp_path / "b.log", [header(), report(10, 3.0), report(20, 9.0),
                                         report(30, 9.0), header(), report(20, 2.0)])
    assert [run("isac_plot_training", log, "--out", tmp_path / f"{log.stem}.png").returncode
            for log in (straight, resumed)] == [0, 0]
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_line_being_written_is_left_out(tmp_path):
    whole = write(tmp_path / "a.log", [header(), report(10, 3.0), report(20, 2.0)])
    partial = tmp_path / "b.log"
    partial.write_text(whole.read_text(encoding="utf-8") + '{"step": 30, "fra', encoding="utf-8")
    for log in (whole, partial):
        assert run("isac_plot_training", log, "--out",
                   tmp_path / f"{log.stem}.png").returncode == 0
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_diverged_training_is_drawn(tmp_path):
    log = write(tmp_path / "a.log", [header(), report(10, 3.0), report(20, None)])
    out = tmp_path / "a.png"
    expect_picture(run("isac_plot_training", log, "--out", out), out)


@pytest.mark.parametrize("lines, end, place, words", [
    ([], "no JSON here\n", ":1", "not JSON"),
    ([], "", ":1", "not a log of isac_train"),
    ([{"log": "something"}], "\n", ":1", "not a log of isac_train"),
    ([[1, 2]], "\n", ":1", "not a log of isac_train"),
    ([report(10, 1.0)], "\n", ":1", "not a log of isac_train"),
    ([{**header(), "options": {}}], "\n", ":1", "options.learning_rate is missing"),
    ([{**header(), "architecture": 3}], "\n", ":1", "architecture.codewords is missing"),
    ([{**header(), "fronthaul_bits_per_update": "many"}], "\n", ":1", '"many"'),
    ([header()], "\n", "", "no report yet"),
    ([header(), report(10, 1.0)], "\n{\n", ":3", "not JSON"),
    ([header(), {"step": 10}], "\n", ":2", "frames is missing"),
    ([header(), report(10, "low")], "\n", ":2", 'loss is "low"'),
    ([header(), report(-1, 1.0)], "\n", ":2", "step is -1"),
    ([header(), 7], "\n", ":2", "step is missing"),
])
def test_other_files_are_refused_by_line(tmp_path, lines, end, place, words):
    log = write(tmp_path / "bad.log", lines, end)
    out = tmp_path / "bad.png"
    expect_error(run("isac_plot_training", log, "--out", out), 1, f"{log}{place}:", words)
    assert not out.exists()


def test_missing_file_is_named(tmp_path):
    expect_error(run("isac_plot_training", tmp_path / "none.log", "--out", tmp_path / "a.png"),
                 1, tmp_path / "none.log", "No such file")


def test_binary_file_is_named(tmp_path):
    log = tmp_path / "binary.log"
    log.write_bytes(b"\xff\xfe\x00\n")
    expect_error(run("isac_plot_training", log, "--out", tmp_path / "a.png"), 1, log)


def test_training_in_its_warm_up_has_no_errors(tmp_path):
    log = write(tmp_path / "a.log", [header(), report(10, 1.0)])
    expect_error(run("isac_plot_training", log, "--kind", "bits", "--out", tmp_path / "a.png"),
                 1, log, "step 10", "location_median_m")


def test_picture_that_cannot_be_written_is_named(logs, tmp_path):
    expect_error(run("isac_plot_training", logs[0], "--out", tmp_path / "no" / "a.png"),
                 1, "--out", tmp_path / "no" / "a.png")
    expect_error(run("isac_plot_training", logs[0], "--out", tmp_path / "a.nothing"),
                 1, "--out", "nothing")


@pytest.mark.parametrize("arguments, words", [
    ([], "--out"),
    (["--out", "a.png", "--kind", "pie"], "pie"),
    (["--out", "a.png", "--root-crlb", "1"], "two positive numbers"),
    (["--out", "a.png", "--root-crlb", "1,-2"], "two positive numbers"),
    (["--out", "a.png", "--epoch-frames", "0"], "positive whole number"),
])
def test_wrong_arguments(logs, arguments, words):
    expect_error(run("isac_plot_training", logs[0], *arguments), 2, words)
