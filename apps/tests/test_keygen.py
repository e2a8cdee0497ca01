# SPDX-License-Identifier: GPL-3.0-or-later
"""isac_keygen: files, their permissions, authorised keys, and what is refused."""

import re
import stat

import pytest
from programs import expect_error, run, run_json

KEY = r"[0-9a-zA-Z.\-:+=^!/*?&<>()\[\]{}@%$#]{40}"


def mode_of(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_help_and_version():
    result = run("isac_keygen", "--help")
    assert result.returncode == 0 and result.stderr == ""
    assert result.stdout.startswith("Usage: isac_keygen")
    for option in ["--public", "--authorise", "--access-point", "--label", "--force", "--json"]:
        assert option in result.stdout
    assert re.fullmatch(
        r"isac_keygen \(gr-isac\) \d+\.\d+\.\d+\n", run("isac_keygen", "--version").stdout
    )


def test_files(tmp_path):
    json, _ = run_json("isac_keygen", tmp_path / "ap")
    key, public = tmp_path / "ap.key", tmp_path / "ap.pub"
    assert mode_of(key) == 0o600 and mode_of(public) == 0o644
    assert json == {
        "key_file": str(key),
        "public_key_file": str(public),
        "public_key": json["public_key"],
    }
    assert public.read_text() == f"public {json['public_key']}\n"
    lines = [line for line in key.read_text().splitlines() if not line.startswith("#")]
    assert lines[0] == f"public {json['public_key']}"
    assert re.fullmatch(f"secret {KEY}", lines[1])


def test_overwrites_only_when_told(tmp_path):
    first, _ = run_json("isac_keygen", tmp_path / "ap")
    before = (tmp_path / "ap.key").read_text()
    expect_error(run("isac_keygen", tmp_path / "ap"), 1, "ap.key", "is there already")
    assert (tmp_path / "ap.key").read_text() == before
    (tmp_path / "ap.key").chmod(0o644)
    second, _ = run_json("isac_keygen", tmp_path / "ap", "--force")
    assert second["public_key"] != first["public_key"]
    assert mode_of(tmp_path / "ap.key") == 0o600


def test_authorise(tmp_path):
    authorised = tmp_path / "authorised"
    made, _ = run_json(
        "isac_keygen", tmp_path / "north", "--authorise", authorised, "--access-point", 0
    )
    assert (made["authorised_file"], made["access_point"]) == (str(authorised), 0)
    assert made["label"] == "north"
    assert run("isac_keygen", tmp_path / "south").returncode == 0
    of_file = ["isac_keygen", "--public", tmp_path / "south.pub", "--authorise", authorised]
    expect_error(run(*of_file, "--access-point", 0), 1, "access point 0", "north")
    added, _ = run_json(*of_file, "--access-point", 1, "--label", "south-mast")
    lines = [line for line in authorised.read_text().splitlines() if line[0] != "#"]
    assert lines == [f"0 {made['public_key']} north", f"1 {added['public_key']} south-mast"]
    # In the place of the old key.
    new, _ = run_json("isac_keygen", tmp_path / "new")
    replaced = run(
        "isac_keygen", "--public", tmp_path / "new.pub", "--authorise", authorised,
        "--access-point", 0, "--force",
    )  # fmt: skip
    assert replaced.returncode == 0
    text = authorised.read_text()
    assert new["public_key"] in text and made["public_key"] not in text


@pytest.mark.parametrize(
    "arguments, part",
    [
        ([], "--public"),
        (["a", "--public", "b.pub"], "--public"),
        (["a", "--authorise", "f"], "--access-point"),
        (["a", "--access-point", "1"], "--authorise"),
        (["a", "--authorise", "f", "--access-point", "65536"], "65535"),
        (["a", "--authorise", "f", "--access-point", "-1"], "-1"),
        (["--public", "b.pub"], "--authorise"),
        (["a", "--label", "x"], "--label"),
        (["a", "--bits", "256"], "bits"),
    ],
)
def test_wrong_arguments(arguments, part):
    expect_error(run("isac_keygen", *arguments), 2, part)


def test_wrong_files(tmp_path):
    expect_error(run("isac_keygen", tmp_path / "no" / "ap"), 1, "no/ap.key")
    run("isac_keygen", tmp_path / "ap")
    to_add = ["--authorise", tmp_path / "authorised", "--access-point", 1]
    secret = run("isac_keygen", "--public", tmp_path / "ap.key", *to_add)
    expect_error(secret, 1, "ap.key", "secret")
    missing = run("isac_keygen", "--public", tmp_path / "none.pub", *to_add)
    expect_error(missing, 1, "none.pub")
    label = run("isac_keygen", "--public", tmp_path / "ap.pub", *to_add, "--label", "a b")
    expect_error(label, 1, "'a b'")
    assert not (tmp_path / "authorised").exists()
