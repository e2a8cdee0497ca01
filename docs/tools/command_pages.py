# SPDX-License-Identifier: GPL-3.0-or-later
"""Page of the command lines: what every built program says with --help."""

import os
import subprocess
from pathlib import Path


def help_of(program):
    run = subprocess.run(
        [str(program), "--help"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "COLUMNS": "90"},
    )
    if run.returncode != 0 or not run.stdout.strip():
        raise SystemExit(f"{program} --help: exit code {run.returncode}\n{run.stderr}")
    return run.stdout.rstrip()


def make(folder):
    """{file: text}. A folder without a program is an error: the page would be empty."""
    programs = sorted(
        path
        for path in Path(folder).glob("isac_*")
        if path.is_file() and os.access(path, os.X_OK)
    )
    if not programs:
        raise SystemExit(f"{folder}: no program isac_* there; build them first")
    parts = [
        "# Command lines\n",
        "What the programs say with `--help`. Wrong arguments end a program with exit code 2.\n",
    ]
    for program in programs:
        parts.append(f"## {program.name}\n")
        parts.append(f"```text\n{help_of(program)}\n```\n")
    return {"commands.md": "\n".join(parts)}
