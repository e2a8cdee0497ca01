# SPDX-License-Identifier: GPL-3.0-or-later
"""What a program says with --help, taken apart: for its manual page and its completions."""

import dataclasses
import os
import re
import subprocess

# Words that an option takes, wherever its help names them.
WORDS = {
    "--architecture": ("paper", "lite", "cnn"),
    "--device": ("auto", "cpu", "cuda"),
    "--latents": ("quantized", "float32", "float16"),
    "--precision": ("float32", "bfloat16", "float16"),
    "--receiver": ("dvqvae", "music", "cs", "monostatic", "cnn", "dvae", "ml"),
    "--reference": ("raw", "pilot", "reference"),
    "--removal": ("none", "direct", "projection"),
    "--role": ("all", "ap", "cu"),
    "--scheme": ("music", "cs", "ml"),
    "--sync": ("time", "preamble"),
}


class HelpError(Exception):
    """The text is not that of one of the programs."""


@dataclasses.dataclass
class Option:
    """names: "--frames" and the like; value: "N", "" of a switch; default: "" of none."""

    names: list
    value: str
    default: str
    text: str

    @property
    def long(self):
        return next(name for name in self.names if name.startswith("--"))

    @property
    def choices(self):
        """The words that the option takes, where they are known."""
        braces = re.fullmatch(r"\{(.*)\}", self.value)
        if braces:
            return braces[1].split(",")
        return [word for word in WORDS.get(self.long, ())
                if re.search(rf"\b{re.escape(word)}\b", self.text)]

    @property
    def kind(self):
        """Of the value: "none", "file", "folder", "words" or "other"."""
        if not self.value:
            return "none"
        if self.choices:
            return "words"
        if self.value.startswith("FILE"):
            return "file"
        return "folder" if self.value == "DIR" else "other"


@dataclasses.dataclass
class Help:
    """usage: lines after the name; summary: paragraphs; groups: title → options."""

    name: str
    usage: list
    summary: list
    groups: dict
    positional: list

    @property
    def options(self):
        return [option for options in self.groups.values() for option in options]

    @property
    def takes_files(self):
        """Whether an argument without an option is the name of a file."""
        return bool(self.positional) or any(
            re.match(r"(MODEL|NAME|LOG|\[?CSV)\b", line) for line in self.usage)

    @property
    def purpose(self):
        """The first words of the summary, as `whatis` shows them."""
        words = re.split(r"[.,:;] |[.:]$", self.summary[0])[0]
        return words[:1].lower() + words[1:]


def help_of(program):
    """Help of an executable file.

    Raises HelpError where it fails or says something else.
    """
    run = subprocess.run([program, "--help"], capture_output=True, text=True, timeout=120,
                         stdin=subprocess.DEVNULL, check=False,
                         env={**os.environ, "COLUMNS": "1000", "LC_ALL": "C.UTF-8"})
    if run.returncode != 0:
        raise HelpError(f"{program} --help ends with {run.returncode}: {run.stderr.strip()}")
    return parse(os.path.basename(program), run.stdout)


def parse(name, text):
    """Take the help of Boost.Program_options or argparse apart."""
    head, blocks = split(text)
    usage, summary = head_of(name, head)
    groups, positional = {}, []
    for title, lines in blocks:
        if title == "positional arguments":
            positional = [line.split()[0] for line in lines if re.match(r"  \S", line)]
        else:
            groups[title[:1].upper() + title[1:]] = options_of(lines)
    result = Help(name, usage, summary, groups, positional)
    if not usage or not summary or not result.options:
        raise HelpError(f"{name} --help: no usage, summary or options found")
    return result


def split(text):
    """The lines before the first group, and the groups: title, lines."""
    head, blocks = [], []
    lines = text.rstrip().split("\n")
    for at, line in enumerate(lines):
        following = next((other for other in lines[at + 1:] if other.strip()), "")
        starts = re.match(r"  -", following) or line == "positional arguments:"
        if re.fullmatch(r"\S.*:", line) and starts:
            blocks.append((line[:-1], []))
        elif blocks:
            blocks[-1][1].append(line)
        else:
            head.append(line)
    return head, blocks


def head_of(name, lines):
    """Lines of usage after the program's name, and paragraphs of the summary."""
    paragraphs = [part for part in re.split(r"\n\s*\n", "\n".join(lines)) if part.strip()]
    if not paragraphs or not re.match(r"usage: ", paragraphs[0], re.IGNORECASE):
        raise HelpError(f"{name} --help: does not begin with the usage")
    usage = []
    for line in paragraphs[0][len("usage: "):].split("\n"):
        line = line.strip()
        if line == name or line.startswith(name + " "):
            usage.append(line[len(name):].strip())
        else:
            usage[-1] += " " + line
    return usage, [" ".join(part.split()) for part in paragraphs[1:]]


def options_of(lines):
    """Options of a group: their lines begin with two spaces, texts in a common column."""
    further = [len(line) - len(line.lstrip()) for line in lines if re.match(r" {8,}\S", line)]
    column = min(further) if further else None
    options = []
    for line in lines:
        if re.match(r"  -", line):
            options.append(option_of(line, column))
        elif line.strip() and options:
            options[-1].text = (options[-1].text + " " + line.strip()).strip()
    return options


def option_of(line, column):
    """The option that a line begins with."""
    if column is not None and len(line) > column and line[column - 1] == " ":
        head, text = line[:column].strip(), line[column:].strip()
    else:
        head, _, text = line.strip().partition("  ")
    match = re.fullmatch(
        r"(?:(-\w)(?: \[ | ?, ))?(--[\w-]+)(?: \])?(?: ([^(\s]\S*(?: \[\S+ \.\.\.\])?))?"
        r"(?: \(=(.*)\))?", head)
    if not match:
        raise HelpError(f"no option: {line!r}")
    short, long, value, default = match.groups()
    return Option([short, long] if short else [long], value or "", default or "", text.strip())
