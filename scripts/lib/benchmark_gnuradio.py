# SPDX-License-Identifier: GPL-3.0-or-later
"""Our blocks and stock blocks of like work, each alone between sources and sinks.

- Echoes: gr-radar's static_target_simulator_cc against bistatic_channel, one receive antenna
  and one or two targets, packets or frames of 4096 samples. Ours adds noise and draws new
  targets in every frame; gr-radar does neither.
- Precoding: multiply_matrix_cc against mmse_precoder. The stock block multiplies all samples
  by one matrix; ours makes a matrix for every subcarrier and frame and applies it.
- OFDM: fft_vcc with ofdm_cyclic_prefixer.

Rates count samples at one antenna (echoes) or at all antennas together (precoding, OFDM).
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


def ofdm(document, random):
    """One antenna: inverse transform and cyclic prefix."""
    wave = document["waveform"]
    size = wave["subcarriers"]
    prefix = round(wave["cyclic_prefix_s"] * size * wave["subcarrier_spacing_hz"])

    def make(symbols):
        flowgraph = gr.top_block()
        flowgraph.connect(
            source(random, size), blocks.head(size * gr.sizeof_gr_complex, symbols),
            fft.fft_vcc(size, False, (), True, 1),
            digital.ofdm_cyclic_prefixer(size, size + prefix),
            blocks.null_sink(gr.sizeof_gr_complex))
        return flowgraph

    return make, size + prefix


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenario", required=True, help="scenario (YAML)")
    parser.add_argument("--out", required=True, help="JSON file to write")
    arguments = parser.parse_args()
    with open(arguments.scenario, encoding="utf-8") as file:
        document = yaml.safe_load(file)
    random = np.random.default_rng(1)
    entries = []

    def run(name, package, work):
        """A block that is not installed leaves a row that says so."""
        try:
            entries.append(work(name))
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
    run("Stock/ofdm", "GNU Radio", lambda name: measured(name, *ofdm(document, random)))
    write(arguments.out, entries, gnuradio=gr.version(), scenario=document["name"])


if __name__ == "__main__":
    main()
