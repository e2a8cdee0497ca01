# SPDX-License-Identifier: GPL-3.0-or-later
"""What the pages say is so: links, equations, the list of examples, and the tutorial, whose
tables are compared with the flowgraph that it builds and whose commands are run."""

import json
import os
import re
import shlex
import subprocess
import sys

import pytest
import yaml
from programs import BUILD, SOURCE, TIMEOUT_S, program_path

DOCS = SOURCE / "docs"
TUTORIAL = SOURCE / "examples" / "tutorial.grc"

# Prints the connections of a flowgraph by the names that GNU Radio Companion shows.
CONNECTIONS = """
import json, sys
from gnuradio import gr
from gnuradio.grc.core.platform import Platform
version = (gr.major_version(), gr.api_version(), gr.minor_version())
platform = Platform(name="test", version=gr.version(), version_parts=version,
                    prefs=gr.prefs())
platform.build_library()
flowgraph = platform.make_flow_graph(from_filename=sys.argv[1])
flowgraph.rewrite()
flowgraph.validate()
print(json.dumps({
    "errors": [str(message) for element in flowgraph.get_elements()
               for message in element.get_error_messages()],
    "connections": [[wire.source_block.name, wire.source_port.name,
                     wire.sink_block.name, wire.sink_port.name]
                    for wire in flowgraph.connections]}))
"""

# Runs a flowgraph with a window until its map has seen some frames.
RUN = """
import importlib.util, sys, time
from PyQt5 import QtWidgets
application = QtWidgets.QApplication(sys.argv[:1])
description = importlib.util.spec_from_file_location("tutorial", sys.argv[1])
module = importlib.util.module_from_spec(description)
description.loader.exec_module(module)
window = module.tutorial()
window.start()
window.show()
end = time.monotonic() + 300
while window.isac_map_sink_0.frames() < 20 and time.monotonic() < end:
    application.processEvents()
    time.sleep(0.01)
window.stop()
window.wait()
print(window.isac_map_sink_0.frames())
"""


def page(name):
    return (DOCS / name).read_text(encoding="utf-8")


def grc_environment(tmp_path):
    return {
        **os.environ,
        "PYTHONPATH": f"{BUILD / 'test_modules'}:{os.environ.get('PYTHONPATH', '')}",
        "GRC_BLOCKS_PATH": str(SOURCE / "grc"),
        "ISAC_EXAMPLES": str(SOURCE / "examples"),
        "QT_QPA_PLATFORM": "offscreen",
        "HOME": str(tmp_path),
        "XDG_CACHE_HOME": str(tmp_path),
    }


def python(script, tmp_path, *arguments):
    result = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
        env=grc_environment(tmp_path),
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()[-1]


def test_links_and_pictures():
    result = subprocess.run(
        [sys.executable, "-B", str(DOCS / "tools" / "check_links.py"), str(SOURCE)],
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr


def test_theory_has_every_equation():
    table = page("theory.md").split("## Every equation and its function")[1]
    numbers = set()
    for row in re.findall(r"^\| (\(.*?) \|", table, re.MULTILINE):
        for first, last in re.findall(r"\((\d+)\)(?:–\((\d+)\))?", row):
            numbers.update(range(int(first), int(last or first) + 1))
    assert numbers == set(range(1, 42)) - {5, 40}


def test_every_example_is_listed():
    text = page("examples.md")
    folder = SOURCE / "examples"
    examples = [
        *folder.rglob("*.grc"),
        *(each for each in folder.glob("headless/*.py") if each.name != "common.py"),
        *folder.glob("scenarios/*.yml"),
        *folder.glob("models/*.safetensors"),
    ]
    assert len(examples) > 20
    missing = [str(each.relative_to(folder)) for each in examples
               if f"`{each.relative_to(folder)}`" not in text]
    assert missing == []


def test_every_window_has_a_picture():
    text = page("examples.md") + page("tutorial.md")
    for flowgraph in sorted((SOURCE / "examples").rglob("*.grc")):
        options = yaml.safe_load(flowgraph.read_text(encoding="utf-8"))["options"]
        if options["parameters"]["generate_options"] == "qt_gui":
            # One picture of the flowgraphs of a folder.
            assert any(f"(images/{name}.png)" in text
                       for name in (flowgraph.stem, flowgraph.parent.name)), flowgraph


def blocks_of(cell):
    """The blocks of the flowgraph that a cell of the tutorial's table of wires names."""
    names = {
        "Payload Source": ["isac_payload_source_0"],
        "MMSE Precoder": ["isac_mmse_precoder_0"],
        "Bistatic Channel": ["isac_bistatic_channel_0"],
        "both encoders": ["isac_dvqvae_encoder_0", "isac_dvqvae_encoder_1"],
        "first encoder": ["isac_dvqvae_encoder_0"],
        "second encoder": ["isac_dvqvae_encoder_1"],
        "Fusion Decoder": ["isac_fusion_decoder_0"],
        "Map Sink": ["isac_map_sink_0"],
    }
    return next(blocks for name, blocks in names.items() if cell.startswith(name))


def ports_of(cell):
    ports = re.findall(r"`(\w+)`", cell)
    if "…" in cell:
        first, last = (re.fullmatch(r"(\D+)(\d+)", port) for port in ports)
        return [f"{first[1]}{k}" for k in range(int(first[2]), int(last[2]) + 1)]
    return ports


def test_tutorial_wires_are_those_of_the_flowgraph(tmp_path):
    rows = re.findall(r"^\| ([^|]*`[^|]*) \| ([^|]*`[^|]*) \|$",
                      page("tutorial.md").split("| from | to |")[1].split("\n\n")[0],
                      re.MULTILINE)
    wires = sorted(
        [source, output, sink, entry]
        for left, right in rows
        for source in blocks_of(left)
        for sink in blocks_of(right)
        for output, entry in zip(ports_of(left), ports_of(right))
    )
    flowgraph = json.loads(python(CONNECTIONS, tmp_path, TUTORIAL))
    assert flowgraph["errors"] == []
    assert wires == sorted(flowgraph["connections"])


def test_tutorial_blocks_are_those_of_the_flowgraph():
    labels = {}
    for description in (SOURCE / "grc").glob("*.block.yml"):
        block = yaml.safe_load(description.read_text(encoding="utf-8"))
        labels[block["id"]] = block["label"]
    labels["variable_qtgui_range"] = "QT GUI Range"
    steps = page("tutorial.md").split("## 4.")[1].split("Connect them")[0]
    told = re.findall(r"^\d+\. +\*\*(.*?)\*\*", steps, re.MULTILINE)
    told += [label for label in told if re.search(rf"\*\*{label}\*\*, twice", steps)]
    blocks = yaml.safe_load(TUTORIAL.read_text(encoding="utf-8"))["blocks"]
    assert sorted(told) == sorted(labels[block["id"]] for block in blocks)

    slider = next(block for block in blocks if block["id"] == "variable_qtgui_range")
    values = {**slider["parameters"], "id": slider["name"]}
    keys = {"ID": "id", "Label": "label", "Default Value": "value", "Start": "start",
            "Stop": "stop", "Step": "step"}
    told = dict(re.findall(r"^ +\| (.*?) \| `(.*?)` \|$", steps, re.MULTILINE))
    assert {keys[name]: value for name, value in told.items()} == {
        key: values[key] for key in keys.values()}


def emphasised(text, before=""):
    return re.findall(before + r"(?<!\*)\*([^*]+)\*(?!\*)", " ".join(text.split()))


def test_tutorial_names_parameters_as_the_companion_does():
    parameters, options = {"ID"}, set()
    for description in (SOURCE / "grc").glob("*.block.yml"):
        block = yaml.safe_load(description.read_text(encoding="utf-8"))
        for parameter in block["parameters"]:
            # Units are left out in running text.
            parameters.add(re.sub(r" \([^)]*\)$", "", parameter.get("label", "")))
            options.update(parameter.get("option_labels", []))
    steps = page("tutorial.md").split("## 4.")[1].split("Connect them")[0]
    told = emphasised(steps, "[Ss]et ") + emphasised(steps, "[Ss]et its ")
    assert len(told) >= 4 and set(told) <= parameters
    chosen = set(emphasised(steps, r"\* to "))
    assert chosen and chosen <= options
    attempts = page("tutorial.md").split("## 5.")[1].split("## Where")[0]
    assert set(emphasised(attempts)) <= parameters | options


def test_tutorial_flowgraph_runs(tmp_path):
    subprocess.run(["grcc", "-o", str(tmp_path), str(TUTORIAL)], check=True,
                   env=grc_environment(tmp_path), stdout=subprocess.DEVNULL,
                   timeout=TIMEOUT_S)
    assert int(python(RUN, tmp_path, tmp_path / "tutorial.py")) >= 20


def test_tutorial_scores_are_those_shown():
    section = page("tutorial.md").split("## 2.")[1].split("## 3.")[0]
    command = re.search(r"```sh\n(.*?)```", section, re.DOTALL)[1].replace("\\\n", " ")
    name, *arguments = shlex.split(command)
    result = subprocess.run(
        [str(program_path(name)), *arguments, "--json"], stdout=subprocess.PIPE, text=True,
        check=True, cwd=SOURCE, timeout=TIMEOUT_S)
    scores = json.loads(result.stdout.splitlines()[-1])
    shown = {}
    for quantity, unit in (("location", "m"), ("velocity", "mps")):
        row = re.search(rf"^\| {quantity} \|(.*)\|$", section, re.MULTILINE)[1]
        for score, cell in zip(("rmse", "median", "p90"), row.split("|")):
            shown[f"{quantity}_{score}_{unit}"] = float(cell.split()[0])
    bounds = re.search(r"(\S+) m and\s+(\S+) m/s in the median", section)
    shown["root_crlb_location_median_m"] = float(bounds[1])
    shown["root_crlb_velocity_median_mps"] = float(bounds[2])
    assert {key: scores[key] for key in shown} == pytest.approx(shown, rel=0.03)
