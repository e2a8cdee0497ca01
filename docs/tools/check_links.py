#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check that what the pages refer to is there: files, pictures and headings.

usage: check_links.py REPOSITORY

Reads every Markdown file of the repository's top, docs/ and examples/. Addresses outside of
the repository are not asked for. Pages below docs/reference are made by the build, and are
Sphinx's business, as are pictures that no page shows: docs/images has none of these.
"""

import re
import sys
from pathlib import Path

FENCE = re.compile(r"^(```|~~~).*?^\1\s*$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)")
HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*$", re.MULTILINE)


def without_code(text):
    return re.sub(r"`[^`\n]*`", "``", FENCE.sub("", text))


def anchors(text):
    """The headings' anchors, as GitHub and MyST make them."""
    found = set()
    for heading in HEADING.findall(FENCE.sub("", text)):
        heading = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "")
        anchor = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        number, unique = 0, anchor
        while unique in found:
            number += 1
            unique = f"{anchor}-{number}"
        found.add(unique)
    return found


def check_page(page, root):
    """Complaints about one page, and the files that it refers to."""
    complaints, used = [], set()
    for target in LINK.findall(without_code(page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z][a-z+.-]*:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if file.is_relative_to(root / "docs/reference"):
            continue
        if not file.exists():
            complaints.append(f"{page.relative_to(root)}: there is no {target}")
            continue
        used.add(file)
        if anchor and file.suffix == ".md":
            if anchor not in anchors(file.read_text(encoding="utf-8")):
                complaints.append(f"{page.relative_to(root)}: no heading for {target}")
    return complaints, used


def main():
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        print(__doc__, file=sys.stderr)
        return 2
    root = Path(sys.argv[1]).resolve()
    pages = [*root.glob("*.md"), *root.glob("docs/*.md"), *root.glob("examples/**/*.md")]
    complaints, used = [], set()
    for page in sorted(pages):
        found, files = check_page(page, root)
        complaints += found
        used |= files
    for picture in sorted((root / "docs/images").iterdir()):
        if picture not in used:
            complaints.append(f"{picture.relative_to(root)}: no page shows it")
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    print(f"{len(pages)} pages checked, {len(complaints)} complaints")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
