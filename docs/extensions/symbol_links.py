# SPDX-License-Identifier: GPL-3.0-or-later
"""Roles that tie a page to the code, and fail the build when the code has moved on.

{cpp-api}`cfisac::signal::echo`   a public name, linked to its entry in the reference
{source}`lib/cfisac/signal/echo_factors.h`   a file of the repository, or NAME in it:
{source}`lib/cfisac/signal/information.cc:add_information`

Configuration: isac_doxygen_index, the index.xml of Doxygen; isac_source_dir, the repository.
"""

import functools
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from docutils import nodes


@functools.lru_cache(maxsize=None)
def public_names(index):
    """Qualified names of all compounds and members in Doxygen's index, without macros."""
    names = set()
    for compound in ElementTree.parse(index).getroot().iter("compound"):
        kind = compound.get("kind")
        scope = compound.findtext("name")
        if kind in ("file", "dir", "page", "group"):
            continue
        names.add(scope)
        names.update(
            f"{scope}::{member.findtext('name')}" for member in compound.iter("member")
        )
    return frozenset(names)


def api_role(name, rawtext, text, lineno, inliner, options=None, content=None):
    """A link to a C++ name that the documented headers have."""
    env = inliner.document.settings.env
    if text.split("(")[0] not in public_names(env.config.isac_doxygen_index):
        inliner.reporter.warning(f"no public header has {text}", line=lineno)
    role = env.get_domain("cpp").role("any")
    return role("cpp:any", rawtext, text, lineno, inliner, options or {}, content or [])


def source_role(name, rawtext, text, lineno, inliner, options=None, content=None):
    """A file of the repository, which must exist and have the name after the colon."""
    path, _, symbol = text.partition(":")
    config = inliner.document.settings.env.config
    file = Path(config.isac_source_dir) / path
    if not file.exists():
        inliner.reporter.warning(f"the repository has no {path}", line=lineno)
    elif symbol and symbol not in file.read_text(encoding="utf-8"):
        inliner.reporter.warning(f"{path} has no {symbol}", line=lineno)
    shown = f"{symbol} in {path}" if symbol else path
    return [nodes.literal(rawtext, shown)], []


def setup(app):
    app.add_config_value("isac_doxygen_index", "", "env")
    app.add_config_value("isac_source_dir", "", "env")
    app.add_role("cpp-api", api_role)
    app.add_role("source", source_role)
    return {"version": "1", "parallel_read_safe": True}
