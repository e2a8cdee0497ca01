#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The flowgraph of simulate_lite.grc without a window.

Users' symbols are precoded, the echoes of moving targets reach the receive access points,
each of them encodes its echo into a packet, and the central unit estimates locations and
velocities from the packets. Prints the scores and, with --map, draws the last frames.
"""

import sys
import threading

import pmt
from gnuradio import blocks, gr, isac

import common


class FrameKeeper(gr.sync_block):
    """Keeps the items of the last frames, by frame number."""

    def __init__(self, size, frames):
        gr.sync_block.__init__(self, "frame_keeper", [("float32", size)], None)
        self.frames = {}
        self._most = frames
        self._key = pmt.intern("frame")
        self._lock = threading.Lock()

    def work(self, input_items, output_items):
        items = input_items[0]
        with self._lock:
            for tag in self.get_tags_in_window(0, 0, len(items), self._key):
                item = items[tag.offset - self.nitems_read(0)]
                self.frames[pmt.to_uint64(tag.value)] = item.tolist()
            while len(self.frames) > self._most:
                del self.frames[min(self.frames)]
        return len(items)


class Simulation(gr.top_block):
    """Payload → precoder → channel → encoders → decoder → scores."""

    def __init__(self, scenario, model, frames, seed, device="auto", kept=4):
        gr.top_block.__init__(self, "simulate_lite")
        payload = isac.payload_source(scenario, seed)
        precoder = isac.mmse_precoder(scenario, seed)
        channel = isac.bistatic_channel(scenario, seed)
        self.encoders = [
            isac.dvqvae_encoder(scenario, model.path, m, seed, device)
            for m in range(scenario.num_receive)
        ]
        self.decoder = isac.fusion_decoder(scenario, model.path, device)
        self.meter = isac.error_meter(scenario)
        # The truth runs ahead of the estimates by the frames that are under way.
        self.truth = FrameKeeper(scenario.estimate_size, kept + 8192)
        self.estimates = FrameKeeper(scenario.estimate_size, kept)

        for k in range(scenario.users):
            self.connect((payload, k), (precoder, k))
        for n in range(scenario.num_transmit):
            head = blocks.head(scenario.transmit_frame_size * gr.sizeof_gr_complex, frames)
            self.connect((precoder, n), head, (channel, n))
            if model.encoder_reads_transmit:
                for encoder in self.encoders:
                    self.connect(head, (encoder, 1 + n))
            if model.decoder_reads_transmit:
                self.connect(head, (self.decoder, scenario.num_receive + n))
        for m, encoder in enumerate(self.encoders):
            self.connect((channel, m), encoder, (self.decoder, m))
        truth, bound = scenario.num_receive, scenario.num_receive + 1
        self.connect((channel, truth), (self.meter, 0))
        self.connect(self.decoder, (self.meter, 1))
        self.connect((channel, bound), (self.meter, 2))
        self.connect((channel, truth), self.truth)
        self.connect(self.decoder, self.estimates)

    def errors(self):
        """What ended the flowgraph, if anything did."""
        return [block.error() for block in (*self.encoders, self.decoder) if block.error()]


def draw_map(path, scenario, truth, estimates):
    """Access points with their arrays, truth and estimates with their velocities."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    count, dimensions = scenario.targets, scenario.dimensions
    figure, axes = plt.subplots(figsize=(7, 7))
    area = scenario.target_area_m
    axes.add_patch(
        plt.Rectangle(area.min[:2], area.max[0] - area.min[0], area.max[1] - area.min[1],
                      fill=False, linestyle=":", color="gray"))
    for points, colour, name in ((scenario.transmit, "tab:red", "transmit array"),
                                 (scenario.receive, "tab:blue", "receive array")):
        for i, point in enumerate(points):
            x, y = point.position_m[:2]
            axes.plot(x, y, "^", color=colour, markersize=9,
                      label=name if i == 0 else None)
            axes.annotate("", (x + 8 * point.axis[0], y + 8 * point.axis[1]), (x, y),
                          arrowprops={"arrowstyle": "->", "color": colour})
            axes.annotate(point.name, (x, y), textcoords="offset points", xytext=(6, 6))
    frames = sorted(set(truth) & set(estimates))
    for source, colour, marker, name in ((truth, "black", "o", "truth"),
                                         (estimates, "tab:orange", "x", "estimate")):
        for i, frame in enumerate(frames):
            values = source[frame]
            places = [values[q * dimensions:q * dimensions + 2] for q in range(count)]
            speeds = [values[(count + q) * dimensions:(count + q) * dimensions + 2]
                      for q in range(count)]
            axes.plot([p[0] for p in places], [p[1] for p in places], marker,
                      color=colour, fillstyle="none", label=name if i == 0 else None)
            # An arrow is the way of half a second.
            axes.quiver([p[0] for p in places], [p[1] for p in places],
                        [v[0] / 2 for v in speeds], [v[1] / 2 for v in speeds],
                        angles="xy", scale_units="xy", scale=1, color=colour, width=0.003)
            for place in places:
                axes.annotate(str(frame), place, textcoords="offset points",
                              xytext=(5, -10), fontsize=7, color=colour)
    axes.set_xlabel("x [m]")
    axes.set_ylabel("y [m]")
    axes.set_title(f"{scenario.name}: frames {', '.join(map(str, frames))}; arrows: way of 0.5 s")
    axes.set_aspect("equal")
    axes.margins(0.1)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.08), ncol=4)
    figure.savefig(path, dpi=120, bbox_inches="tight")


def parse_arguments():
    parser = common.parser(__doc__, "lite.yml", 100)
    parser.add_argument("--model", metavar="FILE", help="default: the shipped model")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda:N")
    parser.add_argument("--map", metavar="FILE.png", help="draw the last frames")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    try:
        scenario = common.load_scenario(arguments, "lite.yml")
        model = isac.load_model_info(
            arguments.model or isac.example_path("models/lite.safetensors"))
        if arguments.map and scenario.dimensions != 2:
            raise ValueError("--map: a map needs a scenario with two dimensions")
        simulation = Simulation(
            scenario, model, arguments.frames, arguments.seed, arguments.device)
    except (OSError, RuntimeError, ValueError) as error:
        print(f"simulate_lite: {error}", file=sys.stderr)
        return 2
    try:
        simulation.run()
    except RuntimeError as error: # a block refuses its connections
        print(f"simulate_lite: {error}", file=sys.stderr)
        return 1
    if common.report("simulate_lite", simulation.errors()):
        return 1

    print(simulation.meter.table(), end="")
    scores = simulation.meter.scores()
    share = model.fronthaul_bits / scenario.raw_echo_bits
    print(f"frames {scores['frames']:.0f}, lost {scores['frames_lost']:.0f}; fronthaul "
          f"{model.fronthaul_bits} bit per update and access point, {100 * share:.2f} % of "
          f"the raw echo")
    if arguments.map:
        draw_map(arguments.map, scenario, simulation.truth.frames,
                 simulation.estimates.frames)
    return 0


if __name__ == "__main__":
    sys.exit(main())
