# SPDX-License-Identifier: GPL-3.0-or-later
"""Sphinx configuration. The target `docs` of the build runs Doxygen, adds the pages of the
reference and calls Sphinx with -W; it gives the paths that are not known here."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "extensions"))

project = "gr-isac"
author = "the gr-isac developers"
copyright = "2025, the gr-isac developers"
release = "0.1.0"  # overwritten by the build

extensions = ["myst_parser", "breathe", "sphinx.ext.mathjax", "symbol_links"]
exclude_patterns = ["_build", "CMakeLists.txt"]
html_theme = "furo"
html_title = "gr-isac"
html_copy_source = False

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

breathe_default_project = "gr-isac"
breathe_show_include = False
breathe_default_members = ("members",)

# A formula needs MathJax in the reader's browser: the one of the system where there is one,
# so that pages on a machine without a network have it too.
system_mathjax = Path("/usr/share/javascript/mathjax/MathJax.js")
if system_mathjax.exists():
    mathjax_path = system_mathjax.as_uri() + "?config=TeX-AMS-MML_HTMLorMML"
    mathjax2_config = {
        "tex2jax": {"processClass": "tex2jax_process|mathjax_process|math"}
    }
