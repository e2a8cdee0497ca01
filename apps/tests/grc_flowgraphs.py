# SPDX-License-Identifier: GPL-3.0-or-later
"""Flowgraphs of GNU Radio Companion in which a block of ours stands alone: its ports are
connected to stock blocks.

The module must be imported before anything of gnuradio.grc is, which reads HOME then.
"""

import contextlib
import functools
import io
import os
import pathlib
import tempfile

import pytest

try:
    import gnuradio  # noqa: F401
except ImportError:
    pytest.skip("GNU Radio is not installed", allow_module_level=True)

from programs import SOURCE

FOLDER = tempfile.TemporaryDirectory()
_HOME = os.environ.get("HOME")
os.environ["HOME"] = FOLDER.name
os.environ["ISAC_EXAMPLES"] = str(SOURCE / "examples")

from gnuradio import blocks, gr, isac  # noqa: E402
from gnuradio.grc.core import Messages  # noqa: E402
from gnuradio.grc.core.platform import Platform  # noqa: E402

if _HOME is not None:
    os.environ["HOME"] = _HOME

STOCK = ("options", "variable", "import", "stream.domain", "message.domain", "blocks_head",
         "blocks_null_source", "blocks_null_sink", "blocks_probe_rate",
         "blocks_message_debug", "blocks_file_sink")
#: Parameters that GNU Radio Companion adds to every block, and what has no field.
NOT_OURS = {"id", "alias", "affinity", "minoutbuf", "maxoutbuf", "comment", "value",
            "gui_hint"}
OVER_THE_AIR = {"antenna_channel", "frame_sync", "ofdm_modulator", "ofdm_demodulator",
                "sigmf_sink", "soapy_sink", "soapy_source", "uhd_sink", "uhd_source"}
#: What has no class of its name.
VARIABLES = {"scenario", "model", "recording"}


def stock_folder():
    """Where GNU Radio's own blocks lie."""
    paths = gr.prefs().get_string("grc", "global_blocks_path", "").split(":")
    for folder in (*paths, str(pathlib.Path(gr.prefix()) / "share" / "gnuradio" / "grc" / "blocks")):
        if (pathlib.Path(folder) / "options.block.yml").is_file():
            return pathlib.Path(folder)
    raise FileNotFoundError("the blocks of GNU Radio Companion are not installed")


def block_names():
    """All of ours that this build has: some need ZeroMQ or Qt."""
    names = (path.name[len("isac_"):-len(".block.yml")]
             for path in sorted((SOURCE / "grc").glob("*.block.yml")))
    return [name for name in names if name in VARIABLES or hasattr(isac, name)]


def scenario_of(name):
    """The variable that a block has as its scenario."""
    return "sdr_2x2" if name in OVER_THE_AIR else "lite"


def make_platform():
    """GNU Radio Companion with our blocks and few others."""
    # It reads the files again for every change of a field.
    for name in ("load_scenario", "load_model_info", "recording"):
        setattr(isac, name, functools.lru_cache(maxsize=None)(getattr(isac, name)))
    Messages.MESSENGERS_LIST.clear()
    platform = Platform(
        name="test", prefs=gr.prefs(), version=gr.version(),
        version_parts=(gr.major_version(), gr.api_version(), gr.minor_version()))
    files = [stock_folder() / f"{name}{'' if '.' in name else '.block'}.yml" for name in STOCK]
    platform.build_library([*(str(file) for file in files if file.exists()),
                            str(SOURCE / "grc")])
    return platform


def write_files():
    """A recording, and models that fit some blocks and others not."""
    air = isac.load_scenario(isac.example_path("scenarios/sdr_2x2.yml"))
    top = gr.top_block()
    sink = isac.sigmf_sink(air, "rx0", f"{FOLDER.name}/file", "cf32_le", -20.0, 1,
                           overwrite=True)
    for a in range(air.receive_antennas):
        top.connect(blocks.null_source(8), blocks.head(8, 1000), (sink, a))
    top.run()
    lite = isac.load_scenario(isac.example_path("scenarios/lite.yml"))
    isac.write_fresh_model(f"{FOLDER.name}/model.safetensors", lite, "lite", "", 1)
    isac.write_fresh_model(f"{FOLDER.name}/cnn.safetensors", lite, "cnn", "raw", 1)
    isac.write_fresh_model(f"{FOLDER.name}/foreign.safetensors", lite.monostatic(), "lite", "",
                           1)


class Flowgraph:
    """Variables, and blocks that are connected to stock blocks."""

    def __init__(self, platform, language="python", identifier="test"):
        self.graph = platform.make_flow_graph()
        self.count = 0
        options = self.graph.options_block.params
        for key, value in (("id", identifier), ("title", identifier),
                           ("generate_options", "no_gui"), ("run_options", "run"),
                           ("output_language", language)):
            options[key].set_value(value)
        for name in ("lite", "lite_3d", "sdr_2x2"):
            self.add("isac_scenario", name, file=f'isac.example_path("scenarios/{name}.yml")')
        for name in ("model", "cnn", "foreign"):
            self.add("isac_model", name, file=f"'{FOLDER.name}/{name}.safetensors'")
        self.add("isac_recording", "recording", file=f"'{FOLDER.name}/file.sigmf-meta'")

    def add(self, kind, name, **fields):
        block = self.graph.new_block(kind)
        assert block is not None, kind
        block.params["id"].set_value(name)
        for key, value in fields.items():
            block.params[key].set_value(value)
        return block

    def add_ours(self, name, identifier):
        """A block of ours with its defaults, and what these are about."""
        block = self.graph.new_block(f"isac_{name}")
        block.params["id"].set_value(identifier)
        for key, parameter in block.params.items():
            default = str(parameter.default)
            if key not in NOT_OURS | {"file"} and parameter.dtype not in ("string", "file_open"):
                parameter.set_value(default.replace("scenario", scenario_of(name)))
        if name == "centralized_cnn":
            block.params["model"].set_value("cnn")
        if name == "recording":
            block.params["file"].set_value(f"'{FOLDER.name}/file.sigmf-meta'")
        self.graph.rewrite()
        self.connect(block)
        self.rewrite()
        return block

    def connect(self, block):
        for port in [*block.sinks, *block.sources]:
            if port.optional or port.hidden:
                continue
            self.count += 1
            kind = {(True, True): "blocks_probe_rate", (True, False): "blocks_null_source",
                    (False, True): "blocks_message_debug",
                    (False, False): "blocks_null_sink"}[port.is_sink, port.dtype == "message"]
            fields = {"type": str(port.dtype), "vlen": str(port.vlen)}
            if kind == "blocks_probe_rate":  # messages of a block that C++ has, too
                fields = {"type": "byte"}
            elif kind == "blocks_message_debug":
                fields = {}
            other = self.add(kind, f"stock_{self.count}", **fields)
            other.rewrite()
            if kind == "blocks_probe_rate":
                samples = self.add("blocks_null_source", f"samples_{self.count}", type="byte")
                samples.rewrite()
                self.graph.connect(samples.sources[0], other.sinks[0])
            if port.is_sink:
                self.graph.connect(other.sources[0], port)
            else:
                self.graph.connect(port, other.sinks[0])

    def rewrite(self):
        # What cannot be evaluated is logged, and told again by validate().
        with contextlib.redirect_stderr(io.StringIO()):
            self.graph.rewrite()
            self.graph.validate()

    def errors(self):
        """What grcc prints, an entry for each error."""
        return self.graph.get_error_messages()

    def errors_of(self, block):
        """Those of the block and its parameters; ports and connections have others."""
        own = [block, *block.params.values()]
        return [message for element, message in self.graph.iter_error_messages()
                if any(element is each for each in own)]
