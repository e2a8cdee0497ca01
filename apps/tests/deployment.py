# SPDX-License-Identifier: GPL-3.0-or-later
"""Access points and a central unit as programs on the hosts of network_hosts.py, and what the
central unit publishes."""

import collections
import contextlib
import json
import os
import pathlib
import signal
import threading
import time

import pmt
import zmq
from gnuradio import blocks, gr, isac
from programs import SCENARIOS, edited, run
from services import Keys, Service

PATIENCE_S = 90
PERIOD_S = 0.1  # of sdr_2x2.yml
HEALTH_S = 0.5

Estimate = collections.namedtuple("Estimate", "frame access_points values arrived")


def wait_for(what, condition):
    """Wait until the condition is something, and return that."""
    end = time.monotonic() + PATIENCE_S
    while not (value := condition()):
        assert time.monotonic() < end, f"no {what() if callable(what) else what}"
        time.sleep(0.01)
    return value


class Program(Service):
    """A program on a host of a network."""

    ready_at = None

    def __init__(self, network, host, name, *arguments, environment=None):
        super().__init__(name, *arguments, environment=environment,
                         on=lambda words: network.command(host, words))

    def running(self):
        return self.process.poll() is None

    def wait_until_ready(self):
        """When that was."""
        self.ready()
        self.ready_at = self.ready_at or time.monotonic()
        return self.ready_at

    def count(self, name):
        """A counter of the latest line of health; of several, the sum."""
        told = self.told("end") or self.told("health") or {}
        return sum(int(word) for word in told.get(name, "0").split(","))

    def memory_bytes(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/statm").read_text(encoding="ascii")
        return int(status.split()[1]) * os.sysconf("SC_PAGESIZE")

    def expect_running(self):
        assert self.running(), f"{self.name} has ended by itself:\n{self.text()}"

    def kill(self):
        """As kill -9, if it has not ended by itself."""
        self.expect_running()
        self.stop(signal.SIGKILL)


class Reader:
    """Reads what a central unit publishes, also when that is started anew."""

    def __init__(self, address):
        self.estimates = []
        self.socket = zmq.Context.instance().socket(zmq.SUB)
        self.socket.setsockopt(zmq.RECONNECT_IVL, 20)
        self.socket.setsockopt(zmq.RCVHWM, 0)
        self.socket.setsockopt(zmq.RCVTIMEO, 100)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.subscribe(b"")
        self.socket.connect(address)
        self.over = False
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        while not self.over:
            with contextlib.suppress(zmq.Again):
                message = json.loads(self.socket.recv())
                values = [target[key] for key in ("position_m", "velocity_mps")
                          for target in message["targets"]]
                self.estimates.append(Estimate(
                    message["frame"], tuple(message["access_points"]),
                    [value for each in values for value in each], time.monotonic()))

    def close(self):
        self.over = True
        self.thread.join()
        self.socket.close()


class Deployment:
    """A central unit, an access point for each receive access point of sdr_2x2.yml, with short
    frames, and a spare host.

    deadline_s: of the central unit
    environments: {"central" or the number of an access point: environment}
    """

    SEED = 7
    POINTS = (0, 1)
    HOSTS = ("central", "ap0", "ap1", "spare")

    def __init__(self, network, folder, deadline_s, environments=None):
        self.network = network
        self.folder = folder
        self.scenario = folder / "scenario.yml"
        edited(SCENARIOS / "sdr_2x2.yml", self.scenario, "symbols: 256", "symbols: 64")
        self.deadline_s = deadline_s
        self.environments = environments or {}
        self.port = network.port(len(self.POINTS))
        self.keys = Keys(folder, len(self.POINTS))
        assert run("isac_keygen", folder / "stranger").returncode == 0
        self.publish = f"ipc://{folder}/estimates"
        self.reader = Reader(self.publish)
        self.central = None
        self.points = {}
        self.others = []

    def _start(self, role, host, name, *arguments):
        return Program(self.network, host, name, "--scenario", self.scenario, "--seed",
                       self.SEED, "--scheme", "ml", "--compute", "cpu", "--health-s", HEALTH_S,
                       *arguments, environment=self.environments.get(role))

    def start_central(self, *arguments):
        self.central = self._start(
            "central", "central", "isac_central_unit", *self.keys.of_central(),
            "--listen", f"tcp://{self.network.own_address('central')}:{self.port}",
            "--deadline-s", self.deadline_s, "--publish-zmq", self.publish, *arguments)

    def access_point(self, m, host=None, key=None, number=None):
        """A program that sends to the place of access point m."""
        host = host or f"ap{m}"
        address, port = self.network.reach(host, "central", self.port + m)
        return self._start(m, host, "isac_access_point", "--access-point",
                           m if number is None else number, "--simulate", "--central",
                           f"tcp://{address}:{port}", "--key-file",
                           self.folder / f"{key or f'ap{m}'}.key", "--server-key-file",
                           self.folder / "central.pub")

    def start_point(self, m):
        self.points[m] = self.access_point(m)

    def programs(self):
        return [program for program in (self.central, *self.points.values()) if program]

    def start_missing(self):
        """Start whatever is not running, and wait until all of it is."""
        if not (self.central and self.central.running()):
            self.start_central()
        for m in self.POINTS:
            if not (m in self.points and self.points[m].running()):
                self.start_point(m)
        for program in self.programs():
            program.wait_until_ready()

    def since(self, place):
        return self.reader.estimates[place:]

    def here(self):
        """The place of the next estimate."""
        return len(self.reader.estimates)

    def report(self):
        last = self.reader.estimates[-3:]
        return "\n--\n".join([str(last)] + [program.text()[-3000:] for program in self.programs()])

    def wait_for(self, what, condition):
        return wait_for(lambda: f"{what}:\n{self.report()}", condition)

    def first(self, what, place, condition):
        """The first estimate from a place on for which something holds."""
        return self.wait_for(what, lambda: next(
            (estimate for estimate in self.since(place) if condition(estimate)), None))

    def first_of(self, place, points):
        return self.first(f"estimate of access points {points}", place,
                          lambda estimate: estimate.access_points == tuple(points))

    def wait_for_estimates(self, count, points=POINTS):
        """So many estimates by these access points, from now on."""
        place = self.here()
        self.wait_for(f"{count} estimates of access points {points}", lambda: sum(
            e.access_points == tuple(points) for e in self.since(place)) >= count)

    def stop(self):
        """End everything as systemd does: exit codes."""
        for program in self.programs():
            program.expect_running()
        return [program.stop()[0] for program in self.programs()]

    def close(self):
        for program in (*self.programs(), *self.others):
            if program.running():
                program.kill()
        self.reader.close()


def expect_in_order(estimates):
    """Every frame at most once, and in order."""
    frames = [estimate.frame for estimate in estimates]
    assert frames == sorted(set(frames)), frames


def undisturbed(scenario_file, frames, absent=()):
    """The estimates {frame: values} of the same blocks, beside any network."""
    scenario = isac.load_scenario(str(scenario_file))
    tags = []
    for item, frame in enumerate(frames):
        tag = gr.tag_t()
        tag.offset, tag.key = item, pmt.intern("frame")
        tag.value = pmt.from_uint64(frame)
        tags.append(tag)
    size = scenario.receive_frame_size
    clock = blocks.vector_source_c([0j] * (size * len(frames)), False, size, tags)
    flowgraph = gr.top_block()
    known = isac.transmit_reference(scenario, Deployment.SEED, "cpu")
    channel = isac.bistatic_channel(scenario, Deployment.SEED, "cpu")
    fusion = isac.parameter_fusion(scenario, "ml", list(absent))
    flowgraph.connect(clock, known)
    for n in range(scenario.num_transmit):
        flowgraph.connect((known, n), (channel, n))
    place = 0
    for m in range(scenario.num_receive):
        if m in absent:
            flowgraph.connect((channel, m), blocks.null_sink(8 * size))
            continue
        estimator = isac.ml_estimator(scenario, m, "cpu")
        flowgraph.connect((channel, m), estimator, (fusion, place))
        for n in range(scenario.num_transmit):
            flowgraph.connect((known, n), (estimator, 1 + n))
        place += 1
    flowgraph.connect((channel, scenario.num_receive),
                      blocks.null_sink(4 * scenario.estimate_size))
    sink = blocks.vector_sink_f(scenario.estimate_size)
    flowgraph.connect((fusion, 0), sink)
    flowgraph.run()
    values = sink.data()
    count = scenario.estimate_size
    return {frame: values[count * i:count * (i + 1)] for i, frame in enumerate(frames)}
