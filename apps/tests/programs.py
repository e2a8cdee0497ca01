# SPDX-License-Identifier: GPL-3.0-or-later
"""How the tests of this folder find and call the programs.

The build folder is that of the environment variable ISAC_BUILD_DIR, or CFISAC_BINARY_DIR
(set by CTest), or `build` in the repository.
"""

import json
import os
import pathlib
import subprocess

import pytest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(
    os.environ.get("ISAC_BUILD_DIR") or os.environ.get("CFISAC_BINARY_DIR") or SOURCE / "build"
).resolve()
SCENARIOS = SOURCE / "examples" / "scenarios"
LITE = SCENARIOS / "lite.yml"
PAPER = SCENARIOS / "paper.yml"
SPACE = SCENARIOS / "lite_3d.yml"
SHIPPED_MODEL = SOURCE / "examples" / "models" / "lite.safetensors"
TIMEOUT_S = 600


def program_path(name):
    """A program of the build."""
    program = BUILD / "apps" / name
    if not program.exists():
        pytest.fail(f"{program} is not built")
    return program


def run(name, *arguments, **options):
    """Run a program of the build to its end; `options` are further ones of subprocess.run."""
    return subprocess.run(
        [str(program_path(name)), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
        **options,
    )


def run_json(name, *arguments):
    """Run with --json; the last line of stdout, and the whole result."""
    result = run(name, *arguments, "--json")
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout.splitlines()[-1]), result


def expect_error(result, code, *parts):
    """An exit code and one line on stderr in which all parts occur."""
    lines = [line for line in result.stderr.splitlines() if line.strip()]
    assert result.returncode == code, (result.returncode, result.stderr)
    assert len(lines) == 1, result.stderr
    for part in parts:
        assert str(part) in lines[0], (part, lines[0])
    assert not result.stdout.startswith("{")


def edited(source, target, old, new):
    """A copy of a text file with one passage replaced; the number of its line."""
    text = pathlib.Path(source).read_text(encoding="utf-8")
    assert text.count(old) >= 1, f"{old!r} is not in {source}"
    at = text.index(old)
    pathlib.Path(target).write_text(text[:at] + new + text[at + len(old) :], encoding="utf-8")
    return text[:at].count("\n") + 1
