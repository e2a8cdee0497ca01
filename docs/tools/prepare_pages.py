#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Copy the pages to a folder of the build and add those of the reference, which are made
from the block descriptions, the headers, the Python package and what the built programs say
with --help."""

import argparse
import shutil
from pathlib import Path

import block_pages
import command_pages
import library_pages
import python_pages

PAGES = ("*.md", "conf.py", "extensions/*.py", "images/*")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", type=Path, required=True, help="the repository")
    parser.add_argument("--programs", type=Path, required=True, help="folder of the built ones")
    parser.add_argument("--xml", type=Path, required=True, help="what Doxygen made")
    parser.add_argument("--out", type=Path, required=True, help="folder for the pages")
    arguments = parser.parse_args()

    docs = arguments.source / "docs"
    shutil.rmtree(arguments.out, ignore_errors=True)
    for pattern in PAGES:
        for page in docs.glob(pattern):
            target = arguments.out / page.relative_to(docs)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(page, target)

    blocks = block_pages.make(
        arguments.source / "grc", arguments.source / "include/gnuradio/isac"
    )
    names = {Path(page).stem.replace("isac_", "", 1) for page in blocks}
    reference = {
        **blocks,
        **library_pages.make(arguments.xml, names),
        **python_pages.make(arguments.source / "python/isac"),
        **command_pages.make(arguments.programs),
    }
    for name, text in reference.items():
        page = arguments.out / "reference" / name
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
