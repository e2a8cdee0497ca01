# SPDX-License-Identifier: GPL-3.0-or-later
"""Sphinx: sphinx-build -b html docs docs/_build (needs myst-parser)."""

project = "gr-isac"
author = "the gr-isac developers"
copyright = "2025, the gr-isac developers"
release = "0.1.0"

extensions = ["myst_parser"]
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build", "CMakeLists.txt"]
html_theme = "alabaster"
