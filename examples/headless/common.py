# SPDX-License-Identifier: GPL-3.0-or-later
"""What the examples' command lines share."""

import argparse
import sys

from gnuradio import isac


def whole_number(least):
    """A parser of whole numbers of at least `least`."""
    def parse(text):
        value = int(text)
        if value < least:
            raise argparse.ArgumentTypeError(f"{value} is below {least}")
        return value
    return parse


def parser(text, scenario, frames):
    """A parser with the options that all examples have.

    text -- of the module; its first line says what the example does
    scenario -- name of the scenario that is taken where none is given
    frames -- frames where no number is given
    """
    result = argparse.ArgumentParser(description=text.split("\n")[0])
    result.add_argument("--scenario", metavar="FILE", help=f"default: the example {scenario}")
    result.add_argument("--frames", type=whole_number(1), default=frames, metavar="N")
    result.add_argument("--seed", type=whole_number(0), default=1, metavar="S")
    return result


def load_scenario(arguments, name):
    """The scenario that was asked for, or the example `name`."""
    return isac.load_scenario(arguments.scenario or isac.example_path(f"scenarios/{name}"))


def report(program, errors):
    """Print what ended a flowgraph; the exit code of the program."""
    for error in errors:
        print(f"{program}: {error}", file=sys.stderr)
    return 1 if errors else 0
