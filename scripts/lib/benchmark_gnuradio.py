# SPDX-License-Identifier: GPL-3.0-or-later
"""Our blocks and stock blocks of like work, each alone between sources and sinks.

- Echoes: gr-radar's static_target_simulator_cc against bistatic_channel, one receive antenna
  and one or two targets, packets or frames of 4096 samples. Ours adds noise and draws new
  targets in every frame; gr-radar does neither.
- Precoding: multiply_matrix_cc against mmse_precoder. The stock block multiplies all samples
  by one matrix; ours makes a matrix for every subcarrier and frame and applies it.
- OFDM: ofdm_carrier_allocator_cvc, fft_vcc and ofdm_cyclic_prefixer against ofdm_modulator,
  keep_m_in_n, fft_vcc and ofdm_serializer_vcc against ofdm_demodulator, one antenna and all
  subcarriers. Ours change the order of a frame, and scale, measure and calibrate.

Rates count samples at one antenna (echoes, OFDM) or at all antennas together (precoding).
"""

import argparse
import copy
import time

import numpy as np
import yaml
from gnuradio import blocks, digital, fft, gr

from measure import entry, missing, write

PACKET = 4096
LEAST_S = 0.4
RUNS = 3


def source(random, length=1):
    """Endless Gaussian samples, in items of `length`."""
    draws = random.standard_normal((max(PACKET, length), 2)) / np.sqrt(2)
    return blocks.vector_source_c(draws @ [1, 1j], True, length)


def best_time(make, item_samples):
    """Shortest time of an item, s, of a flowgraph `make(items)` with so many items that a run
    takes long enough."""
    def run(items):
        flowgraph = make(items)
        start = time.perf_counter()
        flowgraph.run()
        return time.perf_counter() - start

    items = max(1, 100_000 // item_samples)
    run(items)  # plans the transforms
    while True:
        elapsed = run(items)
        if elapsed >= LEAST_S:
            break
        items = int(items * min(100.0, max(2.0, 1.3 * LEAST_S / elapsed)))
    return min([elapsed, *(run(items) for _ in range(RUNS - 1))]) / items


def measured(name, make, item_samples, outputs=1):
    """\\param outputs samples that one sample of the flowgraph's head stands for"""
    seconds = best_time(make, item_samples)
    return entry(name, seconds, samples_per_second=item_samples * outputs / seconds)


def radar(targets, random):
    from gnuradio import radar as module

    def make(packets):
        flowgraph = gr.top_block()
        simulator = module.static_target_simulator_cc(
            [30.0 + 20 * q for q in range(targets)], [10.0 - 5 * q for q in range(targets)],
            [1.0] * targets, [0.0] * targets, [0.0], 61_440_000, 30e9, -40.0, True, False,
            "packet_len")
        flowgraph.connect(
            source(random), blocks.head(gr.sizeof_gr_complex, packets * PACKET),
            blocks.stream_to_tagged_stream(gr.sizeof_gr_complex, 1, PACKET, "packet_len"),
            simulator, blocks.null_sink(gr.sizeof_gr_complex))
        return flowgraph

    return make


def channel(isac, document, random):
    scenario = isac.parse_scenario(yaml.safe_dump(document))

    def make(frames):
        flowgraph = gr.top_block()
        block = isac.bistatic_channel(scenario, 1)
        size = scenario.transmit_frame_size
        for n in range(scenario.num_transmit):
            flowgraph.connect(source(random, size),
                              blocks.head(size * gr.sizeof_gr_complex, frames), (block, n))
        sizes = [scenario.receive_frame_size * gr.sizeof_gr_complex] * scenario.num_receive
        for port, bytes_of_item in enumerate([*sizes, scenario.estimate_size * gr.sizeof_float]):
            flowgraph.connect((block, port), blocks.null_sink(bytes_of_item))
        return flowgraph

    return make


def one_antenna(document, targets):
    """The scenario with one antenna on either side and frames of PACKET samples."""
    single = copy.deepcopy(document)
    for side in ("transmit", "receive"):
        points = single[f"{side}_access_points"]
        del points[1:]
        points[0]["antennas"] = 1
    side = int(np.sqrt(PACKET))
    for axis in ("subcarrier", "symbol"):
        single["waveform"][f"{axis}_step"] = single["waveform"][f"{axis}s"] // side
    single["users"]["count"] = 1
    single["targets"]["count"] = targets
    return single


def matrix(users, antennas, random):
    values = random.standard_normal((antennas, users)) + 1j * random.standard_normal(
        (antennas, users))

    def make(samples):
        flowgraph = gr.top_block()
        block = blocks.multiply_matrix_cc(values.tolist())
        for k in range(users):
            flowgraph.connect(source(random), blocks.head(gr.sizeof_gr_complex, samples),
                              (block, k))
        for antenna in range(antennas):
            flowgraph.connect((block, antenna), blocks.null_sink(gr.sizeof_gr_complex))
        return flowgraph

    return make


def precoder(isac, document, random):
    scenario = isac.parse_scenario(yaml.safe_dump(document))
    users = document["users"]["count"]
    antennas = document["transmit_access_points"][0]["antennas"]
    elements = scenario.transmit_frame_size // antennas

    def make(frames):
        flowgraph = gr.top_block()
        block = isac.mmse_precoder(scenario, 1)
        for k in range(users):
            flowgraph.connect(source(random),
                              blocks.head(gr.sizeof_gr_complex, frames * elements), (block, k))
        for n in range(scenario.num_transmit):
            flowgraph.connect((block, n), blocks.null_sink(
                scenario.transmit_frame_size * gr.sizeof_gr_complex))
        return flowgraph

    return make, elements


class Ofdm:
    """Chains of one antenna, all subcarriers and next to nothing but payload; each is a
    function that makes a flowgraph of so many frames."""

    BURST = 16  # symbols of a tagged stream

    def __init__(self, document, random):
        self.random = random
        self.document = copy.deepcopy(document)
        wave, radio = self.document["waveform"], self.document["radio"]
        for step in ("subcarrier_step", "symbol_step"):
            wave.pop(step, None)
        self.size = radio["fft_size"]
        rate = self.size * wave["subcarrier_spacing_hz"]
        self.prefix = round(wave["cyclic_prefix_s"] * rate)
        self.symbols = wave["symbols"]
        self.payload = self.symbols * (self.size + self.prefix)
        half = wave["subcarriers"] // 2
        self.carriers = [i for i in range(-half, half) if i]
        for side in ("transmit", "receive"):
            del self.document[f"{side}_access_points"][1:]
            self.document[f"{side}_access_points"][0]["antennas"] = 1
        self.document["users"]["count"] = 1
        radio.update(header=False, preamble_length=16, preamble_repetitions=4,
                     frame_period_s=(64 + self.payload) / rate)

    def scenario(self, isac):
        return isac.parse_scenario(yaml.safe_dump(self.document))

    def run(self, items, *chain):
        """A flowgraph of samples through blocks into nothing."""
        flowgraph = gr.top_block()
        size = chain[0].input_signature().sizeof_stream_item(0)
        end = chain[-1].output_signature().sizeof_stream_item(0)
        flowgraph.connect(source(self.random, size // gr.sizeof_gr_complex),
                          blocks.head(size, items), *chain, blocks.null_sink(end))
        return flowgraph

    # Full scale far above the samples: none is beyond it.
    def modulator(self, isac):
        scenario = self.scenario(isac)
        return lambda frames: self.run(frames, isac.ofdm_modulator(scenario, 0, 60.0))

    def demodulator(self, isac):
        scenario = self.scenario(isac)
        return lambda frames: self.run(frames * self.payload,
                                       isac.ofdm_demodulator(scenario, 0, 60.0))

    def stock_modulator(self):
        tag = "packet_len"
        carriers = len(self.carriers)
        return lambda frames: self.run(
            frames * self.symbols * carriers,
            blocks.stream_to_tagged_stream(gr.sizeof_gr_complex, 1, self.BURST * carriers, tag),
            digital.ofdm_carrier_allocator_cvc(
                self.size, [self.carriers], [()], [()], (), tag, False),
            fft.fft_vcc(self.size, False, (), False, 1),
            digital.ofdm_cyclic_prefixer(self.size, self.size + self.prefix, 0, tag))

    def stock_demodulator(self):
        tag = "packet_len"
        item = gr.sizeof_gr_complex
        return lambda frames: self.run(
            frames * self.payload,
            blocks.keep_m_in_n(item, self.size, self.size + self.prefix, self.prefix),
            blocks.stream_to_vector(item, self.size),
            fft.fft_vcc(self.size, True, (), False, 1),
            blocks.stream_to_tagged_stream(item, self.size, self.BURST, tag),
            digital.ofdm_serializer_vcc(self.size, [self.carriers], tag, "", 0, "", False))

    def entries(self, name, make_modulator, make_demodulator):
        """Of both, and of the two together."""
        modulate = measured(f"{name}/ofdm_modulator", make_modulator, self.payload)
        demodulate = measured(f"{name}/ofdm_demodulator", make_demodulator, self.payload)
        seconds = (modulate["real_time"] + demodulate["real_time"]) / 1e3
        return [modulate, demodulate,
                entry(f"{name}/ofdm", seconds, samples_per_second=self.payload / seconds)]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenario", required=True, help="scenario (YAML)")
    parser.add_argument("--radio-scenario", required=True,
                        help="scenario (YAML) with the section radio, for OFDM")
    parser.add_argument("--out", required=True, help="JSON file to write")
    arguments = parser.parse_args()
    with open(arguments.scenario, encoding="utf-8") as file:
        document = yaml.safe_load(file)
    with open(arguments.radio_scenario, encoding="utf-8") as file:
        radio_document = yaml.safe_load(file)
    random = np.random.default_rng(1)
    entries = []

    def run(name, package, work):
        """A block that is not installed leaves a row that says so."""
        try:
            found = work(name)
            entries.extend(found if isinstance(found, list) else [found])
        except ImportError as error:
            absent = (isinstance(error, ModuleNotFoundError)
                      or str(error).startswith("cannot import name"))
            entries.append(missing(name, f"{package} not installed" if absent
                                   else f"{package}: {error}"))

    def isac():
        from gnuradio import isac as module
        if not hasattr(module, "bistatic_channel"):  # a folder of that name
            raise ModuleNotFoundError("gnuradio.isac")
        return module

    for targets in (1, 2):
        run(f"Stock/static_target_simulator/targets={targets}", "gr-radar",
            lambda name, q=targets: measured(name, radar(q, random), PACKET))
        run(f"Blocks/bistatic_channel/targets={targets}", "gr-isac",
            lambda name, q=targets: measured(
                name, channel(isac(), one_antenna(document, q), random), PACKET))
    users = document["users"]["count"]
    antennas = sum(point["antennas"] for point in document["transmit_access_points"])
    run("Stock/multiply_matrix", "GNU Radio",
        lambda name: measured(name, matrix(users, antennas, random), 1, antennas))
    run("Blocks/mmse_precoder", "gr-isac",
        lambda name: measured(name, *precoder(isac(), document, random), antennas))
    ofdm = Ofdm(radio_document, random)
    run("Stock/ofdm", "GNU Radio", lambda name: ofdm.entries(
        "Stock", ofdm.stock_modulator(), ofdm.stock_demodulator()))
    run("Blocks/ofdm", "gr-isac", lambda name: ofdm.entries(
        "Blocks", ofdm.modulator(isac()), ofdm.demodulator(isac())))
    write(arguments.out, entries, gnuradio=gr.version(), scenario=document["name"])


if __name__ == "__main__":
    main()
