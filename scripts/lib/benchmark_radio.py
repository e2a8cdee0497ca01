# SPDX-License-Identifier: GPL-3.0-or-later
"""A transmit and a receive access point in real time on the virtual radio, in one process on
two processors: frames → ofdm_modulator → soapy_sink, and soapy_source → frame_sync →
ofdm_demodulator, both with all antennas of the scenario. The channel between them is
computed besides, by the receiver's radio.

`processors` is the processor time of all of it over the time that it took, and
`processors_of_others` what else the machine did meanwhile. Where under-runs and overflows are 0
and all frames are found, it keeps up.

- Radio/NAME: the scenario as it is.
- Radio/NAME/no_silence: frames one after the other, as dense as its samples allow.
"""

import argparse
import os
import resource
import tempfile
import time

import numpy as np
import yaml

from measure import entry, missing, write

PROCESSORS = 2
WARM_UP_S = 2.0
RUNS = 3
GAIN_DB = 65.0  # of the receiver; full scale at -65 dBm
DENSE = "no_silence"


def random_frames(scenario, count=4):
    """Transmit frames with the scenario's power, as one array."""
    random = np.random.default_rng(1)
    draws = random.standard_normal((count * scenario.transmit_frame_size, 2)) @ [1, 1j]
    watt = 10 ** (scenario.transmit_power_dbm / 10 - 3)
    elements = scenario.transmit_antennas * scenario.subcarriers
    return (draws * np.sqrt(watt / elements / 2)).astype(np.complex64)


def busy_s():
    """Processor time of the whole machine."""
    with open("/proc/stat", encoding="ascii") as file:
        user, nice, system, _, _, irq, softirq, *_ = map(int, file.readline().split()[1:])
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


class Link:
    """The flowgraph, and what it has counted."""

    def __init__(self, gr, blocks, isac, path):
        scenario = isac.load_scenario(path)
        self.scenario = scenario
        self.flowgraph = gr.top_block()
        environment = f"driver=isac,environment=benchmark-{os.getpid()},time=real"

        def device(point):
            return isac.device_arguments(environment, path, point.name)

        full_scale_dbm = scenario.transmit_power_dbm + 13.0
        source = blocks.vector_source_c(random_frames(scenario), True,
                                        scenario.transmit_frame_size)
        modulator = isac.ofdm_modulator(scenario, 0, full_scale_dbm)
        self.sink = isac.soapy_sink(scenario, 0, device(scenario.transmit[0]),
                                    full_scale_dbm + 70.0)
        self.radio = isac.soapy_source(scenario, 0, device(scenario.receive[0]), GAIN_DB)
        self.sync = isac.frame_sync(scenario, 0)
        self.demodulator = isac.ofdm_demodulator(scenario, 0, -GAIN_DB)
        self.flowgraph.connect(source, modulator)
        for a in range(scenario.transmit_antennas):
            self.flowgraph.connect((modulator, a), (self.sink, a))
        for a in range(scenario.receive_antennas):
            self.flowgraph.connect((self.radio, a), (self.sync, a))
            self.flowgraph.connect((self.sync, a), (self.demodulator, a))
        self.flowgraph.connect(self.demodulator, blocks.null_sink(
            scenario.receive_frame_size * gr.sizeof_gr_complex))

    def counts(self):
        used = resource.getrusage(resource.RUSAGE_SELF)
        return {"seconds": time.perf_counter(),
                "processor_s": used.ru_utime + used.ru_stime,
                "busy_s": busy_s(),
                "underruns": int(self.sink.read_sensor("underflows")),
                "overflows": int(self.radio.read_sensor("overflows")),
                "samples_late": int(self.sink.read_sensor("late")),
                "frames": self.demodulator.frames(),
                "frames_missed": self.sync.frames_missed()}

    def runs(self, seconds):
        """What was counted in each of the runs."""
        self.flowgraph.start()
        time.sleep(WARM_UP_S)
        before = self.counts()
        for _ in range(RUNS):
            time.sleep(seconds)
            after = self.counts()
            yield {key: after[key] - before[key] for key in after}
            before = after
        self.flowgraph.stop()
        self.flowgraph.wait()


def measured(name, path, seconds):
    from gnuradio import blocks, gr, isac
    link = Link(gr, blocks, isac, path)
    best = min(link.runs(seconds), key=lambda run: (
        run["underruns"] + run["overflows"], run["processor_s"] / run["seconds"]))
    took = best.pop("seconds")
    processors = best.pop("processor_s") / took
    others = max(0.0, best.pop("busy_s") / took - processors)
    # The time of a second of samples; the rate is that of one antenna.
    return entry(name, processors, processors=processors, wall_s=took,
                 frames_expected=took / link.scenario.frame_period_s,
                 sample_rate=link.scenario.sample_rate_hz, processors_of_others=others, **best)


def dense(document, frame_samples):
    """The scenario without silence between the frames."""
    wave, radio = document["waveform"], document["radio"]
    rate = radio["fft_size"] * wave["subcarrier_spacing_hz"]
    return {**document, "radio": {**radio, "frame_period_s": frame_samples / rate}}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenario", required=True, help="scenario (YAML) with `radio`")
    parser.add_argument("--seconds", type=float, default=5.0, help="of each run")
    parser.add_argument("--out", required=True, help="JSON file to write")
    arguments = parser.parse_args()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:PROCESSORS])
    with open(arguments.scenario, encoding="utf-8") as file:
        document = yaml.safe_load(file)
    name = f"Radio/{os.path.splitext(os.path.basename(arguments.scenario))[0]}"
    entries = []
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "dense.yml")
        try:
            from gnuradio import isac
            samples = isac.load_scenario(arguments.scenario).frame_samples
            with open(path, "w", encoding="utf-8") as file:
                yaml.safe_dump(dense(document, samples), file)
            for row, scenario in ((name, arguments.scenario), (f"{name}/{DENSE}", path)):
                entries.append(measured(row, scenario, arguments.seconds))
        except (ImportError, RuntimeError) as error:
            entries.append(missing(name, str(error).split("\n")[0]))
    write(arguments.out, entries, scenario=document["name"])


if __name__ == "__main__":
    main()
