# SPDX-License-Identifier: GPL-3.0-or-later
"""Full disks under whatever writes files: an error that names the file, what was there before
is whole, and nothing that is half written is taken for whole."""

import contextlib
import signal
import subprocess

import numpy as np
import pytest
from deployment import Deployment, wait_for
from gnuradio import blocks, gr, isac
from network_hosts import hosts
from programs import LITE, SCENARIOS, SHIPPED_MODEL, TIMEOUT_S, program_path, run
from small_disks import KINDS, Disk, Limit
from test_train import arguments, log_of  # noqa: F401  (a fixture)

LITTLE = 16 << 10  # less than any checkpoint, more than a log


@pytest.fixture(params=KINDS)
def place(request, tmp_path):
    try:
        made = {"disk": Disk, "limit": Limit}[request.param](tmp_path / "small")
    except OSError as error:
        pytest.skip(f"nothing can be mounted here ({error})")
    yield made
    made.close()


def expect_named(result, place, *names):
    """Exit code 1, and every line of the error names one of the files and the reason."""
    lines = result.stderr.splitlines()
    assert result.returncode == 1 and lines, (result.returncode, result.stderr)
    for line in lines:
        assert any(str(name) in line for name in names) and place.what in line, result.stderr


def files(folder):
    return sorted(path.name for path in folder.iterdir())


def test_checkpoint_survives_and_training_goes_on_when_there_is_room(
        place, arguments, tmp_path):  # noqa: F811
    straight, out = tmp_path / "a.safetensors", place.folder / "b.safetensors"
    checkpoint, log = (place.folder / f"b.safetensors.{name}" for name in ("checkpoint", "log"))
    assert run("isac_train", *arguments, "--out", straight).returncode == 0
    command = [str(program_path("isac_train")), *map(str, arguments), "--out", str(out)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline().startswith("step 1:")
        assert process.stdout.readline().startswith("step 10:")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 130
    before = checkpoint.read_bytes()
    present = files(place.folder)
    assert len(before) > LITTLE > log.stat().st_size

    def resume(*more):
        return ["isac_train", *arguments, "--out", out, "--resume", *more]
    # No room for the log, for the next checkpoint, for the model.
    logged = log.read_bytes()
    expect_named(place.run(0, *resume()), place, log)
    assert log.read_bytes() == logged
    expect_named(place.run(LITTLE, *resume()), place, checkpoint)
    expect_named(place.run(LITTLE, *resume("--checkpoint-every", 1000)), place, out)
    assert checkpoint.read_bytes() == before
    assert files(place.folder) == present

    result = run(*resume())
    assert result.returncode == 0, result.stderr
    assert out.read_bytes() == straight.read_bytes()
    assert log_of(out) == log_of(straight)
    assert files(place.folder) == [out.name, log.name]


def test_evaluation_goes_on_when_there_is_room(place, tmp_path):
    def evaluate(out):
        return ["isac_evaluate", "--scenario", LITE, "--out", out, "--seed", 7, "--figure", 12,
                "--frames", 40, "--model", f"dvqvae={SHIPPED_MODEL}", "--schemes", "dvqvae",
                "--no-picture"]
    straight, out = tmp_path / "straight", place.folder / "out"
    assert run(*evaluate(straight)).returncode == 0
    out.mkdir()
    expect_named(place.run(0, *evaluate(out)), place, out / "results.jsonl")
    assert files(out) == []
    # The first lines of the results find room.
    result = place.run(4096, *evaluate(out))
    expect_named(result, place, out / "results.jsonl")
    assert files(out) == ["results.jsonl"]
    # Results whole, and tables that find no room.
    result = run(*evaluate(out))
    assert result.returncode == 0, result.stderr
    table = straight / "figure12.csv"
    assert (out / "figure12.csv").read_bytes() == table.read_bytes()
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    expect_named(place.run(0, *evaluate(out)), place, out / "figure12.csv")
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_data_set_appears_only_when_it_is_complete(place):
    out = place.folder / "data.h5"
    for room in (0, 1 << 20):
        expect_named(place.run(room, "isac_dataset", "--scenario", LITE, "--frames", 16,
                               "--seed", 1, "--out", out), place, out)
        assert files(place.folder) == []


def test_model_and_keys_are_written_whole_or_not_at_all(place):
    out = place.folder / "model.safetensors"
    expect_named(place.run(LITTLE, "isac_inspect", "--architecture", "lite", "--scenario", LITE,
                           "--save", out), place, out)
    expect_named(place.run(0, "isac_keygen", place.folder / "ap0"), place,
                 place.folder / "ap0")
    assert files(place.folder) == []


def test_estimates(place):
    out = place.folder / "estimates.csv"
    expect_named(place.run(4096, "isac_simulate", "--scenario", LITE, "--model", SHIPPED_MODEL,
                           "--frames", 100, "--device", "cpu", "--estimates", out), place, out)


def test_recording_until_the_disk_was_full_can_be_read(place):
    path = place.folder / "field"
    scenario = isac.load_scenario(str(SCENARIOS / "sdr_2x2.yml"))
    rng = np.random.default_rng(1)
    samples = (0.3 * rng.normal(size=(2, 200_000))).astype(np.complex64)
    with place.room(1 << 20):
        sink = isac.sigmf_sink(scenario, "rx0", str(path), "cf32_le", -21.5, 7)
        flowgraph = gr.top_block()
        for a, stream in enumerate(samples):
            flowgraph.connect(blocks.vector_source_c(stream), (sink, a))
        flowgraph.run()
    data = path.with_suffix(".sigmf-data")
    assert str(data) in sink.error() and place.what in sink.error()
    assert files(place.folder) == ["field.sigmf-data", "field.sigmf-meta"]

    source = isac.sigmf_source(str(path))
    sinks = [blocks.vector_sink_c() for _ in samples]
    flowgraph = gr.top_block()
    for a, stream in enumerate(sinks):
        flowgraph.connect((source, a), stream)
    flowgraph.run()
    got = np.array([stream.data() for stream in sinks])
    assert 0 < got.shape[1] < samples.shape[1]
    assert got.shape[1] == data.stat().st_size // 16
    np.testing.assert_array_equal(got, samples[:, :got.shape[1]])


@pytest.mark.alone
def test_central_unit_ends_and_goes_on_with_its_file_when_there_is_room(place, tmp_path):
    full = place.kind == "limit"  # of which a program that is not told ends by a signal
    out = "/dev/full" if full else place.folder / "estimates.csv"
    with hosts("loopback", Deployment.HOSTS) as network:
        deployment = Deployment(network, tmp_path, 0.5)
        try:
            for m in Deployment.POINTS:
                deployment.start_point(m)
            with contextlib.nullcontext() if full else place.room(4096):
                deployment.start_central("--estimates", out)
                wait_for("end of the central unit", lambda: not deployment.central.running())
            assert deployment.central.wait() == 1, deployment.report()
            last = deployment.central.errors[-1]
            assert str(out) in last and "No space left on device" in last, last
            if full:
                return
            deployment.start_central("--estimates", out)
            deployment.wait_for_estimates(5)
            assert deployment.stop() == [0, 0, 0], deployment.report()
        finally:
            deployment.close()
    header, *rows = out.read_text(encoding="utf-8").splitlines()
    frames = [int(row.split(",")[0]) for row in rows]
    assert header.startswith("frame,") and frames == sorted(set(frames))
    assert {row.count(",") for row in rows} == {header.count(",")}
