# SPDX-License-Identifier: GPL-3.0-or-later
"""The conda recipe, rendered as conda-build does before it looks for packages."""

import re
import subprocess
import types

import jinja2
import yaml
from programs import BUILD, SOURCE

RECIPE = SOURCE / ".conda" / "recipe"


def load_file_regex(load_file, regex_pattern, from_recipe_dir):
    assert not from_recipe_dir
    return re.search(regex_pattern, (SOURCE / load_file).read_text())


def rendered():
    template = jinja2.Environment(undefined=jinja2.StrictUndefined).from_string(
        (RECIPE / "meta.yaml").read_text())
    text = template.render(
        load_file_regex=load_file_regex,
        compiler=lambda language: f"{language}_compiler_stub",
        stdlib=lambda language: f"{language}_stdlib_stub",
        pin_subpackage=lambda name, max_pin: f"{name} pinned to {max_pin}",
        environ=types.MappingProxyType({}))
    # Lines of other systems: "... # [win]".
    return yaml.safe_load(re.sub(r"^.*# \[win\]$", "", text, flags=re.MULTILINE))


def test_recipe():
    recipe = rendered()
    version = re.search(r'version = "([^"]+)"', (BUILD / "include/cfisac/version.h").read_text())
    assert recipe["package"] == {"name": "gnuradio-isac", "version": version[1]}
    assert (RECIPE / recipe["source"]["path"]).resolve() == SOURCE
    assert recipe["about"]["license"] == "GPL-3.0-or-later"
    assert (SOURCE / recipe["about"]["license_file"]).is_file()
    assert recipe["test"]["imports"] == ["gnuradio.isac"]
    host = {requirement.split()[0] for requirement in recipe["requirements"]["host"]}
    assert {"gnuradio-core", "libtorch", "volk", "yaml-cpp", "nlohmann_json", "hdf5", "zeromq",
            "cppzmq", "soapysdr", "pybind11"} <= host


def test_recipe_calls_every_program():
    commands = rendered()["test"]["commands"]
    called = {command.split()[0] for command in commands if command.endswith(" --help")}
    assert called == {path.name for path in (BUILD / "apps").glob("isac_*")
                      if path.is_file() and path.suffix == ""}


def test_build_script():
    subprocess.run(["bash", "-n", RECIPE / "build.sh"], check=True)
    assert (RECIPE / "build.sh").stat().st_mode & 0o111
