# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that several tests of the programs read."""

import pathlib
import sys

import pytest

# With pytest's import mode `importlib` a test finds its neighbour programs.py only so.
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from programs import LITE, run  # noqa: E402


@pytest.fixture(scope="session")
def lite_model(tmp_path_factory):
    """A model of the preset `lite` with fresh weights."""
    path = tmp_path_factory.mktemp("models") / "lite.safetensors"
    result = run("isac_inspect", "--architecture", "lite", "--scenario", LITE, "--save", path)
    assert result.returncode == 0, result.stderr
    return path
