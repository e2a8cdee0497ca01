# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages of the library, a page for each folder of its headers. What is in a header is read
from Doxygen's XML; Breathe shows it."""

import xml.etree.ElementTree as ElementTree
from collections import defaultdict
from pathlib import Path

FOLDERS = {
    "scenario": ("Scenario", "what exists: waveform, arrays, scene, clutter, clocks"),
    "signal": ("Signal", "what happens: precoder, channels, front end, Cramér-Rao bound"),
    "nn": ("Networks", "encoder, quantizer, decoder, model files, engines"),
    "estimators": ("Estimators", "estimators without a network"),
    "fronthaul": ("Fronthaul", "packets, and their way over a network"),
    "recording": ("Recordings", "SigMF: recorder, player, metadata"),
    "training": ("Training", "samples, roles, trainer, transport"),
    "evaluation": ("Evaluation", "matching, scores, sweeps"),
}
DIRECTIVES = {
    "class": "doxygenclass",
    "struct": "doxygenstruct",
    "function": "doxygenfunction",
    "enum": "doxygenenum",
    "typedef": "doxygentypedef",
    "variable": "doxygenvariable",
}


def directive(kind, name):
    members = ":members:\n" if kind in ("class", "struct") else ""
    return f"```{{{DIRECTIVES[kind]}}} {name}\n{members}```\n"


def signature(scope, member):
    """The name of a member of a namespace, with the types of a function's parameters."""
    name = f"{scope}::{member.findtext('name')}"
    if member.get("kind") != "function":
        return name
    types = ["".join(parameter.find("type").itertext()) for parameter in member.iter("param")
             if parameter.find("declname") is not None or parameter.find("type") is not None]
    template = member.find("templateparamlist")
    if template is not None:
        types = types[len(template.findall("param")):]
    const = " const" if member.get("const") == "yes" else ""
    return f"{name}({', '.join(types)}){const}"


def symbols(xml):
    """{header: [(line, kind, name)]} of all that stands in a namespace."""
    found = defaultdict(list)

    def add(element, kind, name):
        location = element.find("location")
        found[location.get("file")].append((int(location.get("line")), kind, name))

    xml = Path(xml)
    classes = set()
    index = ElementTree.parse(xml / "index.xml").getroot()
    for entry in index.iter("compound"):
        if entry.get("kind") != "namespace":
            continue
        compound = ElementTree.parse(xml / f"{entry.get('refid')}.xml").find("compounddef")
        scope = compound.findtext("compoundname")
        for member in compound.iter("memberdef"):
            add(member, member.get("kind"), signature(scope, member))
        classes.update(inner.get("refid") for inner in compound.findall("innerclass"))
    for refid in classes:
        compound = ElementTree.parse(xml / f"{refid}.xml").find("compounddef")
        add(compound, compound.get("kind"), compound.findtext("compoundname"))
    return {header: sorted(entries) for header, entries in found.items()}


def section(header, entries):
    parts = [f"## {header}\n"]
    parts += [directive(kind, name) for _, kind, name in entries]
    return "\n".join(parts)


def make(xml, blocks):
    """{file: text} of all pages below the folder of the reference.

    xml: folder of Doxygen's output; blocks: names of those that have a page of their own
    """
    found = symbols(xml)
    folders = {Path(header).parent.name for header in found if header.startswith("cfisac/")}
    if folders - FOLDERS.keys():
        raise SystemExit(f"docs/tools/library_pages.py: add {folders - FOLDERS.keys()}")

    pages = {}
    lines = [
        "# Library\n",
        "The public headers of `cfisac`. Numbers in parentheses are equations of the\n"
        "publication, see [theory](../../theory.md); shapes stand in brackets.\n",
        "| | |",
        "|---|---|",
    ]
    shown = [folder for folder in FOLDERS if folder in folders]
    for folder in shown:
        title, what = FOLDERS[folder]
        lines.append(f"| [{title}]({folder}.md) | {what} |")
        text = f"# {title}\n\nHeaders `cfisac/{folder}`: {what}.\n\n"
        pages[f"library/{folder}.md"] = text + "\n".join(
            section(header, found[header])
            for header in sorted(found)
            if header.startswith(f"cfisac/{folder}/")
        )

    text = "# What blocks share\n\nHeaders `gnuradio/isac` that are no block of their own.\n\n"
    pages["library/blocks.md"] = text + "\n".join(
        section(header, found[header])
        for header in sorted(found)
        if header.startswith("gnuradio/isac/") and Path(header).stem not in blocks
    )
    lines.append("| [What blocks share](blocks.md) | headers of the module |")
    lines += ["\n```{toctree}\n:hidden:\n", *shown, "blocks", "```\n"]
    pages["library/index.md"] = "\n".join(lines)
    return pages
