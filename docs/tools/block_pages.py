# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages of the blocks, from the descriptions that GNU Radio Companion reads and the headers."""

import re
from pathlib import Path

import yaml

TYPES = {
    "bool": "yes or no",
    "complex": "complex",
    "enum": "one of",
    "file_open": "file to read",
    "file_save": "file to write",
    "float": "real",
    "gui_hint": "place in the window",
    "id": "name of a block or variable",
    "int": "integer",
    "int_vector": "integers",
    "raw": "expression",
    "real": "real",
    "real_vector": "reals",
    "string": "text",
}


def escape(text):
    """Plain text as Markdown."""
    return re.sub(r"([\\`*_{}\[\]<>#|$])", r"\\\1", str(text))


def code(text):
    """A word or expression in a table's cell; an empty text stays empty."""
    text = " ".join(str(text).split()).replace("|", "\\|")
    if not text:
        return ""
    fence = "``" if "`" in text else "`"
    return f"{fence}{text}{fence}"


def expression(value):
    """What stands between ${ and }."""
    text = str(value).strip()
    found = re.fullmatch(r"\$\{(.*)\}", text, re.DOTALL)
    return found.group(1).strip() if found else text


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def default_of(parameter):
    if "default" in parameter:
        value = parameter["default"]
    elif parameter.get("options"):
        value = parameter["options"][0]
    else:
        value = ""
    return "(empty)" if str(value) == "" else code(value)


def choices_of(parameter):
    options = parameter.get("options")
    if not isinstance(options, list):
        return ""
    labels = parameter.get("option_labels", [""] * len(options))
    shown = []
    for option, label in zip(options, labels):
        word = code(option) or "(empty)"
        shown.append(f"{word} {escape(label)}".strip())
    return "; ".join(shown)


def parameter_rows(parameters):
    for parameter in parameters:
        if parameter.get("hide") == "all":
            continue
        kind = parameter.get("dtype", "raw")
        yield (
            escape(parameter.get("label", parameter["id"])),
            code(parameter["id"]),
            TYPES.get(kind, escape(kind)),
            default_of(parameter),
            choices_of(parameter),
        )


def port_rows(direction, ports):
    for port in ports:
        if port.get("domain") == "message":
            what = "message"
        else:
            what = escape(port.get("dtype", ""))
            length = expression(port.get("vlen", "1"))
            if length != "1":
                what += f", vectors of {code(length)}"
        number = expression(port.get("multiplicity", "1"))
        notes = "optional" if str(port.get("optional", "")).lower() in ("true", "1") else ""
        if port.get("hide"):
            notes = ", ".join(filter(None, [notes, f"not shown if {code(expression(port['hide']))}"]))
        name = port.get("label", port.get("id", ""))
        yield direction, code(name), what, code(number), notes


def prose(text, labels):
    """The block's documentation; what a line says of parameters begins with their labels."""
    plain = [re.sub(r"\s*\(.*?\)$", "", label) for label in labels]
    paragraphs = []
    for line in text.strip().splitlines():
        line = line.strip()
        head, colon, rest = line.partition(":")
        names = [name.strip() for name in head.split(",")]
        if colon and all(
            any(label.startswith(name) for label in plain) and name for name in names
        ):
            paragraphs.append(f"**{escape(head)}:**{escape(rest)}")
        elif line.startswith("- "):
            item = "- " + escape(line[2:])
            if paragraphs and paragraphs[-1].startswith("- "):
                paragraphs[-1] += "\n" + item
            else:
                paragraphs.append(item)
        elif line:
            paragraphs.append(escape(line))
    return "\n\n".join(paragraphs) + "\n"


def page(block, headers):
    parameters = block.get("parameters", [])
    labels = [parameter.get("label", parameter["id"]) for parameter in parameters]
    parts = [f"# {escape(block['label'])}\n"]
    parts.append(
        f"Block {code(block['id'])} of GNU Radio Companion, "
        f"in {escape(category(block))}.\n"
    )
    parts.append(prose(block.get("documentation", ""), labels))
    rows = list(parameter_rows(parameters))
    if rows:
        parts.append("## Parameters\n")
        parts.append(table(("parameter", "name", "type", "default", "choices"), rows))
    ports = list(port_rows("in", block.get("inputs", [])))
    ports += port_rows("out", block.get("outputs", []))
    if ports:
        parts.append("## Ports\n")
        parts.append(table(("", "port", "items", "how many", ""), ports))
    if block.get("asserts"):
        parts.append("## Refused unless\n")
        parts.append("\n".join(f"- {code(expression(check))}" for check in block["asserts"]) + "\n")
    name = block["id"].removeprefix("isac_")
    if (headers / f"{name}.h").exists():
        parts.append("## In C++ and Python\n")
        parts.append(
            "The same functions are methods of "
            f"`gr::isac::{name}` in C++ and of `gnuradio.isac.{name}` in Python.\n"
        )
        parts.append(f"```{{doxygenclass}} gr::isac::{name}\n:members:\n```\n")
    return "\n".join(parts)


def category(block):
    return " / ".join(re.findall(r"[^\[\]/]+", block.get("category", "")))


def summary(block):
    """The first sentence of the documentation."""
    text = " ".join(block.get("documentation", "").split("\n\n")[0].split())
    return re.split(r"(?<=[.:])\s", text, maxsplit=1)[0].rstrip(":")


def make(descriptions, headers):
    """{file: text} of all pages below the folder of the reference."""
    blocks = []
    for description in sorted(Path(descriptions).glob("*.block.yml")):
        block = yaml.safe_load(description.read_text(encoding="utf-8"))
        if not str(block.get("documentation", "")).strip():
            raise SystemExit(f"{description}: no documentation")
        blocks.append(block)
    blocks.sort(key=lambda block: (category(block), block["label"]))

    pages = {f"blocks/{block['id']}.md": page(block, headers) for block in blocks}
    lines = ["# Blocks\n", "As GNU Radio Companion shows them.\n"]
    for group in dict.fromkeys(map(category, blocks)):
        lines.append(f"## {escape(group)}\n")
        rows = [
            (f"[{escape(block['label'])}]({block['id']}.md)", escape(summary(block)))
            for block in blocks
            if category(block) == group
        ]
        lines.append(table(("block", ""), rows))
    lines.append("```{toctree}\n:hidden:\n")
    lines += [block["id"] for block in blocks]
    lines.append("```\n")
    pages["blocks/index.md"] = "\n".join(lines)
    return pages
