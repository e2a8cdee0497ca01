# SPDX-License-Identifier: GPL-3.0-or-later
"""GNU Radio's SoapySDR blocks on the virtual radio, in one process and in several.

Called as a program, this file is a transmitter: see `transmit`.
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import numpy as np
import pmt
import pytest
from gnuradio import blocks, gr, soapy

SCENARIO = str(pathlib.Path(__file__).with_name("small_radio.yml"))
RATE = 1e6
CENTER = 5.8e9 + 12 * 31.25e3
DELAY = 1  # samples from tx0 to rx0
TRANSMIT_GAIN = 80.0
RECEIVE_GAIN = 80.0


def arguments(access_point, environment, **others):
    pairs = {"scenario": SCENARIO, "access_point": access_point,
             "environment": environment, "bits": 16, "noise_dbm": -200, **others}
    return ", ".join(f"{name}={value}" for name, value in pairs.items())


def set_up(block, gain):
    for channel in range(2):
        block.set_sample_rate(channel, RATE)
        block.set_frequency(channel, CENTER)
        block.set_gain(channel, gain)
    return block


def make_sink(access_point, environment, **others):
    return set_up(soapy.sink("driver=isac", "fc32", 2,
                             arguments(access_point, environment, **others), "", [""], [""]),
                  TRANSMIT_GAIN)


def make_source(access_point, environment, **others):
    return set_up(soapy.source("driver=isac", "fc32", 2,
                               arguments(access_point, environment, **others), "", [""],
                               [""]),
                  RECEIVE_GAIN)


def received(flowgraph, source, count):
    """Connect `count` samples of both channels to sinks."""
    sinks = [blocks.vector_sink_c() for _ in range(2)]
    for channel, sink in enumerate(sinks):
        flowgraph.connect((source, channel), blocks.head(gr.sizeof_gr_complex, count), sink)
    return sinks


def times(sink):
    """(sample, time in s) of the tags rx_time, seconds and their fraction exact."""
    return [(tag.offset, pmt.to_uint64(pmt.tuple_ref(tag.value, 0)),
             pmt.to_double(pmt.tuple_ref(tag.value, 1)))
            for tag in sink.tags() if pmt.eq(tag.key, pmt.intern("rx_time"))]


def transmit(parameters):
    """Send ones from both antennas until killed, and say so when it begins."""
    flowgraph = gr.top_block()
    sink = make_sink(**parameters)
    ones = blocks.vector_source_c([0.5], True)
    for channel in range(2):
        flowgraph.connect(ones, (sink, channel))
    flowgraph.start()
    print("started", flush=True)
    signal.pause()


class Transmitter:
    """Another process that sends."""

    def __init__(self, **parameters):
        self.process = subprocess.Popen(
            [sys.executable, "-B", __file__, json.dumps(parameters)],
            stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "started\n"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


@pytest.fixture
def environment(request):
    return f"{request.node.name}-{os.getpid()}"


def test_two_processes_share_an_environment(environment):
    settings = {"environment": environment, "time": "lockstep", "participants": 2}
    flowgraph = gr.top_block()
    source = make_source("rx0", **settings)
    sinks = received(flowgraph, source, 50000)
    with Transmitter(access_point="tx0", **settings):
        flowgraph.run()
        assert source.read_sensor("lo_locked") is True
    # Both antennas add up at broadside; path loss at 299.79 m. The quantizer's noise is far
    # below.
    gain = 10**(-47.7 / 20) / 299.792458
    full_scale_db = (TRANSMIT_GAIN - 70) - (0 - RECEIVE_GAIN)
    expected = 0.5 * gain * 10**(full_scale_db / 20)
    for sink in sinks:
        samples = np.array(sink.data())
        assert len(samples) == 50000
        np.testing.assert_allclose(np.abs(samples[100:]), expected, rtol=0.02)
        assert times(sink) == [(0, 0, 0.0)]
    assert source.read_sensor("overflows") == 0


def test_killed_transmitter_is_silent(environment):
    settings = {"environment": environment, "time": "real"}
    source = make_source("rx0", **settings)
    with Transmitter(access_point="tx0", **settings) as transmitter:
        for _ in range(300):  # on a slow machine it takes a while to begin
            flowgraph = gr.top_block()
            sinks = received(flowgraph, source, 200000)
            flowgraph.run()
            if np.abs(sinks[0].data()).max() > 1e-3:
                break
        else:
            pytest.fail("nothing was received")
        transmitter.kill()
    # What it had written ahead is over after a tenth of a second.
    flowgraph = gr.top_block()
    sinks = received(flowgraph, source, 300000)
    flowgraph.run()
    assert np.abs(sinks[0].data()[-50000:]).max() < 1e-3
    # Its place is free.
    make_sink("tx0", **settings)


def test_slow_flowgraph_gets_a_new_time_after_an_overflow(environment):
    class Slow(gr.sync_block):
        """Stands still for longer than the radio keeps samples."""

        def __init__(self):
            super().__init__("slow", [np.complex64], [np.complex64])
            self.slept = False

        def work(self, input_items, output_items):
            if not self.slept:
                self.slept = True
                time.sleep(1.0)
            output_items[0][:] = input_items[0]
            return len(output_items[0])

    flowgraph = gr.top_block()
    source = make_source("rx0", environment)
    slow = Slow()
    sink = blocks.vector_sink_c()
    flowgraph.connect((source, 0), slow, blocks.head(gr.sizeof_gr_complex, 400000), sink)
    flowgraph.connect((source, 1), blocks.null_sink(gr.sizeof_gr_complex))
    flowgraph.run()
    assert source.read_sensor("overflows") >= 1
    tags = times(sink)
    assert len(tags) >= 2 and tags[0][0] == 0
    for (first, s0, f0), (second, s1, f1) in zip(tags, tags[1:]):
        # More time has passed than there are samples.
        assert s1 - s0 + f1 - f0 > (second - first) / RATE


def test_stream_without_times_begins_at_start_s(environment):
    settings = {"environment": environment, "time": "lockstep", "participants": 2,
                "start_s": 0.01}
    transmitting = gr.top_block()
    sink = make_sink("tx0", **settings)
    ones = blocks.vector_source_c([0.5] * 5000 + [0.0] * 60000)
    for channel in range(2):
        transmitting.connect(ones, (sink, channel))
    receiving = gr.top_block()
    sinks = received(receiving, make_source("rx0", **settings), 30000)
    transmitting.start()
    receiving.run()
    transmitting.stop()
    transmitting.wait()
    level = np.abs(np.array(sinks[0].data()))
    threshold = level.max() / 2
    above = np.flatnonzero(level > threshold)
    assert above[0] == 10000 + DELAY
    assert above[-1] == 10000 + DELAY + 5000 - 1
    assert times(sinks[0])[0] == (0, 0, 0.0)


def test_wrong_argument_is_refused_by_name(environment):
    with pytest.raises(Exception, match="colour"):
        make_source("rx0", environment, colour="red")


if __name__ == "__main__":
    transmit(json.loads(sys.argv[1]))
