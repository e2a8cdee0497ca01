# SPDX-License-Identifier: GPL-3.0-or-later
"""isac_simulate --replay: the estimates of recordings are those of the live flowgraph that
was recorded, and recordings that cannot be processed are refused by name."""

import collections
import csv
import io
import json
import shutil

import numpy as np
import pmt
import pytest
from gnuradio import blocks, gr, isac
from programs import LITE, SCENARIOS, expect_error, run, run_json

FRAMES = 6
SEED = 7  # of payload, channel state and scenes
TRANSMIT_DBM = 24.0
RECEIVE_DBM = -55.0
START_S = 0.0

Live = collections.namedtuple("Live", "frames values confidence times")


def short_scenario(path):
    """sdr_2x2.yml with as little silence between the frames as there may be."""
    text = (SCENARIOS / "sdr_2x2.yml").read_text(encoding="utf-8")
    assert text.count("frame_period_s: 0.1") == 1
    path.write_text(text.replace("frame_period_s: 0.1", "frame_period_s: 0.01"), encoding="utf-8")
    return isac.load_scenario(str(path))


class Processing:
    """The blocks of receive access points and central unit, behind their antennas."""

    def __init__(self, flowgraph, scenario, antennas, mode, removal):
        """antennas: {number of the access point: [(block, port)] of its antennas}"""
        self.scenario = scenario
        absent = [m for m in range(scenario.num_receive) if m not in antennas]
        self.fusion = isac.parameter_fusion(scenario, "ml", absent)
        for place, (m, streams) in enumerate(sorted(antennas.items())):
            sync = isac.frame_sync(scenario, m, mode, START_S)
            demodulator = isac.ofdm_demodulator(scenario, m, RECEIVE_DBM)
            known = isac.transmit_reference(scenario, SEED, "cpu")
            canceller = isac.direct_path_canceller(scenario, m, removal, True, "cpu")
            estimator = isac.ml_estimator(
                scenario, m, "cpu",
                static_clutter="remove" if removal == "projection" else "scenario")
            for a, stream in enumerate(streams):
                flowgraph.connect(stream, (sync, a))
                flowgraph.connect((sync, a), (demodulator, a))
            flowgraph.connect(demodulator, canceller, estimator, (self.fusion, place))
            flowgraph.connect(demodulator, known)
            for n in range(scenario.num_transmit):
                flowgraph.connect((known, n), (canceller, 1 + n))
                flowgraph.connect((canceller, 1 + n), (estimator, 1 + n))
        self.values = blocks.vector_sink_f(scenario.estimate_size)
        self.confidence = blocks.vector_sink_f(scenario.targets)
        self.messages = blocks.message_debug()
        flowgraph.connect((self.fusion, 0), self.values)
        flowgraph.connect((self.fusion, 1), self.confidence)
        flowgraph.msg_connect(self.fusion, "estimates", self.messages, "store")

    def result(self):
        frames = [pmt.to_uint64(tag.value) for tag in self.values.tags()]
        # A message block may end before it has read the last ones.
        times = {}
        for k in range(self.messages.num_messages()):
            about = pmt.car(self.messages.get_message(k))
            times[pmt.to_python(about)["frame"]] = pmt.to_python(about)["time"]
        return Live(frames,
                    np.array(self.values.data(), np.float32).reshape(len(frames), -1),
                    np.array(self.confidence.data(), np.float32).reshape(len(frames), -1),
                    times)


class Session:
    """Antenna streams made once, processed and recorded at the same time."""

    def __init__(self, folder):
        self.folder = folder
        self.file = folder / "short.yml"
        self.scenario = scenario = short_scenario(self.file)
        size = scenario.transmit_frame_size * gr.sizeof_gr_complex
        flowgraph = gr.top_block()
        payload = isac.payload_source(scenario, SEED)
        precoder = isac.mmse_precoder(scenario, SEED, "cpu")
        air = isac.antenna_channel(scenario, SEED, False, TRANSMIT_DBM, RECEIVE_DBM, 12)
        truth = isac.bistatic_channel(scenario, SEED, "cpu")
        for k in range(scenario.users):
            flowgraph.connect((payload, k), (precoder, k))
        for n in range(scenario.num_transmit):
            head = blocks.head(size, FRAMES)
            modulator = isac.ofdm_modulator(scenario, n, TRANSMIT_DBM)
            flowgraph.connect((precoder, n), head, modulator)
            flowgraph.connect(head, (truth, n))
            for a in range(scenario.transmit_antennas):
                flowgraph.connect((modulator, a), (air, n * scenario.transmit_antennas + a))
        antennas = {m: [(air, m * scenario.receive_antennas + a)
                        for a in range(scenario.receive_antennas)]
                    for m in range(scenario.num_receive)}
        sinks = []
        for m, streams in antennas.items():
            flowgraph.connect((truth, m), blocks.null_sink(8 * scenario.receive_frame_size))
            for datatype in ("cf32_le", "ci16_le"):
                sink = isac.sigmf_sink(scenario, f"rx{m}", str(folder / f"{datatype[:4]}-{m}"),
                                       datatype, RECEIVE_DBM, SEED, START_S)
                sink.set_scene_seed(SEED)
                sinks.append(sink)
                for a, stream in enumerate(streams):
                    flowgraph.connect(stream, (sink, a))
        chains = {mode: Processing(flowgraph, scenario, antennas, mode, removal)
                  for mode, removal in (("time", "direct"), ("preamble", "projection"))}
        meter = isac.error_meter(scenario)
        flowgraph.connect((truth, scenario.num_receive), (meter, 0))
        flowgraph.connect((chains["time"].fusion, 0), (meter, 1))
        flowgraph.run()
        assert [sink.error() for sink in sinks] == [""] * len(sinks)
        assert [sink.samples_clipped() for sink in sinks] == [0] * len(sinks)
        self.scores = meter.scores()
        self.live = {mode: chain.result() for mode, chain in chains.items()}

    def recordings(self, kind="cf32"):
        return [self.folder / f"{kind}-{m}.sigmf-meta" for m in range(2)]


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    return Session(tmp_path_factory.mktemp("session"))


def replayed(files, *arguments):
    """The JSON line, and the rows of the CSV."""
    files = [word for file in files for word in ("--replay", file)]
    figures, result = run_json("isac_simulate", *files, "--device", "cpu", "--estimates", "-",
                               *arguments)
    lines = result.stdout.splitlines(keepends=True)
    return figures, list(csv.DictReader(io.StringIO("".join(lines[:-1]))))


def columns(rows, *names):
    return np.array([[np.float32(row[name]) for name in names] for row in rows])


def expect_estimates(rows, live):
    """That the rows hold the live estimates of one target in a frame.

    Mostly they are equal to the bit. Threads may share sums otherwise, so that samples differ in
    the last digit of float32, 1e-7 of the noise; estimates with a root bound of 3 m may differ
    by some 1e-4 of it.
    """
    assert [int(row["frame"]) for row in rows] == live.frames
    values = columns(rows, "x_m", "y_m", "vx_mps", "vy_mps")
    np.testing.assert_allclose(values, live.values, rtol=0, atol=2e-3)
    np.testing.assert_allclose(columns(rows, "confidence"), live.confidence, rtol=0, atol=1e-4)


# ----------------------------------------------------------------------- the same as live
@pytest.mark.parametrize("mode, removal, arguments", [
    ("time", "direct", []),
    ("preamble", "projection", ["--sync", "preamble", "--removal", "projection"])])
def test_estimates_are_those_of_the_live_flowgraph(session, mode, removal, arguments):
    live = session.live[mode]
    assert len(live.frames) >= FRAMES - 1
    figures, rows = replayed(session.recordings(), *arguments)
    assert (figures["sync"], figures["removal"]) == (mode, removal)
    expect_estimates(rows, live)
    assert {row["access_points"] for row in rows} == {"0 1"}
    assert {row["target"] for row in rows} == {"0"}
    for row in rows:
        if int(row["frame"]) in live.times:
            assert abs(float(row["time_s"]) - live.times[int(row["frame"])]) < 1e-8
    assert (figures["frames"], figures["frames_lost"]) == (len(live.frames), 0)
    assert [each["access_point"] for each in figures["recordings"]] == ["rx0", "rx1"]
    for each, file in zip(figures["recordings"], session.recordings()):
        assert each["file"] == str(file)
        assert each["frames"] >= figures["frames"] and each["frames_dropped"] == 0


def test_scores_are_those_of_the_scenes(session):
    figures, rows = replayed(session.recordings())
    assert figures["sync"] == "time"
    assert session.scores["location_rmse_m"] > 0
    for key, score in session.scores.items():
        if not key.startswith("root_crlb"):
            assert figures[key] == pytest.approx(score, rel=1e-3), key
    assert 0 < figures["root_crlb_location_median_m"] < 10
    assert len(rows) == figures["frames"]


def test_integers_are_the_samples_that_were_rounded(session):
    # The same blocks on what NumPy reads from the files.
    flowgraph = gr.top_block()
    tag = gr.tag_t()
    tag.offset, tag.key = 0, pmt.intern("rx_time")
    tag.value = pmt.make_tuple(pmt.from_uint64(0), pmt.from_double(0.0))
    antennas = {}
    for m, file in enumerate(session.recordings("ci16")):
        steps = np.fromfile(file.with_suffix(".sigmf-data"), "<i2").reshape(-1, 2, 2)
        samples = (steps / 32767.0).astype(np.float32).view(np.complex64)[..., 0].T
        antennas[m] = [(blocks.vector_source_c(stream, False, 1, [tag]), 0)
                       for stream in samples]
    chain = Processing(flowgraph, session.scenario, antennas, "time", "direct")
    flowgraph.run()
    _, rows = replayed(session.recordings("ci16"))
    expect_estimates(rows, chain.result())


def test_integers_move_estimates_by_their_share_of_the_noise(session):
    # A component that is rounded to steps of 1/32767 gets white noise of variance 1/12 of the
    # step's square. An efficient estimate moves by the root of its share in all noise, in
    # units of the root bound: the largest of a few dozen numbers is below 6 of them.
    scenario = session.scenario
    full_scale_w, element_w = 10 ** (RECEIVE_DBM / 10 - 3), 10 ** (-118 / 10 - 3)
    rounding_w = 2 / 12 / 32767**2 * full_scale_w
    share = rounding_w / (80 * element_w)
    figures, rows = replayed(session.recordings("ci16"))
    live = session.live["time"]
    assert [int(row["frame"]) for row in rows] == live.frames
    moved = columns(rows, "x_m", "y_m", "vx_mps", "vy_mps") - live.values
    location = np.linalg.norm(moved[:, :2], axis=1).max()
    velocity = np.linalg.norm(moved[:, 2:], axis=1).max()
    assert scenario.targets == 1
    assert location < 6 * np.sqrt(share) * figures["root_crlb_location_rms_m"]
    assert velocity < 6 * np.sqrt(share) * figures["root_crlb_velocity_rms_mps"]


# ----------------------------------------------------------------------- options
def test_one_access_point_alone(session):
    figures, rows = replayed(session.recordings()[1:])
    assert {row["access_points"] for row in rows} == {"1"}
    assert [each["access_point"] for each in figures["recordings"]] == ["rx1"]
    assert figures["frames"] == len(rows) >= FRAMES - 1


def test_fewer_frames(session):
    figures, rows = replayed(session.recordings(), "--frames", 2)
    assert (figures["frames"], figures["frames_lost"]) == (2, 0)
    live = session.live["time"]
    expect_estimates(rows, Live(live.frames[:2], live.values[:2], live.confidence[:2], {}))


@pytest.mark.parametrize("removal", ["none", "projection"])
def test_removal(session, removal):
    figures, rows = replayed(session.recordings(), "--removal", removal)
    assert figures["removal"] == removal
    assert figures["frames"] == len(session.live["time"].frames)
    assert not np.allclose(columns(rows, "x_m", "y_m"), session.live["time"].values[:, :2])


@pytest.mark.parametrize("name, bits", [("music", 96), ("cs", 96)])
def test_other_estimators(session, name, bits):
    figures, rows = replayed(session.recordings(), "--receiver", name, "--frames", 2)
    assert figures["fronthaul_bits_per_update"] == bits
    assert len(rows) == figures["frames"] == 2


def test_networks(session, tmp_path):
    model = tmp_path / "fresh.safetensors"
    run_json("isac_inspect", "--architecture", "lite", "--scenario", session.file, "--save", model)
    figures, rows = replayed(session.recordings(), "--receiver", "dvqvae", "--model", model,
                             "--frames", 2)
    assert figures["codewords"] == 1024 and figures["frames"] == len(rows) == 2
    assert {row["access_points"] for row in rows} == {"0 1"}


def test_report_for_people(session):
    out = session.folder / "estimates.csv"
    result = run("isac_simulate", "--device", "cpu", "--estimates", out,
                 *[f"--replay={file}" for file in session.recordings()])
    assert result.returncode == 0, result.stderr
    for part in ("location [m]", "recording of rx0", str(session.recordings()[1]),
                 "by time", "direct", "bit per access point"):
        assert part in result.stdout
    assert len(out.read_text().splitlines()) == 1 + len(session.live["time"].frames)


def test_estimates_of_a_simulation(tmp_path):
    out = tmp_path / "estimates.csv"
    simulate = ["isac_simulate", "--scenario", LITE, "--receiver", "ml", "--frames", 5,
                "--device", "cpu"]
    figures, _ = run_json(*simulate, "--estimates", out)
    rows = list(csv.DictReader(out.open()))
    assert [(int(row["frame"]), int(row["target"])) for row in rows] == [
        (frame, target) for frame in range(5) for target in range(2)]
    confidence = columns(rows, "confidence").mean()
    assert figures["confidence_mean"] == pytest.approx(confidence, rel=1e-6)
    without, _ = run_json(*simulate)
    assert without["location_rmse_m"] == figures["location_rmse_m"]
    none = tmp_path / "none" / "estimates.csv"
    expect_error(run(*simulate, "--estimates", none), 1, none, "No such file")
    expect_error(run(*simulate, "--estimates", "/dev/full"), 1, "/dev/full", "No space left")


# ----------------------------------------------------------------------- refusals
@pytest.fixture
def copies(session, tmp_path):
    """The recordings, to be damaged."""
    for file in session.recordings():
        for suffix in (".sigmf-meta", ".sigmf-data"):
            shutil.copy(file.with_suffix(suffix), tmp_path)
    return [tmp_path / file.name for file in session.recordings()]


def edit(file, change):
    document = json.loads(file.read_text())
    change(document)
    file.write_text(json.dumps(document))


def refuse(files, *parts, code=1, arguments=()):
    files = [word for file in files for word in ("--replay", file)]
    expect_error(run("isac_simulate", *files, "--device", "cpu", *arguments), code, *parts)


def test_damaged_recordings_are_refused_by_name(copies):
    data = copies[1].with_suffix(".sigmf-data")
    good = data.read_bytes()
    data.write_bytes(good[:-5])
    refuse(copies, data, "truncated")
    data.write_bytes(good[:1000] + b"x" + good[1001:])
    refuse(copies, data, "core:sha512")
    data.unlink()
    refuse(copies, data, "cannot be read")
    copies[1].write_text(copies[1].read_text()[:-100])
    refuse(copies, copies[1], "JSON")
    copies[1].unlink()
    refuse(copies, copies[1], "no such file")


def test_foreign_recordings_are_refused_by_name(copies):
    def forget(document):
        entries = document["global"]
        document["global"] = {key: value for key, value in entries.items()
                              if not key.startswith(("isac:", "core:extensions"))}
    edit(copies[0], forget)
    refuse(copies, copies[0], "isac:scenario", "make_foreign")


def test_recordings_that_do_not_fit_are_refused_by_name(session, copies, tmp_path):
    refuse([copies[0], copies[1], copies[0]], copies[0], "rx0")

    original = copies[1].read_text()

    def with_entry(key, value):
        copies[1].write_text(original)
        edit(copies[1], lambda document: document["global"].update({key: value}))

    with_entry("isac:seed", SEED + 1)
    refuse(copies, copies[0], copies[1], "isac:seed", SEED + 1)
    with_entry("isac:scene_seed", SEED + 1)
    refuse(copies, copies[0], copies[1], "isac:scene_seed", SEED + 1)
    edit(copies[1], lambda document: document["global"].pop("isac:seed"))
    refuse(copies, copies[1], "isac:seed", "missing")
    text = json.loads(original)["global"]["isac:scenario"]
    assert text.count("transmit_power_dbm: 10") == 1
    with_entry("isac:scenario", text.replace("transmit_power_dbm: 10", "transmit_power_dbm: 11"))
    refuse(copies, copies[0], copies[1], "transmit_power_dbm: 10", "transmit_power_dbm: 11")

    sent = tmp_path / "sent"
    flowgraph = gr.top_block()
    sink = isac.sigmf_sink(session.scenario, "tx1", str(sent), "cf32_le", TRANSMIT_DBM, SEED)
    for a in range(2):
        flowgraph.connect(blocks.vector_source_c([0j] * 100), (sink, a))
    flowgraph.run()
    refuse([copies[0], sent], sent, "transmit access point tx1")


def test_recordings_without_common_frames_are_refused_by_name(copies):
    # A second later, that is, 100 frames.
    edit(copies[1], lambda document: document["captures"][0].update(
        {"isac:rx_time_seconds": 1}))
    result = run("isac_simulate", *[f"--replay={file}" for file in copies], "--device", "cpu")
    assert result.returncode == 1
    last = result.stderr.splitlines()[-1]
    for part in ("no frame is in all recordings", copies[0], "rx0", copies[1], "rx1"):
        assert str(part) in last


def test_recordings_without_times(copies):
    def forget(document):
        for key in ("isac:rx_time_seconds", "isac:rx_time_fraction"):
            del document["captures"][0][key]
    edit(copies[0], forget)
    refuse(copies, "--sync time", copies[0], "isac:rx_time_seconds", code=2,
           arguments=["--sync", "time"])
    figures, _ = replayed(copies, "--frames", 2)
    assert figures["sync"] == "preamble" and figures["frames"] >= 1


def test_recordings_without_a_seed_of_the_scenes(copies):
    for file in copies:
        edit(file, lambda document: document["global"].pop("isac:scene_seed"))
    figures, rows = replayed(copies, "--frames", 2)
    assert len(rows) == figures["frames"] == 2
    assert not [key for key in figures if key.startswith(("location", "root_crlb"))]
    result = run("isac_simulate", *[f"--replay={file}" for file in copies], "--frames", 2)
    assert result.returncode == 0 and "location [m]" not in result.stdout


@pytest.mark.parametrize("arguments", [
    ["--scenario", LITE], ["--seed", "3"], ["--real-time"], ["--without-access-point", "0"],
    ["--power-dbm", "3"], ["--noise-dbm", "-90"], ["--clutter", "1,1"], ["--offsets", "0,0"]])
def test_options_that_are_not_for_recordings(arguments):
    refuse(["none"], arguments[0], "--replay", code=2, arguments=arguments)


@pytest.mark.parametrize("arguments, parts", [
    (["--receiver", "cnn", "--model", "x"], ["--replay", "cnn"]),
    (["--receiver", "monostatic"], ["--replay", "monostatic"]),
    (["--receiver", "dvqvae"], ["dvqvae", "--model"]),
    (["--sync", "clock"], ["--sync", "'clock'", "preamble"]),
    (["--removal", "all"], ["--removal", "'all'", "projection"]),
    (["--frames", "0"], ["frames", "0"])])
def test_wrong_options(arguments, parts):
    refuse(["none"], *parts, code=2, arguments=arguments)


@pytest.mark.parametrize("arguments", [["--sync", "time"], ["--removal", "none"]])
def test_options_that_are_for_recordings_only(arguments):
    result = run("isac_simulate", "--scenario", LITE, "--receiver", "ml", *arguments)
    expect_error(result, 2, arguments[0], "--replay")
