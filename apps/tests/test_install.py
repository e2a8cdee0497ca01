# SPDX-License-Identifier: GPL-3.0-or-later
"""Installation into a prefix: what projects elsewhere, Python and programs find there, and
that nothing is left of it."""

import contextlib
import os
import pathlib
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
from programs import BUILD, SOURCE, TIMEOUT_S

CONSUMERS = pathlib.Path(__file__).resolve().parent / "consumers"
SCENARIO = pathlib.Path("share/gr-isac/examples/scenarios/lite.yml")
MODEL = pathlib.Path("share/gr-isac/examples/models/lite.safetensors")

# The flowgraph of consumers/flowgraph.
PRECODE = """
import sys
import numpy as np
from gnuradio import blocks, gr, isac

scenario, frames, seed = isac.load_scenario(sys.argv[1]), int(sys.argv[2]), 7
top = gr.top_block()
payload = isac.payload_source(scenario, seed)
precoder = isac.mmse_precoder(scenario, seed, "cpu")
for k in range(scenario.users):
    top.connect((payload, k), (precoder, k))
sinks = []
for n in range(len(scenario.transmit)):
    head = blocks.head(scenario.transmit_frame_size * gr.sizeof_gr_complex, frames)
    sinks.append(blocks.vector_sink_c(scenario.transmit_frame_size))
    top.connect((precoder, n), head, sinks[-1])
top.run()
print(isac.__file__)
print(isac.example_path("scenarios/lite.yml"))
for sink in sinks:
    samples = np.array(sink.data())
    print(len(samples), np.sum(np.abs(samples.astype(complex)) ** 2))
"""


def command(*words, **options):
    """Run to the end, in an environment without what leads to the build."""
    environment = {key: value for key, value in os.environ.items()
                   if key not in ("PYTHONPATH", "LD_LIBRARY_PATH", "SOAPY_SDR_PLUGIN_PATH",
                                  "ISAC_EXAMPLES", "DESTDIR", "CFISAC_SOURCE_DIR")}
    environment.update(options.pop("environment", {}))
    return subprocess.run(list(map(str, words)), stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=TIMEOUT_S, check=False,
                          env=environment, **options)


def done(*words, **options):
    """As command, which must succeed; its output."""
    result = command(*words, **options)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@contextlib.contextmanager
def records_kept():
    """What the build folder knows of an installation of its user."""
    names = [BUILD / "install_manifest.txt", BUILD / "install_folders.txt"]
    texts = [name.read_bytes() if name.exists() else None for name in names]
    for name in names:
        name.unlink(missing_ok=True)
    try:
        yield
    finally:
        for name, text in zip(names, texts):
            name.unlink(missing_ok=True)
            if text is not None:
                name.write_bytes(text)


def install(prefix, **options):
    done("cmake", "--install", BUILD, "--prefix", prefix, **options)


def uninstall(**options):
    return command("cmake", "-P", BUILD / "cmake_uninstall.cmake", **options)


def contents(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    """An installation."""
    with records_kept():
        path = tmp_path_factory.mktemp("installed") / "prefix"
        install(path)
        yield path


@pytest.fixture(scope="module")
def python_dir(prefix):
    """Folder for PYTHONPATH."""
    folders = [path.parents[2] for path in prefix.rglob("gnuradio/isac/__init__.py")]
    assert len(folders) == 1, folders
    return folders[0]


def build(consumer, folder, *options):
    """A project of consumers, copied out of the tree."""
    source, binary = folder / consumer, folder / f"{consumer}-build"
    shutil.copytree(CONSUMERS / consumer, source)
    done("cmake", "-S", source, "-B", binary, *options)
    done("cmake", "--build", binary)
    return binary


def precoded(text):
    """Samples and energies of the access points, from lines of two numbers."""
    return [(int(samples), float(energy)) for samples, energy in
            re.findall(r"^(\d+) (\S+)$", text, re.MULTILINE)]


def test_library_for_a_project_elsewhere(prefix, tmp_path):
    binary = build("library", tmp_path, f"-DCMAKE_PREFIX_PATH={prefix}")
    version, antennas, difference = done(binary / "steering", prefix / SCENARIO).split()
    project = re.search(r"^ +VERSION ([0-9.]+)$", (SOURCE / "CMakeLists.txt").read_text(),
                        re.MULTILINE)
    assert version == project[1]
    assert int(antennas) == 8
    assert float(difference) < 1e-12


def test_blocks_for_a_project_elsewhere(prefix, python_dir, tmp_path):
    binary = build("flowgraph", tmp_path, f"-DCMAKE_PREFIX_PATH={prefix}")
    # It asked for no LibTorch.
    assert "TORCH" not in (binary / "CMakeCache.txt").read_text().upper()
    of_project = precoded(done(binary / "precode", prefix / SCENARIO, 3))

    lines = done(sys.executable, "-B", "-c", PRECODE, prefix / SCENARIO, 3, cwd=tmp_path,
                 environment={"PYTHONPATH": str(python_dir)})
    module, example = [line for line in lines.splitlines() if line.startswith("/")]
    assert pathlib.Path(module) == python_dir / "gnuradio" / "isac" / "__init__.py"
    assert pathlib.Path(example) == prefix / SCENARIO
    of_python = precoded(lines)

    assert [samples for samples, _ in of_project] == [3 * 8 * 32 * 32] * 2
    assert [samples for samples, _ in of_python] == [3 * 8 * 32 * 32] * 2
    np.testing.assert_allclose([energy for _, energy in of_project],
                               [energy for _, energy in of_python], rtol=1e-6)
    assert all(energy > 0 for _, energy in of_project)


def test_packages_are_found_in_the_build_folder(tmp_path):
    source = tmp_path / "source"
    shutil.copytree(CONSUMERS / "flowgraph", source)
    done("cmake", "-S", source, "-B", tmp_path / "build", f"-DCMAKE_PREFIX_PATH={BUILD}")
    cache = (tmp_path / "build" / "CMakeCache.txt").read_text()
    assert f"gnuradio-isac_DIR:PATH={BUILD}/cmake" in cache
    assert f"cfisac_DIR:PATH={BUILD}/cmake" in cache


@pytest.mark.parametrize(("request_text", "reason"), [
    ("cfisac 0.2", "0.1"),
    ("cfisac 0.1 COMPONENTS nothing_like_it", "nothing_like_it"),
    ("gnuradio-isac 1.0", "0.1"),
])
def test_what_is_not_there_is_not_found(prefix, tmp_path, request_text, reason):
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.22)\nproject(p LANGUAGES CXX)\n"
        f"find_package({request_text} REQUIRED)\n")
    result = command("cmake", "-S", tmp_path, "-B", tmp_path / "build",
                     f"-DCMAKE_PREFIX_PATH={prefix}")
    assert result.returncode != 0
    assert reason in result.stderr, result.stderr


def test_another_libtorch_than_the_librarys_is_refused(prefix, tmp_path):
    """Of the installed files a copy, which says that the library had LibTorch 9.9."""
    shutil.copytree(prefix / "lib" / "cmake", tmp_path / "lib" / "cmake")
    config = tmp_path / "lib" / "cmake" / "cfisac" / "cfisacConfig.cmake"
    text = config.read_text()
    changed = re.sub(r'_release "[^"]+"', '_release "9.9.0"', text)
    assert changed != text
    config.write_text(changed)
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.22)\nproject(p LANGUAGES CXX)\n"
        "find_package(cfisac)\nmessage(STATUS \"found: ${cfisac_FOUND}\")\n")
    result = command("cmake", "-S", tmp_path, "-B", tmp_path / "build",
                     f"-DCMAKE_PREFIX_PATH={tmp_path}")
    assert result.returncode == 0, result.stderr # it was not REQUIRED
    assert re.search(r"found: (0|FALSE)$", result.stdout, re.MULTILINE), result.stdout
    assert "built with LibTorch 9.9.0" in result.stderr


def test_libraries_carry_their_abi(prefix):
    for name in ("libcfisac", "libgnuradio-isac"):
        links = sorted(path.name for path in (prefix / "lib").glob(f"{name}.so*"))
        version = done("cmake", "-E", "cat", prefix / "lib/cmake/cfisac/cfisacConfigVersion.cmake")
        full = re.search(r'PACKAGE_VERSION "([0-9.]+)"', version)[1]
        abi = ".".join(full.split(".")[:2])
        assert links == [f"{name}.so", f"{name}.so.{abi}", f"{name}.so.{full}"]
        dynamic = done("readelf", "-d", prefix / "lib" / f"{name}.so")
        assert f"soname: [{name}.so.{abi}]" in dynamic


def test_pkg_config(prefix):
    environment = {"PKG_CONFIG_PATH": str(prefix / "lib" / "pkgconfig")}
    flags = done("pkg-config", "--cflags", "--libs", "gnuradio-isac",
                 environment=environment).split()
    includes = [pathlib.Path(flag[2:]).resolve() for flag in flags if flag.startswith("-I")]
    folders = [pathlib.Path(flag[2:]).resolve() for flag in flags if flag.startswith("-L")]
    assert prefix / "include" in includes
    assert prefix / "lib" in folders
    assert {"-lgnuradio-isac", "-lcfisac", "-lgnuradio-runtime"} <= set(flags)


def test_programs_run_from_there(prefix):
    output = done(prefix / "bin" / "isac_simulate", "--scenario", prefix / SCENARIO, "--model",
                  prefix / MODEL, "--frames", 5, "--json")
    assert '"frames":5' in output


def test_uninstallation_leaves_nothing(tmp_path):
    """What was there before stays, empty folders too."""
    prefix = tmp_path / "made" / "prefix"
    mine = tmp_path / "stays" / "prefix"
    with records_kept():
        install(prefix)
        module = next(prefix.rglob("gnuradio/isac/__init__.py"))
        done(sys.executable, "-c", "from gnuradio import isac",
             environment={"PYTHONPATH": str(module.parents[2]), "PYTHONDONTWRITEBYTECODE": ""})
        assert (module.parent / "__pycache__").is_dir()
        result = uninstall()
        assert result.returncode == 0, result.stderr
        assert contents(tmp_path) == set()

        # A second time there is nothing to do.
        result = uninstall()
        assert result.returncode != 0
        assert "Nothing to uninstall" in result.stderr

        (mine / "share" / "man" / "man1").mkdir(parents=True)
        (mine / "bin").mkdir()
        (mine / "lib").mkdir()
        (mine / "lib" / "of_another").write_text("x")
        before = contents(tmp_path)
        install(mine)
        install(mine) # over itself
        assert before < contents(tmp_path)
        assert uninstall().returncode == 0
        assert contents(tmp_path) == before


def test_uninstallation_below_destdir(tmp_path):
    with records_kept():
        staged = {"DESTDIR": str(tmp_path / "staged")}
        install("/usr/local", environment=staged)
        assert (tmp_path / "staged/usr/local/bin/isac_simulate").is_file()
        result = uninstall(environment={"DESTDIR": str(tmp_path / "elsewhere")})
        assert result.returncode != 0
        assert "DESTDIR" in result.stderr
        assert (tmp_path / "staged/usr/local/bin/isac_simulate").is_file()
        assert uninstall(environment=staged).returncode == 0
        assert contents(tmp_path) == set()
