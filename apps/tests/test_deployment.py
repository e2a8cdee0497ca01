# SPDX-License-Identifier: GPL-3.0-or-later
"""isac_access_point and isac_central_unit: the estimates over the network are those of
isac_simulate, and every stop is a clean one."""

import csv
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time

import numpy as np
import pytest
from gnuradio import blocks, gr, isac
from programs import LITE, SCENARIOS, SHIPPED_MODEL, SOURCE, edited, expect_error, run
from services import RADIO, Keys, addresses

pytestmark = [pytest.mark.alone, pytest.mark.usefixtures("one_thread")]
SDR = SCENARIOS / "sdr_2x2.yml"
SLOW_PERIOD_S = 0.3
SEED = 5
CPU = ["--compute", "cpu"]
SCHEMES = {"model": ["--model", SHIPPED_MODEL], "ml": ["--scheme", "ml"]}


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    return Keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def slow(tmp_path_factory):
    """sdr_2x2.yml with few frames a second, for a machine that has other things to do."""
    path = tmp_path_factory.mktemp("slow") / "slow.yml"
    edited(SDR, path, "frame_period_s: 0.1", f"frame_period_s: {SLOW_PERIOD_S}")
    return path


def simulated(path, scheme, frames):
    """The CSV of isac_simulate."""
    receiver = ["--receiver", "ml"] if scheme == "ml" else SCHEMES["model"]
    result = run("isac_simulate", "--scenario", LITE, *receiver, "--frames", frames, "--seed",
                 SEED, "--device", "cpu", "--estimates", path)  # fmt: skip
    assert result.returncode == 0, result.stderr
    return path.read_text()


def in_config_file(path, arguments):
    """The same arguments as a file."""
    lines = []
    arguments = [str(argument) for argument in arguments]
    while arguments:
        key = arguments.pop(0)[2:].replace("-", "_")
        has_value = arguments and not arguments[0].startswith("--")
        lines.append(f"{key}: {json.dumps(arguments.pop(0)) if has_value else 'true'}")
    text = re.sub(r'"(\d+)"', r"\1", "\n".join(lines))
    path.write_text(text + "\n", encoding="utf-8")
    return ["--config", path]


@pytest.mark.parametrize("scheme, by_file", [("model", False), ("ml", False), ("ml", True)])
def test_estimates_are_those_of_the_simulation(tmp_path, keys, start, scheme, by_file):
    frames = 25
    common = ["--scenario", LITE, "--seed", SEED, *SCHEMES[scheme], *CPU]
    as_given = in_config_file if by_file else lambda _, arguments: arguments
    central = start("isac_central_unit", *as_given(tmp_path / "central.yml", [
        *common, "--listen", "tcp://127.0.0.1:*", "--deadline-s", 0, "--frames", frames,
        "--estimates", tmp_path / "estimates.csv", *keys.of_central(),
    ]))  # fmt: skip
    points = [
        start("isac_access_point", *as_given(tmp_path / f"ap{m}.yml", [
            *common, "--access-point", m, "--simulate", "--fast", "--frames", frames,
            "--queue", frames, "--central", address, *keys.of_access_point(m),
        ]))
        for m, address in enumerate(addresses(central))
    ]  # fmt: skip
    for m, point in enumerate(points):
        end = point.ended_well()
        assert (end["access_point"], end["frames"], end["sent"]) == (str(m), *2 * [str(frames)])
        assert (end["dropped"], end["connections_refused"]) == ("0", "0")
        assert point.errors == []
    end = central.ended_well()
    assert end["frames"] == str(frames) and end["received"] == f"{frames},{frames}"
    for key in ("lost", "late", "duplicate", "corrupt", "foreign", "refused"):
        assert end[key] == "0,0", key
    assert end["frames_lost"] == end["frames_incomplete"] == "0"
    expected = simulated(tmp_path / "simulated.csv", scheme, frames)
    assert (tmp_path / "estimates.csv").read_text() == expected


def test_an_argument_beats_the_file(tmp_path, start):
    file = tmp_path / "central.yml"
    in_config_file(file, ["--scenario", LITE, "--scheme", "music", "--security", "none",
                          "--listen", "tcp://127.0.0.1:*", "--health-s", "3600"])  # fmt: skip
    central = start("isac_central_unit", "--config", file, "--scheme", "ml", "--health-s", "0.1")
    assert central.ready()["scheme"] == "ml"
    central.healthy(lambda _: True, "line of health")
    assert central.stop()[0] == 0


def test_json_is_the_last_line(start):
    central = start("isac_central_unit", "--scenario", LITE, "--scheme", "ml", "--security",
                    "none", "--listen", "tcp://127.0.0.1:*", "--json")  # fmt: skip
    central.ready()
    assert central.stop(signal.SIGINT)[0] == 0
    figures = json.loads(central.lines[-1])
    end = central.told("end")
    assert list(figures) == list(end)
    assert figures["received"] == [0, 0] and end["received"] == "0,0"
    assert figures["heard"] == [] and end["heard"] == "-"


def datagrams(reader, count):
    """As many JSON objects as come to a socket."""
    reader.settimeout(60)
    return [json.loads(reader.recv(65507)) for _ in range(count)]


def test_nothing_is_lost_when_all_are_stopped(tmp_path, start, slow):
    """Frames at the pace of the scenario, and SIGTERM to each."""
    common = ["--scenario", slow, "--scheme", "ml", "--security", "none", *CPU, "--health-s", 0.1]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as reader:
        reader.bind(("127.0.0.1", 0))
        port = reader.getsockname()[1]
        central = start(
            "isac_central_unit", *common, "--listen", "tcp://127.0.0.1:*", "--deadline-s", 5,
            "--publish-udp", f"127.0.0.1:{port}", "--publish-zmq", "tcp://127.0.0.1:*",
            "--estimates", tmp_path / "estimates.csv",
        )  # fmt: skip
        ready = central.ready()
        script = SOURCE / "examples" / "headless" / "read_estimates.py"
        over_zmq = subprocess.Popen(
            [sys.executable, str(script), "--zmq", ready["publish_zmq"], "--json", "--frames",
             "3"], stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        before = time.time()
        points = [
            start("isac_access_point", *common, "--access-point", m, "--simulate", "--central",
                  address)
            for m, address in enumerate(ready["addresses"].split(","))
        ]  # fmt: skip
        health = central.healthy(lambda told: int(told["frames"]) >= 8, "estimates")
        assert health["heard"] in ("0,1", "0", "1", "-")
        read, _ = over_zmq.communicate(timeout=120)
        for point in points:
            code, seconds = point.stop()
            assert code == 0 and seconds < 10, point.text()
            assert point.told("end")["dropped"] == "0"
        sent = ",".join(point.told("end")["sent"] for point in points)
        central.healthy(lambda told: told["received"] == sent, f"{sent} packets")
        code, seconds = central.stop()
        assert code == 0 and seconds < 10, central.text()
        end = central.told("end")
        assert end["received"] == sent
        for lost, point in zip(end["lost"].split(","), points):
            assert int(lost) <= int(point.told("end")["skipped"])
        for key in ("late", "duplicate", "corrupt", "foreign", "refused"):
            assert end[key] == "0,0", key
        estimates = datagrams(reader, int(end["frames"]))
    assert end["published"] == end["frames"] and end["datagrams_dropped"] == "0"
    # Every frame that both sent has an estimate of both: those the first and the last do not
    # share were estimated without one.
    assert int(end["frames"]) - int(end["frames_incomplete"]) <= min(map(int, sent.split(",")))
    assert [estimate["sequence"] for estimate in estimates] == list(range(len(estimates)))
    frames = [estimate["frame"] for estimate in estimates]
    assert frames == sorted(set(frames))
    # Frames are numbered by the clock.
    assert before - 1 < frames[0] * SLOW_PERIOD_S < frames[-1] * SLOW_PERIOD_S < time.time()
    for estimate in estimates:
        assert estimate["time"] == pytest.approx(estimate["frame"] * SLOW_PERIOD_S, abs=1e-5)
    over_zmq_too = [json.loads(line) for line in read.splitlines()]
    assert len(over_zmq_too) == 3 and all(estimate in estimates for estimate in over_zmq_too)
    # And in the file: float32 with nine digits.
    with open(tmp_path / "estimates.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["frame"]) for row in rows] == frames
    for row, estimate in zip(rows, estimates):
        target = estimate["targets"][0]
        values = [*target["position_m"], *target["velocity_mps"], target["confidence"]]
        keys = ["x_m", "y_m", "vx_mps", "vy_mps", "confidence"]
        assert np.array_equal(np.float32(values), np.float32([float(row[key]) for key in keys]))
        assert row["access_points"] == " ".join(map(str, estimate["access_points"]))
        covariance = np.array(target["covariance"])
        assert covariance.shape == (4, 4) and np.allclose(covariance, covariance.T)


def test_scenes_go_on_after_a_restart(tmp_path, start, slow):
    """An access point that is killed and started again has the frames of the others."""
    common = ["--scenario", slow, "--scheme", "ml", "--security", "none", *CPU]
    central = start(
        "isac_central_unit", *common, "--listen", "tcp://127.0.0.1:*", "--health-s", 0.1,
        "--deadline-s", 1, "--estimates", tmp_path / "estimates.csv",
    )  # fmt: skip
    where = addresses(central)

    def access_point(m):
        return start("isac_access_point", *common, "--access-point", m, "--simulate",
                     "--central", where[m])  # fmt: skip

    points = [access_point(m) for m in range(2)]
    central.healthy(lambda told: told["heard"] == "0,1", "both access points")
    points[1].stop(signal.SIGKILL)
    lonely = central.healthy(lambda told: int(told["frames_incomplete"]) > 3, "lonely frames")
    points[1] = access_point(1)
    before = int(lonely["frames"])

    def together():
        rows = list(csv.DictReader((tmp_path / "estimates.csv").read_text().splitlines()))
        return [row for row in rows[before:] if row["access_points"] == "0 1"]

    central.wait_for(lambda: len(together()) >= 5, "estimates of both")
    for service in [*points, central]:
        assert service.stop()[0] == 0, service.text()


def test_estimates_file_goes_on(tmp_path, start):
    path = tmp_path / "estimates.csv"
    common = ["--scenario", LITE, "--seed", SEED, "--scheme", "ml", "--security", "none", *CPU]
    for attempt in range(2):
        central = start("isac_central_unit", *common, "--listen", "tcp://127.0.0.1:*",
                        "--deadline-s", 0, "--frames", 3, "--estimates", path)  # fmt: skip
        points = [start("isac_access_point", *common, "--access-point", m, "--simulate", "--fast",
                        "--frames", 3, "--central", address)
                  for m, address in enumerate(addresses(central))]  # fmt: skip
        for service in [*points, central]:
            service.ended_well()
        if attempt == 0:
            first = path.read_text()
            with open(path, "a", encoding="utf-8") as file:
                file.write("3,0.0032,0 1,0,12.")  # of a unit that was killed
    header, rows = first.split("\n", 1)
    assert path.read_text() == f"{header}\n{rows}{rows}"


def test_second_signal_ends_at_once(start, slow):
    # Nobody is there: what waits has seconds to go out.
    point = start("isac_access_point", "--scenario", slow, "--scheme", "ml", "--security", "none",
                  "--access-point", 0, "--simulate", "--central", "tcp://127.0.0.1:9",
                  "--health-s", 0.1, *CPU)  # fmt: skip
    point.healthy(lambda told: int(told["frames"]) > 0, "frames")
    point.process.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    code, seconds = point.stop()
    assert code == -signal.SIGTERM and seconds < 1.5


def test_without_a_central_unit(start, slow):
    point = start("isac_access_point", "--scenario", slow, "--scheme", "ml", "--security", "none",
                  "--access-point", 0, "--simulate", "--central", "tcp://127.0.0.1:9",
                  "--health-s", 0.1, "--queue", 2, *CPU)  # fmt: skip
    told = point.healthy(lambda told: int(told["dropped"]) > 0, "dropped packets")
    assert (told["connected"], told["sent"]) == ("0", "0")
    code, seconds = point.stop()
    assert code == 0 and seconds < 15, point.text()
    end = point.told("end")
    assert int(end["dropped"]) == int(end["frames"]) and end["sent"] == "0"


def test_systemd_is_told(tmp_path, start):
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(path))
        listener.settimeout(60)
        central = start("isac_central_unit", "--scenario", LITE, "--scheme", "ml", "--security",
                        "none", "--listen", "tcp://127.0.0.1:*",
                        environment={"NOTIFY_SOCKET": str(path)})  # fmt: skip
        assert listener.recv(100) == b"READY=1"
        assert listener.recv(100) == b"WATCHDOG=1"
        assert central.stop()[0] == 0
        rest = []
        listener.settimeout(0.2)
        while not rest or rest[-1] != b"STOPPING=1":
            rest.append(listener.recv(100))
        assert set(rest[:-1]) <= {b"WATCHDOG=1"}


def test_port_that_is_taken(start):
    common = ["--scenario", LITE, "--scheme", "ml", "--security", "none"]
    first = start("isac_central_unit", *common, "--listen", "tcp://127.0.0.1:*")
    taken = addresses(first)[0]
    expect_error(run("isac_central_unit", *common, "--listen", taken), 1, taken)
    publish = run("isac_central_unit", *common, "--listen", "tcp://127.0.0.1:*",
                  "--publish-zmq", taken)  # fmt: skip
    expect_error(publish, 1, taken)
    assert first.stop()[0] == 0


class Transmitters(gr.top_block):
    """Both transmit access points of sdr_2x2.yml on the virtual radio."""

    def __init__(self, device):
        gr.top_block.__init__(self, "transmitters")
        scenario = isac.load_scenario(str(SDR))
        payload = isac.payload_source(scenario, SEED)
        precoder = isac.mmse_precoder(scenario, SEED, "cpu")
        for k in range(scenario.users):
            self.connect((payload, k), (precoder, k))
        for n in range(scenario.num_transmit):
            modulator = isac.ofdm_modulator(scenario, n, 23.0)
            radio = isac.soapy_sink(
                scenario, n,
                isac.device_arguments(device, str(SDR), scenario.transmit[n].name), 93.0,
                clock_source="external", time_source="external")  # fmt: skip
            self.connect((precoder, n), modulator)
            for a in range(scenario.transmit_antennas):
                self.connect((modulator, a), (radio, a))


def test_virtual_radio(tmp_path, start, monkeypatch):
    for key, value in {**RADIO, "XDG_RUNTIME_DIR": str(tmp_path)}.items():
        monkeypatch.setenv(key, value)
    device = (f"driver=isac,environment=deployment-{os.getpid()},time=lockstep,participants=4,"
              f"scene=drawn,seed={SEED},start_s=0.5")  # fmt: skip
    common = ["--scenario", SDR, "--seed", SEED, "--scheme", "ml", "--security", "none", *CPU,
              "--health-s", 0.2]  # fmt: skip
    csv_file = tmp_path / "estimates.csv"
    central = start("isac_central_unit", *common, "--listen", "tcp://127.0.0.1:*",
                    "--deadline-s", 5, "--estimates", csv_file)  # fmt: skip
    points = [
        start("isac_access_point", *common, "--access-point", m, "--radio", device,
              "--sync-mode", "time", "--start-time-s", 0.5, "--central", address)
        for m, address in enumerate(addresses(central))
    ]  # fmt: skip
    transmitters = Transmitters(device)
    transmitters.start()
    try:
        central.healthy(lambda told: int(told["frames"]) >= 60, "estimates")
        for point in points:
            assert point.told("health")["locked"] == "1"
        # In lockstep, a radio whose program stands still holds up time for all: no samples.
        points[1].process.send_signal(signal.SIGSTOP)
        assert points[0].wait() == 1
        assert "no samples for 10 s" in points[0].errors[-1], points[0].text()
        points[1].process.send_signal(signal.SIGCONT)
        code, seconds = points[1].stop()
        assert code == 0 and seconds < 12, points[1].text()
    finally:
        transmitters.stop()
        transmitters.wait()
    assert central.stop()[0] == 0, central.text()
    rows = [row for row in csv.DictReader(csv_file.read_text().splitlines())
            if row["access_points"] == "0 1"]  # fmt: skip
    assert len(rows) >= 50
    truth = scenes(max(int(row["frame"]) for row in rows) + 1)
    found = np.array([[float(row["x_m"]), float(row["y_m"])] for row in rows])
    errors = np.linalg.norm(found - truth[[int(row["frame"]) for row in rows], :2], axis=1)
    # The median of the root bound of these scenes is 2 m, their area 300 m x 200 m.
    assert np.median(errors) < 6.0, errors


def scenes(frames):
    """Locations and velocities [frame, 4] that the seed gives."""
    scenario = isac.load_scenario(str(SDR))
    flowgraph = gr.top_block()
    payload = isac.payload_source(scenario, SEED)
    precoder = isac.mmse_precoder(scenario, SEED, "cpu")
    channel = isac.bistatic_channel(scenario, SEED, "cpu")
    for k in range(scenario.users):
        flowgraph.connect((payload, k), (precoder, k))
    for n in range(scenario.num_transmit):
        head = blocks.head(8 * scenario.transmit_frame_size, frames)
        flowgraph.connect((precoder, n), head, (channel, n))
    for m in range(scenario.num_receive):
        flowgraph.connect((channel, m), blocks.null_sink(8 * scenario.receive_frame_size))
    sink = blocks.vector_sink_f(scenario.estimate_size)
    flowgraph.connect((channel, scenario.num_receive), sink)
    flowgraph.run()
    return np.array(sink.data()).reshape(frames, -1)


def test_radio_that_is_not_there():
    wrong = run("isac_access_point", "--scenario", SDR, "--access-point", 0, "--radio",
                "driver=nothing", "--scheme", "ml", "--security", "none", "--central",
                "tcp://127.0.0.1:9")  # fmt: skip
    assert wrong.returncode == 1
    assert "radio driver=nothing" in wrong.stderr.splitlines()[-1]
