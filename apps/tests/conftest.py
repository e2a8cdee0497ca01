# SPDX-License-Identifier: GPL-3.0-or-later
"""What several tests of the programs need."""

import pathlib
import sys

import pytest

# With pytest's import mode `importlib` a test finds its neighbour programs.py only so.
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from programs import LITE, run  # noqa: E402
from services import Service  # noqa: E402


@pytest.fixture(scope="session")
def lite_model(tmp_path_factory):
    """A model of the preset `lite` with fresh weights."""
    path = tmp_path_factory.mktemp("models") / "lite.safetensors"
    result = run("isac_inspect", "--architecture", "lite", "--scenario", LITE, "--save", path)
    assert result.returncode == 0, result.stderr
    return path


@pytest.fixture
def one_thread(monkeypatch):
    """LibTorch's last digits depend on how many there are."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


@pytest.fixture
def start():
    """Starts services, which do not outlive the test."""
    services = []

    def begin(name, *arguments, **options):
        services.append(Service(name, *arguments, **options))
        return services[-1]

    yield begin
    for service in services:
        if service.process.poll() is None:
            service.process.kill()
        service.wait()
