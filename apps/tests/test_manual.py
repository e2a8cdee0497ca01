# SPDX-License-Identifier: GPL-3.0-or-later
"""Manual pages and completions of all programs."""

import re
import subprocess
import sys

import pytest
from programs import BUILD, SOURCE, run

MANUAL = BUILD / "apps" / "manual"
PROGRAMS = sorted(path.name for path in (BUILD / "apps").glob("isac_*")
                  if path.is_file() and path.suffix == "")

sys.path.insert(0, str(SOURCE / "apps" / "manual"))
import program_help # noqa: E402


def options_of(name):
    """The long options in a program's help."""
    text = run(name, "--help").stdout
    return re.findall(r"^  (?:-\w(?: \[ |, ))?(--[\w-]+)", text, re.MULTILINE)


def checked(*command):
    result = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=60,
                            check=False)
    assert result.returncode == 0, (command, result.stdout, result.stderr)
    assert not result.stderr.strip(), (command, result.stderr)
    return result.stdout


def completed(name, *words):
    """What bash offers for the last of the words."""
    line = " ".join(f"'{word}'" for word in (name, *words))
    return checked("bash", "--norc", "-c", f"""
        compopt() {{ :; }} # only while bash itself asks
        source '{MANUAL / name}.bash'
        COMP_WORDS=({line})
        COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
        $(complete -p {name} | sed 's/.*-F \\([^ ]*\\).*/\\1/')
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """).split()


def test_programs_are_there():
    assert {"isac_simulate", "isac_train", "isac_inspect", "isac_plot_training"} <= set(PROGRAMS)


@pytest.mark.parametrize("name", PROGRAMS)
def test_manual_page(name):
    page = MANUAL / f"{name}.1"
    assert checked("mandoc", "-T", "lint", "-W", "warning", page) == ""
    shown = checked("mandoc", "-T", "utf8", page)
    shown = re.sub(".\b", "", shown) # overstrikes
    for section in ("NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "SEE ALSO"):
        assert re.search(f"^{section}$", shown, re.MULTILINE), section
    options = options_of(name)
    assert "--help" in options
    for option in options:
        assert re.search(rf"^ +(-\w, )?{option}\b", shown, re.MULTILINE), option
    others = set(PROGRAMS) - {name}
    assert all(f"{other}(1)" in shown for other in others)


@pytest.mark.parametrize("name", PROGRAMS)
def test_completion_of_bash(name):
    assert set(completed(name, "--")) == set(options_of(name))
    assert completed(name, "--nothing-begins-so") == []


def test_bash_completes_options_words_and_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scene.yml").write_text("")
    (tmp_path / "scenes").mkdir()
    (tmp_path / "other.yml").write_text("")
    assert completed("isac_simulate", "--re") == [
        option for option in options_of("isac_simulate") if option.startswith("--re")]
    assert "--receiver" in completed("isac_simulate", "--re")
    assert completed("isac_simulate", "--receiver", "m") == ["music", "monostatic", "ml"]
    assert completed("isac_simulate", "--receiver", "=", "mu") == ["music"]
    assert completed("isac_simulate", "--receiver", "=")[0] == "dvqvae"
    assert sorted(completed("isac_simulate", "--scenario", "sc")) == ["scene.yml", "scenes"]
    assert completed("isac_evaluate", "--out", "sc") == ["scenes"]
    assert completed("isac_simulate", "--frames", "") == []
    assert completed("isac_simulate", "sc") == [] # takes no argument without an option
    assert "other.yml" in completed("isac_inspect", "o")
    assert completed("isac_plot_training", "--kind", "b") == ["bits"]


@pytest.mark.parametrize("name", PROGRAMS)
def test_completions_of_zsh_and_fish(name):
    zsh, fish = MANUAL / f"_{name}", MANUAL / f"{name}.fish"
    checked("zsh", "-n", zsh)
    assert zsh.read_text().splitlines()[0] == f"#compdef {name}"
    checked("fish", "--no-execute", fish)
    offered = checked("fish", "--no-config", "--private", "-c",
                      f"source {fish}; complete -C '{name} --'")
    assert {line.split("\t")[0].rstrip("=") for line in offered.splitlines()} >= set(
        options_of(name))


def test_words_of_an_option_are_those_of_its_help():
    text = """Usage: isac_x --kind WORD

Does it.

Options:
  --kind WORD (=raw)    how: raw or reference
  --reference WORD      raw, pilot, or none
                        of them
  --frames N (=5)       how many
  -h [ --help ]         print this text and exit
"""
    program = program_help.parse("isac_x", text)
    options = {option.long: option for option in program.options}
    assert options["--reference"].choices == ["raw", "pilot"]
    assert options["--reference"].text == "raw, pilot, or none of them"
    assert options["--kind"].choices == []
    assert options["--frames"].default == "5"
    assert options["--help"].names == ["-h", "--help"]
    assert options["--help"].kind == "none"
    assert program.purpose == "does it"


@pytest.mark.parametrize("text", ["", "isac_x: failed\n", "Usage: isac_x\n\nDoes it.\n"])
def test_another_text_than_a_help_is_refused(text):
    with pytest.raises(program_help.HelpError, match="isac_x --help"):
        program_help.parse("isac_x", text)
