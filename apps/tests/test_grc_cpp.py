# SPDX-License-Identifier: GPL-3.0-or-later
"""Flowgraphs of GNU Radio Companion in C++: generated, compiled against the installed module,
and run."""

import logging
import os
import pathlib
import subprocess

import numpy as np
import pytest
import yaml

from grc_flowgraphs import (FOLDER, VARIABLES, Flowgraph, block_names, isac, make_platform,
                            write_files)
from programs import BUILD, SHIPPED_MODEL, SOURCE

FRAMES = 4
ENVIRONMENT = dict(os.environ, HOME=FOLDER.name, XDG_RUNTIME_DIR=FOLDER.name,
                   ISAC_EXAMPLES=str(SOURCE / "examples"),
                   GRC_BLOCKS_PATH=str(SOURCE / "grc"), OMP_NUM_THREADS="1")


def run(*command, **options):
    result = subprocess.run([str(word) for word in command], env=ENVIRONMENT,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            timeout=900, check=False, **options)
    assert result.returncode == 0, result.stdout[-8000:]
    return result.stdout


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    """The module as it is installed."""
    folder = tmp_path_factory.mktemp("prefix")
    run("cmake", "--install", BUILD, "--prefix", folder)
    return folder


def compiled(folder, prefix):
    """The program of a generated folder."""
    build = folder / "build"
    run("cmake", "-S", folder, "-B", build, f"-DCMAKE_PREFIX_PATH={prefix}",
        "-DCMAKE_BUILD_TYPE=Debug")
    run("cmake", "--build", build)
    return build / folder.name


def test_a_flowgraph_runs(prefix, tmp_path):
    data = yaml.safe_load((SOURCE / "examples" / "cpp" / "sense_lite.grc").read_text())
    for block in data["blocks"]:
        if block["name"] == "frames":
            block["parameters"]["value"] = str(FRAMES)
        if block["name"] == "estimates":
            block["parameters"]["file"] = str(tmp_path / "estimates.f32")
    flowgraph = tmp_path / "sense_lite.grc"
    flowgraph.write_text(yaml.safe_dump(data, sort_keys=False))
    run("grcc", "-o", tmp_path, flowgraph)
    source = (tmp_path / "sense_lite" / "sense_lite.cpp").read_text()
    # A variable reaches the block when it is set.
    assert "this->precoder->set_transmit_power_dbm(this->power_dbm);" in source
    run(compiled(tmp_path / "sense_lite", prefix))

    scenario = isac.load_scenario(str(SOURCE / "examples" / "scenarios" / "lite.yml"))
    estimator = isac.Estimator(scenario, model=str(SHIPPED_MODEL), device="cpu")
    wanted = []
    for frame in range(FRAMES):
        sent = isac.echo(scenario, seed=1, frame=frame, device="cpu")
        found = estimator(sent.echo, sent.transmit)
        wanted.append(np.concatenate([found.positions.ravel(), found.velocities.ravel()]))
    found = np.fromfile(tmp_path / "estimates.f32", np.float32).reshape(FRAMES, -1)
    # Another program adds up in another order: the last digits.
    np.testing.assert_allclose(found, np.float32(wanted), rtol=0, atol=1e-4)


def test_every_block_compiles(prefix, tmp_path):
    """With its defaults, in one program, which is not run: blocks listen at addresses."""
    write_files()
    logging.disable(logging.CRITICAL)
    platform = make_platform()
    flowgraph = Flowgraph(platform, "cpp", "every_block")
    added = []
    for name in block_names():
        kind = platform.blocks[f"isac_{name}"]
        # What is put into a window needs a program with one.
        windowed = any(each["id"] == "gui_hint" for each in kind.parameters_data)
        if "cpp" in kind.flags and name not in VARIABLES and not windowed:
            flowgraph.add_ours(name, f"our_{name}")
            added.append(name)
    assert len(added) >= 24
    assert flowgraph.errors() == []
    generator = platform.Generator(flowgraph.graph, str(tmp_path))
    generator.write()
    folder = pathlib.Path(generator.file_path)
    source = (folder / "every_block.cpp").read_text()
    for name in added:
        assert f"this->our_{name} = gr::isac::{name}::make(" in source
    compiled(folder, prefix)
