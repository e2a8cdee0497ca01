# SPDX-License-Identifier: GPL-3.0-or-later
"""isac_train with its roles in several processes of this machine, over Gloo."""

import contextlib
import json
import pathlib
import signal
import socket
import subprocess
import sys
import time

import numpy as np
import pytest
from programs import LITE, SOURCE, TIMEOUT_S, edited, expect_error, program_path, run
from test_train import arguments, log_of  # noqa: F401  (a fixture)

sys.path.insert(0, str(SOURCE / "lib" / "tests"))
from safetensors_file import read  # noqa: E402

pytestmark = pytest.mark.alone

NAMES = ["central unit of worker 0 (rank 0)", "access point 0 of worker 0 (rank 1)",
         "access point 1 of worker 0 (rank 2)"]
NOTICED_WITHIN_S = 10


@pytest.fixture(autouse=True)
def needs_several_processes():
    configuration = (pathlib.Path(program_path("isac_train")).parents[1] / "CMakeCache.txt")
    if "CFISAC_C10D:INTERNAL=1" not in configuration.read_text(encoding="utf-8"):
        pytest.fail("isac_train was built without c10d: install libgloo-dev and build again")


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Processes:
    """The processes of a training, started together."""

    def __init__(self, out, port, options, roles):
        place = ["--out", out, "--rendezvous", f"127.0.0.1:{port}"]
        self.all = []
        for rank, role in enumerate(roles):
            command = [program_path("isac_train"), *options, *place, "--role", role,
                       "--rank", rank]
            self.all.append(subprocess.Popen(
                [str(word) for word in command], text=True,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE))

    def wait(self):
        """Exit codes and errors of all."""
        errors = [process.communicate(timeout=TIMEOUT_S)[1] for process in self.all]
        return [process.returncode for process in self.all], errors

    def kill(self):
        for process in self.all:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            process.communicate()


@contextlib.contextmanager
def processes(out, options, roles=("cu", "ap", "ap")):
    started = Processes(out, free_port(), options, roles)
    try:
        yield started
    finally:
        started.kill()


def expect_success(out, options, roles=("cu", "ap", "ap")):
    with processes(out, options, roles) as started:
        codes, errors = started.wait()
        assert codes == [0] * len(roles), errors
    assert not list(out.parent.glob(out.name + ".checkpoint*"))


def weights_of(model):
    return {name: np.frombuffer(data, dtype=np.float32).astype(np.float64)
            for name, (dtype, _, data) in read(model)[1].items() if dtype == "F32"}


def expect_equal(one, other, tolerance):
    first, second = weights_of(one), weights_of(other)
    assert first.keys() == second.keys() and first
    for name, value in first.items():
        difference = np.abs(value - second[name]).max()
        assert difference <= tolerance, (name, difference)


@pytest.fixture
def fifty(arguments):  # noqa: F811
    arguments[arguments.index("--steps") + 1] = 50
    arguments[arguments.index("--report-every") + 1] = 25
    return arguments


@pytest.mark.parametrize("shared", [False, True])
def test_a_process_for_each_role_gives_the_same_weights(shared, fifty, tmp_path):
    if shared:
        sizes = pathlib.Path(fifty[fifty.index("--architecture") + 1])
        edited(sizes, sizes, '"codewords"', '"shared_encoder": true, "codewords"')
    one, three = tmp_path / "one.safetensors", tmp_path / "three.safetensors"
    assert run("isac_train", *fifty, "--out", one).returncode == 0
    expect_success(three, fifty)
    expect_equal(one, three, 1e-5)
    for single, several in zip(log_of(one)[1], log_of(three)[1], strict=True):
        assert single["loss"] == pytest.approx(several["loss"], rel=1e-5)
        assert single["commitment"] == pytest.approx(several["commitment"], rel=1e-4)


DENSE = {
    "read_out": "dense", "reference": "reference", "codeword_dim": 8, "codewords": 16,
    "dense": {"stem_channels": 2, "hidden_channels": 4, "downsampling_layers": 3,
              "residual_layers": 1, "residual_channels": 2, "latent_residual_layers": 1,
              "transmit_residual_layers": 1, "flat_features": 4, "fully_connected": 8},
}


@pytest.mark.parametrize("read_out", ["dense", "grid"])
@pytest.mark.parametrize("roles", [["all"] * 2, ["cu", "ap", "ap"] * 2])
def test_two_workers_share_a_batch(roles, read_out, fifty, tmp_path):
    sizes = pathlib.Path(fifty[fifty.index("--architecture") + 1])
    if read_out == "dense":
        sizes.write_text(json.dumps(DENSE), encoding="utf-8")
    one, two = tmp_path / "one.safetensors", tmp_path / "two.safetensors"
    assert run("isac_train", *fifty, "--out", one).returncode == 0
    expect_success(two, [*fifty, "--workers", 2], roles)
    expect_equal(one, two, 1e-5)


def wait_for(condition):
    until = time.monotonic() + TIMEOUT_S
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)


def ignored_signals(process):
    """The signals that a process ignores, bit by bit."""
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
    return int(status.split("SigIgn:")[1].split()[0], 16)


@pytest.mark.parametrize("victim", range(3))
def test_who_dies_is_named_and_the_others_go_on_later(victim, arguments, tmp_path):  # noqa: F811
    arguments += ["--checkpoint-every", 4]
    straight, out = tmp_path / "a.safetensors", tmp_path / "b.safetensors"
    assert run("isac_train", *arguments, "--out", straight).returncode == 0
    with processes(out, arguments) as started:
        wait_for(lambda: len(list(tmp_path.glob("b.safetensors.checkpoint.*.8"))) == 3)
        # Writing to who is gone is an error, which is told, and not the end.
        for process in started.all:
            assert ignored_signals(process) & 1 << (signal.SIGPIPE - 1)
        started.all[victim].kill()
        killed_at = time.monotonic()
        others = [process for process in started.all if process is not started.all[victim]]
        for process in others:
            _, error = process.communicate(timeout=TIMEOUT_S)
            assert time.monotonic() - killed_at < NOTICED_WITHIN_S
            assert process.returncode == 1, error
            assert f"{NAMES[victim]} is gone" in error
    for name in {"cu", "ap0", "ap1"} - {("cu", "ap0", "ap1")[victim]}:
        steps = [int(path.name.rsplit(".", 1)[1])
                 for path in tmp_path.glob(f"b.safetensors.checkpoint.{name}.*")]
        assert max(steps) >= 8
    expect_success(out, [*arguments, "--continue"], ["split"] * 3)
    expect_equal(straight, out, 1e-5)


def test_interrupting_one_stops_all_with_checkpoints(arguments, tmp_path):  # noqa: F811
    out = tmp_path / "m.safetensors"
    arguments[arguments.index("--steps") + 1] = 2000
    with processes(out, arguments) as started:
        assert started.all[0].stdout.readline().startswith("step 1:")
        started.all[2].send_signal(signal.SIGINT)
        codes, errors = started.wait()
    assert codes == [1, 1, 130], errors
    for error in errors[:2]:
        assert f"{NAMES[2]} was interrupted" in error
    for name in ("cu", "ap0", "ap1"):
        assert list(tmp_path.glob(f"m.safetensors.checkpoint.{name}.*"))


def test_stuck_process_is_waited_for_no_longer_than_asked(arguments, tmp_path):  # noqa: F811
    out = tmp_path / "m.safetensors"
    arguments[arguments.index("--steps") + 1] = 2000
    with processes(out, [*arguments, "--timeout-s", 20]) as started:
        assert started.all[0].stdout.readline().startswith("step 1:")
        started.all[1].send_signal(signal.SIGSTOP)
        _, error = started.all[0].communicate(timeout=60)
        assert started.all[0].returncode == 1 and NAMES[1] in error


def test_different_options_are_refused(arguments, tmp_path):  # noqa: F811
    port = free_port()
    first = Processes(tmp_path / "m", port, [*arguments, "--timeout-s", 60], ["cu"])
    second = subprocess.Popen(
        [str(word) for word in [program_path("isac_train"), *arguments, "--commitment", 2,
                                "--out", tmp_path / "m", "--role", "ap", "--rank", 1,
                                "--rendezvous", f"127.0.0.1:{port}"]],
        stderr=subprocess.PIPE, text=True)
    try:
        codes, errors = first.wait()
        errors.append(second.communicate(timeout=TIMEOUT_S)[1])
    finally:
        first.kill()
        second.kill()
    assert codes == [1] and second.returncode == 1
    for error in errors:
        assert "rank 1 differs from rank 0: options.commitment is 2.0 instead of 8.0" in error


def test_nothing_to_resume_from(arguments, tmp_path):  # noqa: F811
    with processes(tmp_path / "m", [*arguments, "--resume"]) as started:
        codes, errors = started.wait()
    assert codes == [1, 1, 1]
    assert all("no process has a checkpoint" in error for error in errors)


def test_some_without_a_checkpoint(arguments, tmp_path):  # noqa: F811
    out = tmp_path / "m"
    for role, step in (("cu", 25), ("ap0", 25)):
        (tmp_path / f"m.checkpoint.{role}.{step}").write_bytes(b"")
    with processes(out, [*arguments, "--continue"]) as started:
        codes, errors = started.wait()
    assert codes == [1, 1, 1]
    assert all("no step of which all processes have a checkpoint" in error
               and f"{NAMES[2]}: none" in error for error in errors)


def test_rendezvous_errors(arguments, tmp_path):  # noqa: F811
    def start(role, rank, place):
        return run("isac_train", *arguments, "--out", tmp_path / "m", "--role", role, "--rank",
                   rank, "--rendezvous", place, "--timeout-s", 1)

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        expect_error(start("cu", 0, f"127.0.0.1:{port}"), 1, "port", port, "in use")
    expect_error(start("ap", 1, f"127.0.0.1:{free_port()}"), 1, "rendezvous 127.0.0.1",
                 "has not answered within 1 s")
    expect_error(start("ap", 1, "no.such.host.invalid:2000"), 1, "no.such.host.invalid")
    alone = start("cu", 0, f"127.0.0.1:{free_port()}")
    expect_error(alone, 1, NAMES[1], "has not come within 1 s")
    result = run("isac_train", "--scenario", LITE, "--out", tmp_path / "m", "--batch", 5,
                 "--workers", 2, "--rank", 0, "--rendezvous", "127.0.0.1:1")
    assert result.returncode == 2 and "batch of 5" in result.stderr
