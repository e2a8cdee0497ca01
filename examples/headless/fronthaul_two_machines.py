#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The flowgraphs of fronthaul_two_machines/ without a window: packets over the network.

One program, two roles. The access points simulate the scene and send their packets, encrypted
and authenticated, to the central unit on another machine (or in another terminal), which fuses
them and prints a line for each frame. The keys are made by isac_keygen, see docs/network.md.
"""

import os
import sys
import time

from gnuradio import blocks, gr, isac

import common


class AccessPoints(gr.top_block):
    """Payload → precoder → channel → encoders → fronthaul sinks."""

    def __init__(self, scenario, model, frames, seed, rate, host, port, keys):
        gr.top_block.__init__(self, "access_points")
        payload = isac.payload_source(scenario, seed)
        precoder = isac.mmse_precoder(scenario, seed)
        channel = isac.bistatic_channel(scenario, seed, moving=True)
        pace = blocks.throttle(gr.sizeof_gr_complex, rate * scenario.symbols_per_frame)
        pace.set_max_output_buffer(4 * scenario.symbols_per_frame)
        self.connect((payload, 0), pace, (precoder, 0))
        for k in range(1, scenario.users):
            self.connect((payload, k), (precoder, k))
        heads = []
        for n in range(scenario.num_transmit):
            heads.append(blocks.head(
                scenario.transmit_frame_size * gr.sizeof_gr_complex, frames))
            self.connect((precoder, n), heads[n], (channel, n))
        self.blocks, self.sinks = [precoder, channel], []
        for m in range(scenario.num_receive):
            encoder = isac.dvqvae_encoder(scenario, model.path, m, seed)
            sink = isac.fronthaul_sink(
                model.packet_size, f"tcp://{host}:{port + m}",
                key_file=os.path.join(keys, f"ap{m}.key"),
                server_key_file=os.path.join(keys, "central.pub"))
            self.sinks.append(sink)
            self.blocks.append(encoder)
            self.connect((channel, m), encoder, sink)
            if model.encoder_reads_transmit:
                for n, head in enumerate(heads):
                    self.connect(head, (encoder, 1 + n))
        self.connect((channel, scenario.num_receive),
                     blocks.null_sink(scenario.estimate_size * gr.sizeof_float))

    def errors(self):
        """What ended the flowgraph, if anything did."""
        return [block.error() for block in self.blocks if block.error()]


class CentralUnit(gr.top_block):
    """Fronthaul sources → decoder → lines; it ends after some frames."""

    def __init__(self, scenario, model, frames, host, port, keys):
        gr.top_block.__init__(self, "central_unit")
        if model.decoder_reads_transmit:
            raise ValueError("the decoder of this model reads the transmit frames, which do "
                             "not come over the fronthaul")
        self.sources = [
            isac.fronthaul_source(
                scenario, m, model.packet_size, model.fingerprint, f"tcp://{host}:{port + m}",
                key_file=os.path.join(keys, "central.key"),
                authorised_file=os.path.join(keys, "authorised"))
            for m in range(scenario.num_receive)
        ]
        self.decoder = isac.fusion_decoder(scenario, model.path, deadline_s=0.2)
        for m, source in enumerate(self.sources):
            self.connect(source, (self.decoder, m))
        self.frames = frames
        self.sink = blocks.null_sink(scenario.estimate_size * gr.sizeof_float)
        self.connect((self.decoder, 0), self.sink)
        self.printer = isac.estimate_printer(scenario)
        self.msg_connect(self.decoder, "estimates", self.printer, "estimates")

    def run(self):
        """Until some frames are there: sources of a network have no end of their own."""
        self.start()
        while self.sink.nitems_read(0) < self.frames and not self.errors():
            time.sleep(0.05)
        for source in self.sources:
            source.end()
        self.wait()

    def errors(self):
        """What ended the flowgraph, if anything did."""
        return [self.decoder.error()] if self.decoder.error() else []


def parse_arguments():
    parser = common.parser(__doc__, "lite.yml", 100)
    parser.add_argument("--role", choices=("access-points", "central-unit"), required=True)
    parser.add_argument("--model", metavar="FILE", help="default: the shipped model")
    parser.add_argument("--keys", metavar="FOLDER", default="keys",
                        help="with ap0.key, ap1.key, central.pub, or central.key, authorised")
    parser.add_argument("--host", default="127.0.0.1",
                        help="of the central unit; for itself the address it listens at")
    parser.add_argument("--port", type=common.whole_number(1), default=5550, metavar="P",
                        help="of access point 0; the others have the next ones")
    parser.add_argument("--rate", type=float, default=50.0, metavar="HZ",
                        help="frames per second that the access points send")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    try:
        scenario = common.load_scenario(arguments, "lite.yml")
        model = isac.load_model_info(
            arguments.model or isac.example_path("models/lite.safetensors"))
        if not arguments.rate > 0:
            raise ValueError(f"--rate: {arguments.rate} is not a rate")
        if arguments.role == "access-points":
            flowgraph = AccessPoints(scenario, model, arguments.frames, arguments.seed,
                                     arguments.rate, arguments.host, arguments.port,
                                     arguments.keys)
        else:
            flowgraph = CentralUnit(scenario, model, arguments.frames, arguments.host,
                                    arguments.port, arguments.keys)
    except (OSError, RuntimeError, ValueError) as error:
        print(f"fronthaul_two_machines: {error}", file=sys.stderr)
        return 2
    flowgraph.run()
    if common.report("fronthaul_two_machines", flowgraph.errors()):
        return 1
    if arguments.role == "access-points":
        for m, sink in enumerate(flowgraph.sinks):
            print(f"access point {m}: {sink.packets_sent()} packets sent, "
                  f"{sink.packets_dropped()} dropped")
    else:
        for m, source in enumerate(flowgraph.sources):
            print(f"access point {m}: {source.packets_received()} packets received, "
                  f"{source.packets_lost()} lost")
    return 0


if __name__ == "__main__":
    sys.exit(main())
