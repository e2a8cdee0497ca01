#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Blocks for GNU Radio Companion: every block has its file, and flowgraphs of the compared
schemes compile."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import yaml
from gnuradio import gr_unittest, isac

ROOT = pathlib.Path(__file__).resolve().parents[2]
# What blocks have in common; nobody makes one.
COMMON = {"access_point_estimator", "echo_estimator"}
# Written in Python, or put into a window by it.
PYTHON_ONLY = {"estimate_printer", "map_sink", "soapy_sink", "soapy_source", "uhd_sink",
               "uhd_source"}
# Setters of what a message brings, of several parameters at once, and before the run.
NO_CALLBACK = {"set_channel", "set_calibration", "set_clutter", "set_offsets", "set_hardware",
               "set_scene_seed"}


def read(name):
    return yaml.safe_load((ROOT / "grc" / f"isac_{name}.block.yml").read_text())


def all_blocks():
    return [yaml.safe_load(path.read_text())
            for path in sorted((ROOT / "grc").glob("*.block.yml"))]


def entry(name, kind, **parameters):
    """A block of a flowgraph file."""
    return {"name": name, "id": kind, "parameters": parameters,
            "states": {"coordinate": [0, 0], "rotation": 0, "state": "enabled"}}


def flowgraph(name, blocks, connections):
    common = [
        entry("import_isac", "import", imports="from gnuradio import isac"),
        entry("lite", "isac_scenario", file='isac.example_path("scenarios/lite.yml")'),
    ]
    options = entry("options", "options", id=name, title=name, generate_options="no_gui",
                    output_language="python", run_options="run")
    return yaml.safe_dump({
        "options": {key: options[key] for key in ("parameters", "states")},
        "blocks": common + blocks,
        "connections": [[a, str(i), b, str(j)] for a, i, b, j in connections],
        "metadata": {"file_format": 1, "grc_version": "3.10.5.1"},
    })


def chain(scenario, receivers, transmitters):
    """Blocks and connections up to the echoes of three frames, and of the scores."""
    blocks = [
        entry("payload", "isac_payload_source", scenario=scenario, seed="1"),
        entry("precoder", "isac_mmse_precoder", scenario=scenario, seed="1",
              power_dbm="30.0", device="cpu"),
        entry("channel", "isac_bistatic_channel", scenario=scenario, seed="1",
              noise_dbm="-102.0", scatterers="0", variance="0.1", timing_std_s="0.0",
              frequency_std_hz="0.0", positions="[]", velocities="[]", device="cpu"),
        entry("report", "snippet", section="main_after_stop",
              code='print("frames", self.meter.scores()["frames"])'),
    ]
    connections = [("payload", k, "precoder", k) for k in range(4)]
    for n in range(transmitters):
        blocks.append(entry(f"head_{n}", "blocks_head", type="complex", num_items="3",
                            vlen=f"{scenario}.transmit_frame_size"))
        connections += [("precoder", n, f"head_{n}", 0), (f"head_{n}", 0, "channel", n)]
    connections += [("channel", receivers, "meter", 0), ("channel", receivers + 1, "meter", 2)]
    return blocks, connections


class qa_grc_blocks(gr_unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.environment = dict(
            os.environ, ISAC_EXAMPLES=str(ROOT / "examples"), HOME=cls.folder.name,
            GRC_BLOCKS_PATH=str(ROOT / "grc"), XDG_RUNTIME_DIR=cls.folder.name)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_every_block_has_a_file(self):
        found = 0
        for name, value in vars(isac).items():
            bases = [base.__name__ for base in getattr(value, "__mro__", [])]
            if "basic_block" in bases and name not in COMMON:
                block = read(name)
                self.assertEqual(block["id"], f"isac_{name}")
                self.assertGreater(len(block["documentation"]), 100, name)
                self.assertIn(f"isac.{name}(", block["templates"]["make"])
                for parameter in block["parameters"]:
                    self.assertIn(parameter["id"], block["templates"]["make"], name)
                found += 1
        self.assertGreaterEqual(found, 12)

    def test_one_tree(self):
        tops = set()
        for block in all_blocks():
            top, _, folder = block["category"].partition("/")
            self.assertEqual(top, "[Cell-free ISAC]", block["id"])
            self.assertTrue(folder, block["id"])
            self.assertTrue(block["label"].startswith("ISAC "), block["id"])
            tops.add(folder)
        self.assertLessEqual(len(tops), 10)

    def test_a_parameter_is_the_same_everywhere(self):
        seen = {}
        for block in all_blocks():
            for parameter in block["parameters"]:
                about = {key: parameter.get(key) for key in ("label", "dtype", "options")}
                first = seen.setdefault(parameter["id"], (block["id"], about))
                self.assertEqual(about, first[1],
                                 f"{parameter['id']} of {block['id']} and {first[0]}")

    def test_parameters_stand_in_the_same_order(self):
        before = {}
        for block in all_blocks():
            names = [parameter["id"] for parameter in block["parameters"]]
            for i, first in enumerate(names):
                for second in names[i + 1:]:
                    other = before.setdefault((first, second), block["id"])
                    self.assertNotIn((second, first), before,
                                     f"{first} and {second} in {block['id']} and {other}")

    def test_labels_have_units(self):
        units = {"_s": "(s)", "_hz": "(Hz)", "_dbm": "(dBm)", "_db": "(dB)", "_ppm": "(ppm)"}
        found = 0
        for block in all_blocks():
            for parameter in block["parameters"]:
                for ending, unit in units.items():
                    if parameter["id"].endswith(ending):
                        self.assertTrue(parameter["label"].endswith(unit), parameter)
                        found += 1
        self.assertGreater(found, 20)

    def test_words_are_not_replaced(self):
        # A field of the type enum takes its first option where its value is none of them,
        # without a word. Ours are texts with an assertion, or numbers.
        for block in all_blocks():
            for parameter in block["parameters"]:
                self.assertNotEqual(parameter["dtype"], "enum", block["id"])
                self.assertNotEqual(parameter["dtype"], "bool", block["id"])

    def test_documentation_names_ports_and_parameters(self):
        for block in all_blocks():
            text = block["documentation"]
            told = {name for line in text.split("\n") if ": " in line
                    for name in line.partition(": ")[0].split(", ")}
            for parameter in block["parameters"]:
                if parameter.get("hide") != "all":
                    self.assertIn(parameter["label"].partition(" (")[0], told, block["id"])
            for side, word in (("inputs", "Input"), ("outputs", "Output")):
                streams = [port for port in block.get(side, []) if port["domain"] == "stream"]
                if streams:
                    self.assertIn(word, text, block["id"])
                for port in block.get(side, []):
                    if port["domain"] == "message":
                        self.assertIn(f"port {port['id']}", text, block["id"])

    def test_live_setters_are_callbacks(self):
        found = 0
        for block in all_blocks():
            header = ROOT / "include" / "gnuradio" / "isac" / f"{block['id'][5:]}.h"
            if not header.is_file():
                continue
            setters = set(re.findall(r"virtual void (set_\w+)\(", header.read_text()))
            for kind in {"templates", "cpp_templates"} & set(block):
                text = " ".join(block[kind].get("callbacks", []))
                called = set(re.findall(r"set_\w+", text))
                self.assertEqual(setters - called - NO_CALLBACK, set(), block["id"])
                self.assertEqual(called - setters, set(), block["id"])
            found += len(setters)
        self.assertGreater(found, 25)

    def test_cpp_templates(self):
        for block in all_blocks():
            name = block["id"][5:]
            if name in PYTHON_ONLY:
                self.assertEqual(block["flags"][0], "python")
                self.assertNotIn("cpp", block["flags"])
                self.assertIn("C++", block["documentation"], name)
                continue
            self.assertEqual(block["flags"][-2:] if "throttle" not in block["flags"]
                             else block["flags"][:2], ["python", "cpp"], name)
            templates = block["cpp_templates"]
            library = "gnuradio-isac-qtgui" if name == "map_sink" else "gnuradio-isac"
            self.assertEqual(templates["link"], [f"gnuradio::{library}"])
            self.assertEqual(templates["packages"], ["gnuradio-isac"])
            for line in templates["includes"]:
                header = re.match(r"#include <gnuradio/isac/(\w+\.h)>", line)
                if header:
                    self.assertTrue(
                        (ROOT / "include" / "gnuradio" / "isac" / header[1]).is_file(), line)
            text = templates.get("make", "") + templates.get("var_make", "")
            for parameter in block["parameters"]:
                if parameter.get("hide") != "all":
                    self.assertIn(parameter["id"], text, name)

    def test_examples_use_parameters_that_exist(self):
        known = {block["id"]: {parameter["id"] for parameter in block["parameters"]}
                 for block in all_blocks()}
        common = {"alias", "affinity", "minoutbuf", "maxoutbuf", "comment", "gui_hint"}
        found = 0
        for path in (ROOT / "examples").rglob("*.grc"):
            for block in yaml.safe_load(path.read_text())["blocks"]:
                if block["id"] in known:
                    unknown = set(block["parameters"]) - known[block["id"]] - common
                    self.assertEqual(unknown, set(), f"{block['name']} of {path.name}")
                    found += 1
        self.assertGreater(found, 50)

    def compile_and_run(self, name, blocks, connections):
        path = pathlib.Path(self.folder.name) / f"{name}.grc"
        path.write_text(flowgraph(name, blocks, connections))
        run = {"cwd": self.folder.name, "env": self.environment, "capture_output": True,
               "text": True, "timeout": 400}
        result = subprocess.run(["grcc", "-o", self.folder.name, str(path)], **run)
        generated = path.with_suffix(".py")
        self.assertTrue(generated.is_file(), result.stdout + result.stderr)
        result = subprocess.run([sys.executable, str(generated)], **run)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertIn("frames 3", result.stdout, result.stderr)

    @unittest.skipUnless(shutil.which("grcc"), "grcc is not installed")
    def test_estimators(self):
        for scheme in ("music", "cs", "ml"):
            blocks, connections = chain("lite", 2, 2)
            blocks += [
                entry("fusion", "isac_parameter_fusion", scenario="lite", scheme=scheme,
                      absent="[]", real_time="False"),
                entry("meter", "isac_error_meter", scenario="lite", location_only="False"),
            ]
            for m in range(2):
                blocks.append(entry(f"estimator_{m}", f"isac_{scheme}_estimator",
                                    scenario="lite", access_point=str(m), device="cpu",
                                    real_time="False"))
                connections += [("channel", m, f"estimator_{m}", 0),
                                (f"estimator_{m}", 0, "fusion", m)]
                connections += [(f"head_{n}", 0, f"estimator_{m}", 1 + n) for n in range(2)]
            connections += [("fusion", 0, "meter", 1), ("fusion", 1, "meter", 3)]
            if hasattr(isac, "estimate_publisher"):  # built with ZeroMQ
                blocks.append(entry("publisher", "isac_estimate_publisher", scenario="lite",
                                    zmq_address="tcp://127.0.0.1:*", udp_address="",
                                    queue="64"))
                connections.append(("fusion", "estimates", "publisher", "estimates"))
            self.compile_and_run(f"with_{scheme}", blocks, connections)

    @unittest.skipUnless(shutil.which("grcc"), "grcc is not installed")
    @unittest.skipUnless(hasattr(isac, "fronthaul_sink"), "built without ZeroMQ")
    def test_fronthaul(self):
        size = 'lite.estimator("ml").packet_size'
        common = {"packet_size": size, "security": "none", "key_file": "", "queue": "32"}
        path = pathlib.Path(self.folder.name) / "with_fronthaul.grc"
        path.write_text(flowgraph("with_fronthaul", [
            entry("source", "isac_fronthaul_source", scenario="lite", access_point="1",
                  fingerprint='lite.estimator("ml").fingerprint', authorised_file="",
                  address="tcp://127.0.0.1:*", **common),
            entry("sink", "isac_fronthaul_sink", server_key_file="",
                  address="tcp://127.0.0.1:5550", **common),
        ], [("source", 0, "sink", 0)]))
        run = {"cwd": self.folder.name, "env": self.environment, "capture_output": True,
               "text": True, "timeout": 400}
        result = subprocess.run(["grcc", "-o", self.folder.name, str(path)], **run)
        self.assertTrue(path.with_suffix(".py").is_file(), result.stdout + result.stderr)
        result = subprocess.run(
            [sys.executable, "-c", "import with_fronthaul\n"
             "print(with_fronthaul.with_fronthaul().source.address())"], **run)
        self.assertRegex(result.stdout, "tcp://127.0.0.1:[0-9]+", result.stderr)

    @unittest.skipUnless(shutil.which("grcc"), "grcc is not installed")
    def test_monostatic(self):
        single = "lite.monostatic()"
        blocks, connections = chain(single, 1, 1)
        blocks += [
            entry("estimator", "isac_monostatic_estimator", scenario=single, device="cpu",
                  real_time="False"),
            entry("meter", "isac_error_meter", scenario=single, location_only="True"),
        ]
        connections += [("channel", 0, "estimator", 0), ("head_0", 0, "estimator", 1),
                        ("estimator", 0, "meter", 1), ("estimator", 1, "meter", 3)]
        self.compile_and_run("with_monostatic", blocks, connections)

    @unittest.skipUnless(shutil.which("grcc"), "grcc is not installed")
    def test_centralized_cnn(self):
        scenario = isac.load_scenario(str(ROOT / "examples" / "scenarios" / "lite.yml"))
        for reference in ("raw", "reference"):
            path = os.path.join(self.folder.name, f"{reference}.safetensors")
            isac.write_fresh_model(path, scenario, "cnn", reference, 1)
            blocks, connections = chain("lite", 2, 2)
            blocks += [
                entry("model", "isac_model", file=repr(path)),
                entry("estimator", "isac_centralized_cnn", scenario="lite", model="model",
                      device="cpu", real_time="False", batch="1"),
                entry("meter", "isac_error_meter", scenario="lite", location_only="False"),
            ]
            connections += [("channel", m, "estimator", m) for m in range(2)]
            if reference == "reference":
                connections += [(f"head_{n}", 0, "estimator", 2 + n) for n in range(2)]
            connections += [("estimator", 0, "meter", 1), ("estimator", 1, "meter", 3)]
            self.compile_and_run(f"with_cnn_{reference}", blocks, connections)


if __name__ == "__main__":
    gr_unittest.run(qa_grc_blocks)
