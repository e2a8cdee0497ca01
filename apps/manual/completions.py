# SPDX-License-Identifier: GPL-3.0-or-later
"""Completions of bash, zsh and fish from a program's help."""

import re

HEADER = "# SPDX-License-Identifier: GPL-3.0-or-later\n# Made from {name} --help.\n"


def names_of(program, kind):
    return [name for option in program.options if option.kind == kind for name in option.names]


def bash(program):
    """For bash 4.4 and newer; without functions of the package bash-completion."""
    function = "_" + program.name
    lines = [HEADER.format(name=program.name), f"{function}()", "{"]
    lines.append("""\
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}
    # --option=value comes as three words.
    if [[ $current == = ]]; then
        current=
    elif [[ $previous == = && COMP_CWORD -ge 2 ]]; then
        previous=${COMP_WORDS[COMP_CWORD-2]}
    fi
    COMPREPLY=()
    case $previous in""")

    def case(names, *commands):
        if names:
            lines.append("    " + " | ".join(names) + ")")
            lines.extend("        " + command for command in (*commands, "return", ";;"))

    complete = 'mapfile -t COMPREPLY < <(compgen {} -- "$current")'
    case(names_of(program, "file"), "compopt -o filenames", complete.format("-f"))
    case(names_of(program, "folder"), "compopt -o filenames", complete.format("-d"))
    for option in program.options:
        if option.kind == "words":
            case(option.names, complete.format(f"-W '{' '.join(option.choices)}'"))
    case(names_of(program, "other")) # what nobody knows before
    lines.append("    esac")
    words = " ".join(option.long for option in program.options)
    lines.append("    if [[ $current == -* ]]; then")
    lines.append("        " + complete.format(f"-W '{words}'"))
    if program.takes_files:
        lines += ["    else", "        compopt -o filenames", "        " + complete.format("-f")]
    lines += ["    fi", "}", f"complete -F {function} {program.name}"]
    return "\n".join(lines) + "\n"


def first_words(text):
    """As much of an option's text as a line has room for."""
    words = text.split()
    while len(" ".join(words)) > 60:
        del words[-1]
    return " ".join(words).rstrip(",;:") + ("" if len(words) == len(text.split()) else " ...")


def zsh(program):
    """A function of zsh's completion system; its file is _NAME."""
    lines = [f"#compdef {program.name}", HEADER.format(name=program.name), "_arguments \\"]
    actions = {"file": "_files", "folder": "_files -/", "other": " "}
    for option in program.options:
        text = re.sub(r"([\[\]:\\])", r"\\\1", first_words(option.text)).replace("'", "'\\''")
        value = ""
        if option.kind != "none":
            action = actions.get(option.kind) or f"({' '.join(option.choices)})"
            value = f":{re.sub(r'([:])', r'-', option.value.strip('{}'))}:{action}"
        repeated = "*" if "the option again" in option.text else ""
        for name in option.names:
            lines.append(f"    '{repeated}{name}[{text}]{value}' \\")
    lines.append("    '*:file:_files'" if program.takes_files else "    && return 0")
    return "\n".join(lines) + "\n"


def fish(program):
    """Commands for a file of fish's completions."""
    lines = [HEADER.format(name=program.name).rstrip()]
    if not program.takes_files:
        lines.append(f"complete -c {program.name} -f")
    flags = {"file": " -r -F", "folder": " -x -a '(__fish_complete_directories)'", "other": " -x"}
    for option in program.options:
        text = first_words(option.text).replace("\\", "\\\\").replace("'", "\\'")
        short = "".join(f" -s {name[1:]}" for name in option.names if name != option.long)
        value = flags.get(option.kind, "")
        if option.kind == "words":
            value = f" -x -a '{' '.join(option.choices)}'"
        lines.append(f"complete -c {program.name} -l {option.long[2:]}{short}{value} -d '{text}'")
    return "\n".join(lines) + "\n"
