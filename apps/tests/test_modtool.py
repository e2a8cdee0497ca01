# SPDX-License-Identifier: GPL-3.0-or-later
"""gr_modtool adds blocks to a copy of the tree, and binds them."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig

import pytest
from programs import SOURCE

PARTS = ["CMakeLists.txt", "cmake", "grc", "include", "lib/CMakeLists.txt",
         "lib/blocks/CMakeLists.txt", "python"]

# What the author of a block makes of gr_modtool's skeletons.
OWN_HEADER = """
#include <gnuradio/isac/scaled.h>
namespace gr {
namespace isac {
class scaled_impl : public scaled
{
    float d_gain;

public:
    explicit scaled_impl(float gain);
    float gain() const override { return d_gain; }
    int work(int, gr_vector_const_void_star&, gr_vector_void_star&) override;
};
} // namespace isac
} // namespace gr
"""
OWN_SOURCE = """
#include "scaled_impl.h"
#include <gnuradio/io_signature.h>
namespace gr {
namespace isac {
scaled::sptr scaled::make(float gain)
{
    return gnuradio::make_block_sptr<scaled_impl>(gain);
}
scaled_impl::scaled_impl(float gain)
    : gr::sync_block("scaled",
                     gr::io_signature::make(1, 1, sizeof(float)),
                     gr::io_signature::make(1, 1, sizeof(float))),
      d_gain(gain)
{
}
int scaled_impl::work(int count, gr_vector_const_void_star& in, gr_vector_void_star& out)
{
    for (int i = 0; i < count; ++i) {
        static_cast<float*>(out[0])[i] = d_gain * static_cast<const float*>(in[0])[i];
    }
    return count;
}
} // namespace isac
} // namespace gr
"""


@pytest.fixture
def tree(tmp_path):
    """What gr_modtool looks at, and a file with the licence."""
    for part in PARTS:
        source, target = SOURCE / part, tmp_path / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    (tmp_path / "header").write_text("SPDX-License-Identifier: GPL-3.0-or-later\n")
    return tmp_path


def modtool(tree, *arguments):
    result = subprocess.run(["gr_modtool", *arguments], cwd=tree, stdin=subprocess.DEVNULL,
                            capture_output=True, text=True, timeout=300, check=False,
                            env={**os.environ, "LC_ALL": "C.UTF-8"})
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def files(tree):
    return {str(path.relative_to(tree)): path.read_bytes() for path in tree.rglob("*")
            if path.is_file() and "__pycache__" not in path.parts}


def changes(before, after):
    """Names of new and of changed files."""
    return (sorted(set(after) - set(before)),
            sorted(name for name in before if after[name] != before[name]))


def header_check(tree):
    """Runs CMake with the part that compares bindings with their headers."""
    folder = tree / "python" / "isac" / "bindings"
    check = (folder / "CMakeLists.txt").read_text()
    check = check[check.index("# Of gr_modtool"):check.index("pybind11_add_module")]
    check = check.replace("${PROJECT_SOURCE_DIR}", str(tree)).replace(
        "${CMAKE_CURRENT_SOURCE_DIR}", str(folder))
    project = tree / "hashes"
    project.mkdir()
    (project / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.22)\nproject(hashes LANGUAGES NONE)\n"
        f"file(GLOB sources {folder}/*.cc)\n{check}")

    def configure():
        return subprocess.run(["cmake", "-S", project, "-B", project / "build"],
                              capture_output=True, text=True, timeout=60, check=False)

    return configure


def test_it_knows_the_module(tree):
    text = modtool(tree, "info")
    assert re.search(r"Module name: isac$", text, re.MULTILINE)
    assert "post-3.10" in text


def test_every_header_is_in_its_list():
    folder = SOURCE / "include" / "gnuradio" / "isac"
    listed = re.findall(r"^ +(\w+\.h)$", (folder / "CMakeLists.txt").read_text(), re.MULTILINE)
    assert listed == sorted(path.name for path in folder.glob("*.h"))


def test_a_block_in_python(tree):
    before = files(tree)
    modtool(tree, "add", "-t", "sync", "-l", "python", "--license-file", "header",
            "--argument-list", "gain=2.0", "--add-python-qa", "scaled")
    new, changed = changes(before, files(tree))
    # The CMake files find them.
    assert new == ["grc/isac_scaled.block.yml", "python/isac/qa_scaled.py",
                   "python/isac/scaled.py"]
    assert changed == ["python/isac/__init__.py"]
    module = (tree / "python" / "isac" / "__init__.py").read_text()
    assert "\nfrom .scaled import scaled\n" in module
    compile(module, "__init__.py", "exec")


def test_a_block_in_cpp_is_added_bound_and_runs(tree, tmp_path):
    before = files(tree)
    modtool(tree, "add", "-t", "sync", "-l", "cpp", "--license-file", "header",
            "--argument-list", "float gain=2.0", "--add-python-qa", "--add-cpp-qa", "scaled")
    new, changed = changes(before, files(tree))
    bindings = "python/isac/bindings"
    assert new == ["grc/isac_scaled.block.yml", "include/gnuradio/isac/scaled.h",
                   "lib/qa_scaled.cc", "lib/scaled_impl.cc", "lib/scaled_impl.h",
                   f"{bindings}/docstrings/scaled_pydoc_template.h",
                   f"{bindings}/scaled_python.cc", "python/isac/qa_scaled.py"]
    assert changed == ["include/gnuradio/isac/CMakeLists.txt", "lib/CMakeLists.txt",
                       f"{bindings}/python_bindings.cc"]
    sources = (tree / "lib" / "CMakeLists.txt").read_text()
    assert re.search(r"list\(APPEND isac_sources\s+scaled_impl\.cc\s+\)", sources)
    assert re.search(r"list\(APPEND test_isac_sources\s+qa_scaled\.cc\s+\)", sources)
    headers = (tree / "include/gnuradio/isac/CMakeLists.txt").read_text()
    assert re.search(r"\sscaled\.h\s+DESTINATION", headers)
    calls = (tree / bindings / "python_bindings.cc").read_text()
    assert calls.count("bind_scaled(py::module& m);") == 1
    assert calls.count("    bind_scaled(m);") == 1

    # As its author goes on: a getter in the header makes the bindings those of another.
    configure = header_check(tree)
    assert configure().returncode == 0
    header = tree / "include/gnuradio/isac/scaled.h"
    header.write_text(re.sub(r"(static sptr make\(.*\);)", r"\1\nvirtual float gain() const = 0;",
                             header.read_text()))
    result = configure()
    assert result.returncode != 0
    assert "gr_modtool bind scaled" in " ".join(result.stderr.split())
    modtool(tree, "bind", "scaled")
    result = configure()
    assert result.returncode == 0, result.stderr
    assert '.def("gain"' in (tree / bindings / "scaled_python.cc").read_text()
    (tree / "lib" / "scaled_impl.h").write_text(OWN_HEADER)
    (tree / "lib" / "scaled_impl.cc").write_text(OWN_SOURCE)

    # The module of this block alone: the one of all would take minutes.
    (tree / "module.cc").write_text(
        f'#include "{bindings}/scaled_python.cc"\nPYBIND11_MODULE(scaled_only, m) {{\n'
        'pybind11::module::import("gnuradio.gr"); bind_scaled(m); }\n')
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "gnuradio-runtime"],
                           capture_output=True, text=True, check=True).stdout.split()
    subprocess.run(
        ["g++", "-std=c++17", "-O0", "-fPIC", "-shared", "-Wno-attributes", f"-I{tree}/include",
         f"-I{tree}/{bindings}", f"-I{tree}/hashes/build", f"-I{sysconfig.get_path('include')}",
         "-o", tmp_path / ("scaled_only" + sysconfig.get_config_var("EXT_SUFFIX")),
         "module.cc", "lib/scaled_impl.cc", *flags],
        cwd=tree, check=True, timeout=300)
    program = ("from gnuradio import blocks, gr\nimport scaled_only\n"
               "top, block, sink = gr.top_block(), scaled_only.scaled(), blocks.vector_sink_f()\n"
               "assert block.gain() == 2.0 and scaled_only.scaled(3.0).gain() == 3.0\n"
               "top.connect(blocks.vector_source_f([1.0, -2.5]), block, sink)\n"
               "top.run()\nprint(list(sink.data()))\n")
    result = subprocess.run([sys.executable, "-B", "-c", program], cwd=tmp_path,
                            capture_output=True, text=True, timeout=120, check=False)
    assert result.stdout.strip() == "[2.0, -5.0]", result.stderr
