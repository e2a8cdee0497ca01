# SPDX-License-Identifier: GPL-3.0-or-later
"""Page of what the Python package has besides the blocks, from its source and docstrings."""

import ast
import inspect
import re
from pathlib import Path

from block_pages import code, escape

ARGUMENT = re.compile(r"(\w+(?:, \w+)*): (.*)")


def exported(package):
    """(name, definition, source lines) of all that __init__.py defines or takes from modules
    that are written in Python."""
    init = package / "__init__.py"
    for node in ast.parse(init.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield node, init.read_text(encoding="utf-8").splitlines()
        if not isinstance(node, ast.ImportFrom) or node.level != 1:
            continue
        module = package / f"{node.module}.py"
        if not module.exists():
            continue
        text = module.read_text(encoding="utf-8")
        names = {alias.name for alias in node.names}
        for entry in ast.parse(text).body:
            if getattr(entry, "name", None) in names:
                yield entry, text.splitlines()


def signature(function):
    arguments = ast.unparse(function.args)
    arguments = re.sub(r"^self(, )?", "", arguments)
    returns = f" -> {ast.unparse(function.returns)}" if function.returns else ""
    return f"({arguments}){returns}"


def plain(text):
    """A docstring's text as Markdown, in which backticks are code as well."""
    parts = text.split("`")
    return "".join(
        f"`{part}`" if number % 2 else escape(part) for number, part in enumerate(parts)
    )


def prose(node):
    """A docstring as Markdown; what it says of arguments becomes a list."""
    text = ast.get_docstring(node)
    paragraphs = []
    for paragraph in inspect.cleandoc(text).split("\n\n") if text else []:
        pieces = []
        for line in paragraph.splitlines():
            argument = ARGUMENT.fullmatch(line)
            if argument:
                pieces.append(f"- **{escape(argument[1])}**: {plain(argument[2])}")
            elif pieces and not (pieces[-1].startswith("- ") and pieces[-1].endswith(".")):
                pieces[-1] += " " + plain(line.strip())
            else:
                pieces.append(plain(line.strip()))
        paragraphs += pieces
    return paragraphs


def fields(definition, lines):
    """The fields of a named tuple, with the comments above them."""
    items = []
    for entry in definition.body:
        if not isinstance(entry, ast.AnnAssign):
            continue
        comment, above = [], entry.lineno - 2
        while lines[above].strip().startswith("#:"):
            comment.insert(0, lines[above].strip()[2:].strip())
            above -= 1
        if not comment:
            raise SystemExit(f"{definition.name}.{entry.target.id} has no comment")
        items.append(f"- {code(entry.target.id)}: {plain(' '.join(comment))}")
    return ["\n".join(items)] if items else []


def section(definition, lines):
    documented = ast.get_docstring(definition)
    if not documented:
        raise SystemExit(f"python/isac: {definition.name} has no docstring")
    parts = [f"## {definition.name}"]
    if isinstance(definition, ast.FunctionDef):
        parts.append(f"```python\nisac.{definition.name}{signature(definition)}\n```")
        return parts + prose(definition)
    methods = [entry for entry in definition.body if isinstance(entry, ast.FunctionDef)]
    for method in methods:
        if method.name == "__init__":
            shown = signature(method).replace(" -> None", "")
            parts.append(f"```python\nisac.{definition.name}{shown}\n```")
    parts += prose(definition) + fields(definition, lines)
    for method in methods:
        if method.name == "__call__":
            shown = f"{definition.name.lower()}{signature(method)}"
        elif not method.name.startswith("_"):
            shown = f"{definition.name.lower()}.{method.name}{signature(method)}"
        else:
            continue
        if not ast.get_docstring(method):
            # A block's work() is GNU Radio's.
            continue
        parts += [f"```python\n{shown}\n```", *prose(method)]
    return parts


def make(package):
    """{file: text}"""
    parts = [
        "# Python",
        "What `from gnuradio import isac` has besides the blocks, which stand on the pages of "
        "the [blocks](blocks/index.md). How to use it is told in [Python](../python.md).",
    ]
    for definition, lines in exported(Path(package)):
        parts += section(definition, lines)
    return {"python.md": "\n\n".join(parts) + "\n"}
