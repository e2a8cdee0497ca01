# SPDX-License-Identifier: GPL-3.0-or-later
"""A manual page from a program's help."""

import re

LINE = 78

EXIT_CODES = (
    ("0", "Done."),
    ("1", "Something failed; what it was stands on stderr, on one line."),
    ("2", "Wrong arguments."),
    ("130", "Interrupted."),
)


def escaped(text):
    """Text as troff takes it."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    text = re.sub(r"[^\x00-\x7f]", lambda match: f"\\[u{ord(match[0]):04X}]", text)
    return "\\&" + text if text[:1] in (".", "'") else text


def quoted(text):
    """Text as one argument of a troff request."""
    return '"' + escaped(text).replace('"', '\\(dq') + '"'


def emphasised(text):
    """Names of options in bold."""
    parts = re.split(r"(?<![\w-])(--[a-z][\w-]*)", text)
    return "".join(f"\\fB{escaped(part)}\\fR" if at % 2 else escaped(part)
                   for at, part in enumerate(parts)).removeprefix("\\&")


def filled(text):
    """Text that has been escaped, as lines that are not too long."""
    lines = [""]
    for word in re.split(r"(?<!\\) +", text):
        if lines[-1] and len(lines[-1]) + 1 + len(word) > LINE:
            lines.append("")
        lines[-1] += (" " if lines[-1] else "") + word
    return ["\\&" + line if line[:1] in (".", "'") else line for line in lines]


def sentences(text):
    """Text of a paragraph; a new line after each sentence, as manual pages have it."""
    # The end of a line must not make an abbreviation the end of a sentence.
    text = [re.sub(r"\b(Fig|Eq|e\.g|i\.e)\. ", r"\1.\\ ", emphasised(sentence))
            for sentence in re.split(r"(?<=[a-z)]\.) +(?=[A-Z])", text)]
    return [line for sentence in text for line in filled(sentence)]


def option_head(option):
    """"-h, --help" or "--frames N", as a line with fonts."""
    names = ", ".join(f"\\fB{escaped(name)}\\fR" for name in option.names)
    return names + (f" \\fI{escaped(option.value)}\\fR" if option.value else "")


def page(program, version, date, others):
    """The page of a program_help.Help; others: names of pages to see also."""
    lines = [
        '.\\" SPDX-License-Identifier: GPL-3.0-or-later',
        f'.\\" Made from {program.name} --help.',
        f'.TH {quoted(program.name.upper())} 1 "{date}" {quoted("gr-isac " + version)} '
        '"User Commands"',
        ".SH NAME",
        f"{escaped(program.name)} \\- {escaped(program.purpose)}",
        ".SH SYNOPSIS",
        ".nh",
    ]
    for at, usage in enumerate(program.usage):
        if at:
            lines.append(".br")
        lines += [f".B {escaped(program.name)}"] + (filled(escaped(usage)) if usage else [])
    lines += [".hy", ".SH DESCRIPTION"]
    for at, paragraph in enumerate(program.summary):
        lines += ([".PP"] if at else []) + sentences(paragraph)
    lines.append(".SH OPTIONS")
    for at, (title, options) in enumerate(program.groups.items()):
        if at:
            lines.append(f".SS {quoted(title)}")
        for option in options:
            lines += [".TP", option_head(option)]
            text = sentences(option.text) if option.text else []
            if option.default and "default" not in option.text:
                text.append(f"Default: {escaped(option.default)}.")
            lines += text or ["\\&"]
    lines.append(".SH EXIT STATUS")
    for code, meaning in EXIT_CODES:
        lines += [".TP", f".B {code}", escaped(meaning)]
    see = [f".BR {escaped(name)} (1)" for name in sorted(others) if name != program.name]
    lines += [".SH SEE ALSO", *(line + "," for line in see[:-1]), *see[-1:]]
    return "\n".join(lines) + "\n"
