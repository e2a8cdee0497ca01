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


def call(name, function):
    """A function as it is called, an argument a line where one line would be too long."""
    given = function.args
    arguments = [argument for argument in given.args if argument.arg != "self"]
    defaults = [None] * (len(arguments) - len(given.defaults)) + given.defaults
    texts = list(map(argument_text, arguments, defaults))
    if given.vararg:
        texts.append(f"*{argument_text(given.vararg, None)}")
    elif given.kwonlyargs:
        texts.append("*")
    texts += map(argument_text, given.kwonlyargs, given.kw_defaults)
    returns = ""
    if function.returns and function.name != "__init__":
        returns = f" -> {ast.unparse(function.returns)}"
    line = f"{name}({', '.join(texts)}){returns}"
    if len(line) > 80:
        line = f"{name}(\n    " + ",\n    ".join(texts) + f"\n){returns}"
    return f"```python\n{line}\n```"


def argument_text(argument, default):
    text = argument.arg
    if argument.annotation:
        text += f": {ast.unparse(argument.annotation)}"
    if default is not None:
        text += (" = " if argument.annotation else "=") + ast.unparse(default)
    return text


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
    if not ast.get_docstring(definition):
        raise SystemExit(f"python/isac: {definition.name} has no docstring")
    name = definition.name
    parts = [f"## {name}"]
    if isinstance(definition, ast.FunctionDef):
        return [*parts, call(f"isac.{name}", definition), *prose(definition)]
    methods = [entry for entry in definition.body if isinstance(entry, ast.FunctionDef)]
    parts += [call(f"isac.{name}", method) for method in methods if method.name == "__init__"]
    parts += prose(definition) + fields(definition, lines)
    for method in methods:
        public = method.name == "__call__" or not method.name.startswith("_")
        # GNU Radio's own, such as a block's work(), have no docstring.
        if public and ast.get_docstring(method):
            shown = "" if method.name == "__call__" else f".{method.name}"
            parts += [call(name.lower() + shown, method), *prose(method)]
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
