# SPDX-License-Identifier: GPL-3.0-or-later
"""Clocks that jump: those of the machines, while the programs run, and that of a radio. Nobody
hangs, no deadline fires early, and the frames are those of their numbers."""

import glob
import time

import numpy as np
import pmt
import pytest
from deployment import Deployment, undisturbed, wait_for
from gnuradio import blocks, gr, isac
from network_hosts import hosts
from programs import SCENARIOS

pytestmark = pytest.mark.alone

DEADLINE_S = 0.5
HOUR_S = 3600


# --------------------------------------------------------------------- clocks of machines
class Clocks:
    """The wall clock of each role, which libfaketime sets; steady clocks go on."""

    def __init__(self, folder):
        found = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
        if not found:
            pytest.fail("libfaketime is not installed")
        self.files = {role: folder / f"clock-{role}" for role in ("central", 0, 1)}
        self.set(0)
        self.environments = {role: {
            "LD_PRELOAD": found[0], "FAKETIME_TIMESTAMP_FILE": str(file),
            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_FORCE_MONOTONIC_FIX": "0",
            "FAKETIME_CACHE_DURATION": "1"}
            for role, file in self.files.items()}

    def set(self, seconds, roles=("central", 0, 1)):
        for role in roles:
            new = self.files[role].with_suffix(".new")
            new.write_text(f"{seconds:+d}\n", encoding="ascii")
            new.rename(self.files[role])


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clocks")
    clocks = Clocks(folder)
    with hosts("loopback", Deployment.HOSTS) as network:
        deployment = Deployment(network, folder, DEADLINE_S, clocks.environments)
        try:
            yield deployment, clocks
        finally:
            deployment.close()


@pytest.fixture
def set_clocks(running):
    """The deployment, with all clocks right, and what sets them."""
    deployment, clocks = running
    clocks.set(0)
    deployment.start_missing()
    deployment.wait_for_estimates(5)
    yield deployment, clocks.set
    assert all(program.running() for program in deployment.programs()), deployment.report()


def expect_right(deployment, estimates):
    complete = [e for e in estimates if e.access_points == Deployment.POINTS][:20]
    expected = undisturbed(deployment.scenario, [e.frame for e in complete])
    for estimate in complete:
        np.testing.assert_allclose(estimate.values, expected[estimate.frame], rtol=1e-4,
                                   atol=1e-4)


def test_clock_of_the_central_unit_tells_nothing(set_clocks):
    deployment, set_clock = set_clocks
    incomplete = deployment.central.count("frames_incomplete")
    place = deployment.here()
    for jump_s in (HOUR_S, -HOUR_S, 0):
        set_clock(jump_s, ["central"])
        deployment.wait_for_estimates(25)
    frames = [estimate.frame for estimate in deployment.since(place)]
    assert frames == sorted(set(frames))
    # Some may be late on a slow machine; a deadline that fires early leaves out many.
    assert deployment.central.count("frames_incomplete") - incomplete < len(frames) / 4


@pytest.mark.parametrize("jump_s", [HOUR_S, -HOUR_S])
def test_one_access_point_with_a_wrong_clock_is_left_out_and_taken_back(set_clocks, jump_s):
    deployment, set_clock = set_clocks
    place = deployment.here()
    set_clock(jump_s, [1])
    deployment.wait_for_estimates(20, [0])
    set_clock(0, [1])
    deployment.wait_for_estimates(10)
    frames = [estimate.frame for estimate in deployment.since(place)]
    assert frames == sorted(set(frames))
    assert frames[-1] - frames[0] < 10 * 60 / 0.1, "nobody follows a wrong clock"
    expect_right(deployment, deployment.since(place))


@pytest.mark.parametrize("jump_s", [HOUR_S, -HOUR_S])
def test_all_clocks_jump_and_the_frames_with_them(set_clocks, jump_s):
    deployment, set_clock = set_clocks
    last = deployment.reader.estimates[-1].frame
    place = deployment.here()
    set_clock(jump_s)
    jumped = deployment.first("estimate by the new time", place, lambda estimate: (
        (estimate.frame - last) * jump_s > 0
        and abs(estimate.frame - last) > 0.9 * HOUR_S / 0.1))
    place = deployment.here()
    deployment.wait_for_estimates(10)
    frames = [estimate.frame for estimate in deployment.since(place)]
    assert frames == sorted(set(frames)) and frames[-1] - jumped.frame < 10 * 60 / 0.1
    expect_right(deployment, deployment.since(place))


# --------------------------------------------------------------------- clock of a radio
SEED = 7
FIRST, COUNT = 100000, 40
PERIOD, PERIOD_S = 50000, 0.01  # of a frame
FULL_SCALE_DBM = (24.0, -55.0)
FRAMES_PER_SECOND = 10  # slower than the radio, and slower still where the machine is
SPARE = 3  # times what the machine takes for a frame: who is behind must catch up
DEADLINE_FRAMES = 10
JUMP = range(8, 10)  # frames of which access point 1 has a wrong time


@pytest.fixture(scope="module")
def scenario(tmp_path_factory):
    file = tmp_path_factory.mktemp("scenario") / "short.yml"
    text = (SCENARIOS / "sdr_2x2.yml").read_text(encoding="utf-8")
    file.write_text(text.replace("frame_period_s: 0.1", f"frame_period_s: {PERIOD_S}"),
                    encoding="utf-8")
    return isac.load_scenario(str(file))


def tag(offset, key, value):
    made = gr.tag_t()
    made.offset, made.key, made.value = offset, pmt.intern(key), value
    return made


def time_tag(frame, wrong_s=0):
    whole, rest = divmod(FIRST + frame, round(1 / PERIOD_S))
    return tag(frame * PERIOD, "rx_time", pmt.make_tuple(
        pmt.from_uint64(whole + wrong_s), pmt.from_double(rest * PERIOD_S)))


@pytest.fixture(scope="module")
def heard(scenario):
    """What the antennas of each receive access point hear, [m][antenna]."""
    size = scenario.receive_frame_size
    flowgraph = gr.top_block()
    clock = blocks.vector_source_c([0j] * (size * COUNT), False, size, [
        tag(k, "frame", pmt.from_uint64(FIRST + k)) for k in range(COUNT)])
    known = isac.transmit_reference(scenario, SEED, "cpu")
    air = isac.antenna_channel(scenario, SEED, False, *FULL_SCALE_DBM, 12)
    flowgraph.connect(clock, known)
    antennas = scenario.transmit_antennas
    for n in range(scenario.num_transmit):
        modulator = isac.ofdm_modulator(scenario, n, FULL_SCALE_DBM[0])
        flowgraph.connect((known, n), modulator)
        for a in range(antennas):
            flowgraph.connect((modulator, a), (air, n * antennas + a))
    antennas = scenario.receive_antennas
    sinks = [[blocks.vector_sink_c() for _ in range(antennas)]
             for _ in range(scenario.num_receive)]
    for m, row in enumerate(sinks):
        for a, sink in enumerate(row):
            flowgraph.connect((air, m * antennas + a), sink)
    flowgraph.run()
    return [[np.array(sink.data(), np.complex64) for sink in row] for row in sinks]


def packets(flowgraph, scenario, m, samples, tags, frames_per_second=None):
    """The block that gives the packets of access point m."""
    sync = isac.frame_sync(scenario, m, "time", 0.0)
    demodulator = isac.ofdm_demodulator(scenario, m, FULL_SCALE_DBM[1])
    known = isac.transmit_reference(scenario, SEED, "cpu")
    canceller = isac.direct_path_canceller(scenario, m, "direct", True, "cpu")
    estimator = isac.ml_estimator(scenario, m, "cpu")
    for a, stream in enumerate(samples):
        source = blocks.vector_source_c(stream, False, 1, tags if a == 0 else [])
        if frames_per_second and a == 0:
            throttle = blocks.throttle(gr.sizeof_gr_complex, PERIOD * frames_per_second)
            flowgraph.connect(source, throttle, (sync, a))
        else:
            flowgraph.connect(source, (sync, a))
        flowgraph.connect((sync, a), (demodulator, a))
    flowgraph.connect(demodulator, canceller, estimator)
    flowgraph.connect(demodulator, known)
    for n in range(scenario.num_transmit):
        flowgraph.connect((known, n), (canceller, 1 + n))
        flowgraph.connect((canceller, 1 + n), (estimator, 1 + n))
    return estimator


class Fused:
    """A central unit, and its estimates by frame."""

    def __init__(self, flowgraph, scenario, sources, deadline_s):
        fusion = isac.parameter_fusion(scenario, "ml", deadline_s=deadline_s)
        self.size = scenario.estimate_size
        self.sink = blocks.vector_sink_f(self.size)
        self.messages = blocks.message_debug()
        for m, source in enumerate(sources):
            flowgraph.connect(source, (fusion, m))
        flowgraph.connect((fusion, 0), self.sink)
        flowgraph.msg_connect(fusion, "estimates", self.messages, "store")
        self.fusion = fusion

    def frames(self):
        return [pmt.to_uint64(each.value) for each in self.sink.tags()]

    def values(self):
        return np.array(self.sink.data()).reshape(-1, self.size)

    def points(self):
        """{frame: access points}"""
        found = {}
        for k in range(self.messages.num_messages()):
            about = pmt.to_python(pmt.car(self.messages.get_message(k)))
            found[about["frame"]] = list(about["access_points"])
        return found


@pytest.fixture(scope="module")
def whole(scenario, heard):
    """The estimates without a jump, in one flowgraph, and how many frames a second it did."""
    flowgraph = gr.top_block()
    fused = Fused(flowgraph, scenario, [
        packets(flowgraph, scenario, m, samples, [time_tag(0)])
        for m, samples in enumerate(heard)], 0.0)
    start = time.monotonic()
    flowgraph.run()
    seconds = time.monotonic() - start
    frames = fused.frames()
    assert len(frames) >= COUNT - 1
    return dict(zip(frames, fused.values())), len(frames) / seconds


@pytest.mark.parametrize("wrong_s", [500, -500])
def test_time_of_a_radio_jumps_and_comes_back(scenario, heard, whole, wrong_s):
    whole, capacity = whole
    frames_per_second = min(FRAMES_PER_SECOND, capacity / SPARE)
    info = scenario.estimator("ml")
    central = gr.top_block()
    sources = [isac.fronthaul_source(scenario, m, info.packet_size, info.fingerprint,
                                     "tcp://127.0.0.1:*", "none") for m in range(2)]
    fused = Fused(central, scenario, sources, DEADLINE_FRAMES / frames_per_second)
    central.start()
    points = []
    for m, samples in enumerate(heard):
        flowgraph = gr.top_block()
        tags = [time_tag(0)]
        if m == 1:
            tags += [time_tag(JUMP[0], wrong_s), time_tag(JUMP[-1] + 1)]
        sink = isac.fronthaul_sink(info.packet_size, sources[m].address(), "none")
        flowgraph.connect(packets(flowgraph, scenario, m, samples, tags, frames_per_second),
                          sink)
        points.append((flowgraph, sink))
    for flowgraph, _ in points:
        flowgraph.start()
    for flowgraph, _ in points:
        flowgraph.wait()
    assert [sink.error() for _, sink in points] == ["", ""]
    last = max(whole)
    wait_for("last estimate", lambda: fused.fusion.frames() and fused.frames()[-1:] == [last])
    time.sleep(0.1)  # for the messages, which come behind
    central.stop()
    central.wait()
    frames, access_points = fused.frames(), fused.points()
    # Every frame once and in order, none of a wrong time, and complete ones again at last.
    assert frames == list(range(frames[0], last + 1)) and frames[0] >= FIRST
    complete = [frame for frame in frames if access_points.get(frame) == [0, 1]]
    assert not set(complete) & {FIRST + k for k in JUMP}
    assert len([frame for frame in complete if frame > FIRST + JUMP[-1]]) >= 8, access_points
    # The first frame after the lock is corrected by what the search has found, and the next ones
    # by what is measured on their direct paths: centimetres. A wrong frame is tens of metres off.
    after = min(frame for frame in complete if frame > FIRST + JUMP[-1])
    for frame, values in zip(frames, fused.values()):
        if frame in complete:
            tolerance = 0.05 if frame == after else 2e-3
            np.testing.assert_allclose(values, whole[frame], rtol=0, atol=tolerance)
