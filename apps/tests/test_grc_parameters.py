# SPDX-License-Identifier: GPL-3.0-or-later
"""GNU Radio Companion refuses wrong parameters before the run, with block and parameter named.

Every parameter of every block is given the values of grc_parameters.yml, in a flowgraph in
which the block is connected.
"""

import logging
import pathlib
import re

import pytest
import yaml

from grc_flowgraphs import (NOT_OURS, Flowgraph, block_names, make_platform, scenario_of,
                            write_files)

TABLE = yaml.safe_load((pathlib.Path(__file__).parent / "grc_parameters.yml").read_text())
NAMES = block_names()


@pytest.fixture(scope="module")
def platform():
    write_files()
    # What cannot be evaluated is told by the flowgraph's errors.
    logging.disable(logging.CRITICAL)
    yield make_platform()
    logging.disable(logging.NOTSET)


@pytest.fixture
def flowgraph(platform):
    return Flowgraph(platform)


def parameters(block):
    return [key for key in block.params if key not in NOT_OURS]


def entry(name, parameter):
    """What the table says of a parameter."""
    for key in (f"{name}.{parameter}", parameter):
        if key in TABLE:
            return {} if TABLE[key] == "free" else TABLE[key]
    raise AssertionError(f"grc_parameters.yml does not say what parameter {parameter} of block "
                         f"{name} refuses")


def text_for(name, parameter, value):
    """A value of the table with the scenario that the block has."""
    if parameter == "static_clutter":  # of which "scenario" is a word
        return value
    return re.sub(r"\bscenario\b", scenario_of(name), value)


@pytest.mark.parametrize("name", NAMES)
def test_defaults_are_valid(flowgraph, name):
    flowgraph.add_ours(name, "under_test")
    assert flowgraph.errors() == []


@pytest.mark.parametrize("name", NAMES)
def test_right_values_are_accepted(flowgraph, name):
    block = flowgraph.add_ours(name, "under_test")
    for parameter in parameters(block):
        field = block.params[parameter]
        default = field.get_value()
        for value in entry(name, parameter).get("right", []):
            field.set_value(text_for(name, parameter, value))
            flowgraph.rewrite()
            assert flowgraph.errors_of(block) == [], (parameter, value)
        field.set_value(default)


@pytest.mark.parametrize("name", NAMES)
def test_wrong_values_are_refused(flowgraph, name):
    block = flowgraph.add_ours(name, "under_test")
    label = str(block)
    assert "under_test" in label
    for parameter in parameters(block):
        field = block.params[parameter]
        default = field.get_value()
        said = entry(name, parameter)
        assert said == {} or said["wrong"], parameter
        for value in said.get("wrong", []):
            field.set_value(text_for(name, parameter, value))
            flowgraph.rewrite()
            assert not flowgraph.graph.is_valid(), (parameter, value)
            assert flowgraph.errors_of(block), (parameter, value)
            errors = flowgraph.errors()
            assert any(error.startswith(label) and re.search(rf"\b{parameter}\b", error)
                       for error in errors), (parameter, value, errors)
        field.set_value(default)
    flowgraph.rewrite()
    assert flowgraph.errors_of(block) == []


def test_table_has_nothing_else(platform):
    known = set()
    for name in NAMES:
        block = platform.blocks[f"isac_{name}"]
        for parameter in block.parameters_data:
            known |= {parameter["id"], f"{name}.{parameter['id']}"}
    if {"fronthaul_sink", "map_sink"} <= set(NAMES):  # built with ZeroMQ and Qt
        assert set(TABLE) - known == set()
    assert sum(len(value.get("wrong", [])) for value in TABLE.values() if value != "free") > 300
