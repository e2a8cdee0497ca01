# SPDX-License-Identifier: GPL-3.0-or-later
"""What isac_access_point and isac_central_unit refuse, in arguments and in their file, and the
units of systemd that start them."""

import re
import shutil
import subprocess

import pytest
from programs import BUILD, LITE, SCENARIOS, SHIPPED_MODEL, SOURCE, expect_error, run

SDR = SCENARIOS / "sdr_2x2.yml"
AP = ["--scenario", LITE, "--access-point", "0", "--simulate", "--scheme", "ml", "--central",
      "tcp://127.0.0.1:9", "--security", "none"]  # fmt: skip
CENTRAL = ["--scenario", LITE, "--scheme", "ml", "--security", "none", "--listen",
           "tcp://127.0.0.1:*"]  # fmt: skip


def without(arguments, option, values=1):
    at = arguments.index(option)
    return arguments[:at] + arguments[at + 1 + values :]


def with_value(arguments, option, value):
    return [*without(arguments, option), option, value]


@pytest.mark.parametrize(
    "arguments, parts",
    [
        (without(AP, "--scenario"), ["--scenario"]),
        (with_value(AP, "--scenario", "none.yml"), ["none.yml"]),
        (without(AP, "--access-point"), ["--access-point"]),
        (with_value(AP, "--access-point", "2"), ["--access-point 2", "0 to 1"]),
        (with_value(AP, "--access-point", "-1"), ["access-point", "-1"]),
        (without(AP, "--simulate", 0), ["--radio", "--recording", "--simulate"]),
        ([*AP, "--radio", "driver=isac"], ["--radio", "--simulate"]),
        ([*AP, "--recording", "x"], ["--recording", "--simulate"]),
        ([*without(AP, "--simulate", 0), "--radio", "driver=isac"], ["lite.yml", "radio"]),
        ([*AP, "--gain-db", "3"], ["--gain-db", "--simulate"]),
        ([*AP, "--sync-mode", "time"], ["--sync-mode", "--simulate"]),
        ([*without(AP, "--simulate", 0), "--recording", "x", "--static-clutter", "all"],
         ["--static-clutter", "all", "projection"]),
        (without(AP, "--scheme"), ["--model", "--scheme"]),
        ([*AP, "--model", SHIPPED_MODEL], ["--model", "--scheme"]),
        (with_value(AP, "--scheme", "mmse"), ["--scheme", "mmse", "music"]),
        (with_value(AP, "--scheme", "monostatic"), ["--scheme monostatic", "fronthaul"]),
        ([*without(AP, "--scheme"), "--model", "none.safetensors"], ["none.safetensors"]),
        ([*without(AP, "--scheme"), "--model", SOURCE / "examples/models/lite-cnn.safetensors"],
         ["lite-cnn.safetensors", "raw echoes"]),
        ([*with_value(without(AP, "--scheme"), "--scenario", SDR), "--model", SHIPPED_MODEL],
         ["lite.safetensors", "sdr-2x2"]),
        (without(AP, "--central"), ["--central"]),
        (with_value(AP, "--central", "nowhere"), ["nowhere"]),
        (with_value(AP, "--security", "ssl"), ["--security", "ssl"]),
        (with_value(AP, "--security", "curve"), ["key_file"]),
        ([*AP, "--key-file", "none.key"], ["none.key", "none"]),
        ([*with_value(AP, "--security", "curve"), "--key-file", "no.key", "--server-key-file",
          "no.pub"], ["no.key"]),
        ([*AP, "--queue", "0"], ["queue", "0"]),
        ([*AP, "--queue", "65537"], ["--queue 65537"]),
        ([*AP, "--health-s", "-1"], ["--health-s"]),
        ([*AP, "--health-s", "soon"], ["health-s", "soon"]),
        ([*AP, "--compute", "tpu"], ["--compute", "tpu"]),
        ([*AP, "--config", "none.yml"], ["none.yml"]),
        ([*AP, "--verbose"], ["verbose"]),
    ],
)  # fmt: skip
def test_wrong_arguments_of_the_access_point(arguments, parts):
    expect_error(run("isac_access_point", *arguments), 2, *parts)


@pytest.mark.parametrize(
    "arguments, parts",
    [
        (without(CENTRAL, "--scenario"), ["--scenario"]),
        (without(CENTRAL, "--scheme"), ["--model", "--scheme"]),
        (with_value(CENTRAL, "--listen", "udp://0.0.0.0:5550"), ["--listen", "udp://"]),
        (with_value(CENTRAL, "--listen", "tcp://0.0.0.0"), ["--listen"]),
        (with_value(CENTRAL, "--listen", "tcp://0.0.0.0:65535"), ["--listen", "65535"]),
        (with_value(CENTRAL, "--listen", "tcp://0.0.0.0:0"), ["--listen", ":0"]),
        (with_value(CENTRAL, "--security", "curve"), ["key_file"]),
        ([*CENTRAL, "--authorised-file", "x"], ["authorised_file"]),
        ([*CENTRAL, "--deadline-s", "-1"], ["deadline", "-1"]),
        ([*CENTRAL, "--publish-udp", "localhost"], ["localhost", "HOST:PORT"]),
        ([*CENTRAL, "--publish-udp", "localhost:70000"], ["localhost:70000"]),
        ([*CENTRAL, "--estimates", "-"], ["--estimates"]),
        ([*CENTRAL, "--frames", "-3"], ["frames", "-3"]),
        ([*CENTRAL, "--access-point", "0"], ["access-point"]),
    ],
)
def test_wrong_arguments_of_the_central_unit(arguments, parts):
    expect_error(run("isac_central_unit", *arguments), 2, *parts)


def test_too_many_targets_for_a_datagram(tmp_path):
    text = LITE.read_text(encoding="utf-8")
    assert text.count("targets:\n  count: 2") == 1
    scenario = tmp_path / "many.yml"
    scenario.write_text(text.replace("targets:\n  count: 2", "targets:\n  count: 300"))
    wrong = run("isac_central_unit", *with_value(CENTRAL, "--scenario", scenario),
                "--publish-udp", "127.0.0.1:5601")  # fmt: skip
    expect_error(wrong, 2, "127.0.0.1:5601", "65507")


@pytest.mark.parametrize(
    "text, line, parts",
    [
        ("scenario: x.yml\nscenarios: x.yml\n", 2, ["scenarios"]),
        ("scenario: x.yml\n\nscenario: y.yml\n", 3, ["scenario", "twice"]),
        ("queue: many\n", 1, ["queue", "many"]),
        ("# a comment\nqueue: [1, 2]\n", 2, ["queue"]),
        ("queue: 2.5\n", 1, ["queue", "2.5"]),
        ("scheme: {name: ml}\n", 1, ["scheme"]),
        ("json: yes please\n", 1, ["json", "true or false"]),
        ('json: "true"\n', 1, ["json", "true or false"]),
        ("key-file: x\n", 1, ["key-file"]),
        ("config: other.yml\n", 1, ["config"]),
        ("help: true\n", 1, ["help"]),
        ("a: b: c\n", 1, []),
        ("health_s: .nan\n", 1, ["health_s", ".nan"]),
    ],
)
def test_wrong_config_files(tmp_path, text, line, parts):
    path = tmp_path / "wrong.yml"
    path.write_text(text, encoding="utf-8")
    for name in ("isac_access_point", "isac_central_unit"):
        expect_error(run(name, "--config", path), 2, f"wrong.yml:{line}:", *parts)


def test_config_files_that_are_none(tmp_path):
    path = tmp_path / "list.yml"
    path.write_text("- scenario\n", encoding="utf-8")
    expect_error(run("isac_central_unit", "--config", path), 2, "list.yml", "mapping")
    expect_error(run("isac_central_unit", "--config", tmp_path), 2, tmp_path.name)
    path.write_text("x" * (1 << 20) + "\n", encoding="utf-8")
    expect_error(run("isac_central_unit", "--config", path), 2, "list.yml", "1048576")


@pytest.mark.parametrize("name", ["access-point", "central-unit"])
def test_units_and_their_config_files(tmp_path, name):
    program = "isac_" + name.replace("-", "_")
    options = set(re.findall(r"--([a-z-]+)", run(program, "--help").stdout))
    unit = (BUILD / "apps" / "systemd" / f"isac-{name}.service").read_text(encoding="utf-8")
    [command] = re.findall(r"^ExecStart=(.*)$", unit, re.MULTILINE)
    path, *arguments = command.split()
    assert path.endswith(f"/bin/{program}")
    assert arguments[0::2] == ["--config"] and arguments[1] == f"/etc/gr-isac/{name}.yml"
    assert set(argument[2:] for argument in arguments[0::2]) <= options
    for line in ("Type=notify", "Restart=on-failure", "RestartPreventExitStatus=2",
                 "NoNewPrivileges=yes", "ProtectSystem=strict", "User=gr-isac"):  # fmt: skip
        assert line in unit.splitlines()
    if shutil.which("systemd-analyze"):
        copy = tmp_path / f"isac-{name}.service"
        copy.write_text(unit.replace(path, str(BUILD / "apps" / program)), encoding="utf-8")
        verified = subprocess.run(["systemd-analyze", "verify", str(copy)], capture_output=True,
                                  text=True, check=False)  # fmt: skip
        assert verified.returncode == 0 and copy.name not in verified.stderr, verified.stderr
    example = SOURCE / "apps" / "systemd" / f"{name}.yml.example"
    keys = re.findall(r"^#?([a-z_]+): ", example.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(keys) > 10
    assert {key.replace("_", "-") for key in keys} <= options
