#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what isac_central_unit or an Estimate Publisher block publishes, and prints it.

Over ZeroMQ it needs python3-zmq; over UDP the standard library is enough. The objects are
described in docs/files.md.
"""

import argparse
import json
import socket
import sys


def from_zmq(address):
    """Texts as they come from tcp://HOST:PORT."""
    import zmq
    with zmq.Context() as context, context.socket(zmq.SUB) as reader:
        reader.setsockopt(zmq.LINGER, 0)
        reader.connect(address)
        reader.subscribe("")
        while True:
            yield reader.recv()


def from_udp(address):
    """Datagrams as they come to HOST:PORT of this machine."""
    host, port = address.rsplit(":", 1)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as reader:
        reader.bind((host.strip("[]"), int(port)))
        while True:
            yield reader.recv(65507)


def number(value, form):
    """A number as text; what is not known is null in JSON."""
    return "?" if value is None else format(value, form)


def line(estimate):
    """A line for people."""
    points = estimate["access_points"]
    text = f"frame {estimate['frame']}, {number(estimate['time'], '.6f')} s"
    if points is not None:
        text += ", access points " + " ".join(map(str, points))
    for q, target in enumerate(estimate["targets"]):
        place = ", ".join(number(x, ".2f") for x in target["position_m"])
        speed = ", ".join(number(v, ".3f") for v in target["velocity_mps"])
        text += (f"; target {q}: ({place}) m, ({speed}) m/s, "
                 f"confidence {number(target['confidence'], '.3f')}")
    return text


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--zmq", metavar="tcp://HOST:PORT", help="where it is published")
    source.add_argument("--udp", metavar="HOST:PORT", help="where datagrams come to")
    parser.add_argument("--frames", type=int, default=0, metavar="N",
                        help="frames after which it ends; 0 for none")
    parser.add_argument("--json", action="store_true", help="print the objects as they are")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    texts = from_zmq(arguments.zmq) if arguments.zmq else from_udp(arguments.udp)
    expected = None
    missed = 0
    try:
        for count, text in enumerate(texts, 1):
            estimate = json.loads(text)
            # It counts from 0 again where the publisher was started again.
            if expected is not None and estimate["sequence"] > expected:
                missed += estimate["sequence"] - expected
            expected = estimate["sequence"] + 1
            print(json.dumps(estimate) if arguments.json else line(estimate), flush=True)
            if count == arguments.frames:
                break
    except KeyboardInterrupt:
        pass
    if missed:
        print(f"read_estimates: {missed} frames missed", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
