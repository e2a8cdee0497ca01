#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the package shows of itself: docstrings, names of arguments, types, and errors of whole
numbers."""

import ast
import importlib
import importlib.machinery
import importlib.util
import inspect
import pathlib
import re
import typing

import numpy as np
from gnuradio import gr_unittest, isac
from gnuradio.isac import isac_python, numpy_api

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "python" / "isac"
# What builds without a library leave out.
OPTIONAL = {"fronthaul_sink", "fronthaul_source", "estimate_publisher"}


def load_stub_writer():
    path = str(ROOT / "scripts" / "python_stub")
    loader = importlib.machinery.SourceFileLoader("python_stub", path)
    module = importlib.util.module_from_spec(
        importlib.util.spec_from_loader("python_stub", loader))
    loader.exec_module(module)
    return module


def public(value):
    return [(name, member) for name, member in vars(value).items()
            if not name.startswith("_") and not inspect.ismodule(member)]


def text_of(doc):
    """A docstring without the signature that pybind11 puts before it."""
    line, _, rest = (doc or "").partition("\n")
    return rest.strip() if re.match(r"\w*\(.*\) -> ", line) else (doc or "").strip()


class qa_package(gr_unittest.TestCase):

    def test_every_public_symbol_has_a_docstring(self):
        count = 0
        for name, value in public(isac):
            if not callable(value):
                continue
            self.assertGreater(len(text_of(value.__doc__)), 10, name)
            count += 1
            if not inspect.isclass(value) or not value.__module__.startswith("gnuradio.isac"):
                continue
            for key, member in public(value):
                if isinstance(member, property):
                    doc = member.__doc__
                elif isinstance(member, staticmethod):
                    doc = member.__func__.__doc__
                elif callable(member):
                    doc = member.__doc__
                else:
                    continue
                self.assertGreater(len(text_of(doc)), 8, f"{name}.{key}")
                count += 1
        self.assertGreater(count, 300)

    def test_arguments_have_names(self):
        for name, value in public(isac_python):
            for key, member in ([(name, value)] if not inspect.isclass(value) else public(value)):
                doc = getattr(member, "__doc__", None) or ""
                self.assertNotRegex(doc.partition("\n")[0], r"[(,] ?arg[1-9]:", f"{name}.{key}")

    def test_constructors_tell_their_arguments(self):
        for name, value in public(isac_python):
            doc = getattr(value, "__init__", None).__doc__ if inspect.isclass(value) else ""
            line, _, rest = (doc or "").partition("\n")
            for argument in re.findall(r"[(,] ?(\w+): ", line):
                if argument not in ("self", "scenario", "arg0"):
                    self.assertRegex(rest, rf"\b{argument}\b", f"{name}: {argument}")

    def test_stubs_are_those_of_the_modules(self):
        writer = load_stub_writer()
        for name in writer.MODULES:
            try:
                module = importlib.import_module(f"gnuradio.isac.{name}")
            except ModuleNotFoundError:
                self.assertEqual(name, "isac_qtgui_python")  # built without Qt
                continue
            written = writer.definitions_of_text((PACKAGE / f"{name}.pyi").read_text())
            real = writer.definitions(module)
            self.assertEqual(set(written) - set(real) - OPTIONAL, set())
            for each, definition in real.items():
                self.assertEqual(written.get(each), definition,
                                 f"{each}: run scripts/python_stub")

    def test_package_is_typed(self):
        self.assertTrue((PACKAGE / "py.typed").is_file())
        for path in PACKAGE.glob("*.py"):
            if path.name.startswith("qa_") or path.name in ("radio.py", "estimate_printer.py",
                                                            "cpp_code.py"):
                continue
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                    self.assertIsNotNone(node.returns, f"{path.name}: {node.name}")
                    for argument in [*node.args.args, *node.args.kwonlyargs]:
                        if argument.arg != "self":
                            self.assertIsNotNone(argument.annotation,
                                                 f"{path.name}: {node.name}: {argument.arg}")
        for function in (isac.echo, isac.bound, isac.estimate, isac.match):
            self.assertTrue(typing.get_type_hints(function, vars(numpy_api)))

    def make_block(self, name):
        """A block with whole numbers, and the arguments that it needs."""
        lite = isac.load_scenario(str(ROOT / "examples" / "scenarios" / "lite.yml"))
        air = isac.load_scenario(str(ROOT / "examples" / "scenarios" / "sdr_2x2.yml"))
        return {
            "payload_source": {"scenario": lite},
            "mmse_precoder": {"scenario": lite, "device": "cpu"},
            "transmit_reference": {"scenario": lite, "device": "cpu"},
            "user_channel": {"scenario": lite, "device": "cpu"},
            "user_receiver": {"scenario": lite, "user": 0},
            "bistatic_channel": {"scenario": lite, "device": "cpu"},
            "antenna_channel": {"scenario": air},
            "ml_estimator": {"scenario": lite, "access_point": 0, "device": "cpu"},
            "cs_estimator": {"scenario": lite, "access_point": 0, "device": "cpu"},
            "music_estimator": {"scenario": lite, "access_point": 0, "device": "cpu"},
            "direct_path_canceller": {"scenario": lite, "access_point": 0, "device": "cpu"},
            "ofdm_modulator": {"scenario": air, "access_point": 0, "full_scale_dbm": 40},
            "ofdm_demodulator": {"scenario": air, "access_point": 0, "full_scale_dbm": -20},
            "frame_sync": {"scenario": air, "access_point": 0},
            "parameter_fusion": {"scenario": lite, "scheme": "ml"},
        }[name]

    def test_whole_numbers(self):
        numbers = {"payload_source": ["seed"], "mmse_precoder": ["seed"],
                   "transmit_reference": ["seed"], "user_channel": ["seed"],
                   "user_receiver": ["user", "seed", "training_symbols"],
                   "bistatic_channel": ["seed"], "antenna_channel": ["seed", "bits"],
                   "ml_estimator": ["access_point"], "cs_estimator": ["access_point"],
                   "music_estimator": ["access_point"],
                   "direct_path_canceller": ["access_point"],
                   "ofdm_modulator": ["access_point"],
                   "ofdm_demodulator": ["access_point", "window_advance"],
                   "frame_sync": ["access_point", "misses_allowed"]}
        for name, arguments in numbers.items():
            make = getattr(isac, name)
            for argument in arguments:
                fixed = dict(self.make_block(name), seed=1) if name == "transmit_reference" \
                    else self.make_block(name)
                least = {"training_symbols": 2}.get(argument, 0)
                for value in (float(least), np.float32(least), np.int64(least)):
                    self.assertIsNotNone(make(**{**fixed, argument: value}), argument)
                for value, kind, text in ((1.5, ValueError, "1.5 is not a whole number"),
                                          (float("nan"), ValueError, "nan is not a whole number"),
                                          ("1", TypeError, "'1' is given"),
                                          (None, TypeError, "None is given"),
                                          (2**70, ValueError, "is not between")):
                    with self.assertRaises(kind) as caught:
                        make(**{**fixed, argument: value})
                    self.assertIn(f"{argument}: ", str(caught.exception))
                    self.assertIn(text, str(caught.exception))

    def test_lists_of_whole_numbers(self):
        fixed = self.make_block("parameter_fusion")
        self.assertIsNotNone(isac.parameter_fusion(**fixed, absent=[1.0]))
        for value, kind, text in (([0.5], ValueError, "absent[0]: 0.5 is not a whole number"),
                                  ([1, "0"], TypeError, "absent[1]: '0' is given"),
                                  (1, TypeError, "absent: 1 is given"),
                                  ("1", TypeError, "absent: '1' is given")):
            with self.assertRaises(kind) as caught:
                isac.parameter_fusion(**fixed, absent=value)
            self.assertIn(text, str(caught.exception))

    def test_live_setters_take_what_a_slider_gives(self):
        channel = isac.bistatic_channel(**self.make_block("bistatic_channel"))
        channel.set_clutter_scatterers(5.0)
        channel.set_clutter(np.float64(6.0), 0.1)
        sync = isac.frame_sync(**self.make_block("frame_sync"))
        sync.set_misses_allowed(7.0)
        self.assertEqual(sync.misses_allowed(), 7)
        for call, text in ((lambda: channel.set_clutter_scatterers(5.7), "scatterers: 5.7"),
                           (lambda: channel.set_clutter(0.5, 1.0), "scatterers: 0.5"),
                           (lambda: sync.set_misses_allowed(2.5), "misses_allowed: 2.5")):
            with self.assertRaisesRegex(ValueError, f"{text} is not a whole number"):
                call()
        self.assertEqual(sync.misses_allowed(), 7)


if __name__ == "__main__":
    gr_unittest.run(qa_package)
