#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a program's manual page and its completions for bash, zsh and fish, from what it says
with --help: run with each build, so that they say what the program does."""

import argparse
import pathlib
import sys

import completions
import man_page
import program_help


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", help="executable file")
    parser.add_argument("--out", required=True, metavar="DIR",
                        help="gets NAME.1, NAME.bash, _NAME and NAME.fish")
    parser.add_argument("--version", required=True, help="of gr-isac")
    parser.add_argument("--date", required=True, help="of the manual page, YYYY-MM-DD")
    parser.add_argument("--see", nargs="*", default=[], metavar="NAME",
                        help="programs that the page refers to")
    arguments = parser.parse_args()
    try:
        program = program_help.help_of(arguments.program)
    except program_help.HelpError as error:
        sys.exit(f"make_manual.py: {error}")
    out = pathlib.Path(arguments.out)
    out.mkdir(parents=True, exist_ok=True)
    page = man_page.page(program, arguments.version, arguments.date, arguments.see)
    for name, text in ((f"{program.name}.1", page),
                       (f"{program.name}.bash", completions.bash(program)),
                       (f"_{program.name}", completions.zsh(program)),
                       (f"{program.name}.fish", completions.fish(program))):
        (out / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
