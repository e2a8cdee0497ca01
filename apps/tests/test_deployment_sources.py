# SPDX-License-Identifier: GPL-3.0-or-later
"""Access points and central unit as programs: recordings in the place of radios, and a decoder
that reads the transmit frames."""

import pytest
from programs import LITE, SCENARIOS, expect_error, run
from services import addresses
from test_replay import FRAMES, SEED, Session

pytestmark = [pytest.mark.alone, pytest.mark.usefixtures("one_thread")]
OPEN = ["--security", "none", "--compute", "cpu"]

#: Sizes of the printed network that are quick to run; its decoder reads the transmit frames.
SMALL_DENSE = """{"codeword_dim": 16, "codewords": 8,
  "dense": {"stem_channels": 8, "hidden_channels": 16, "residual_layers": 1,
            "residual_channels": 8, "latent_residual_layers": 1, "flat_features": 8,
            "fully_connected": 16}}"""


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    return Session(tmp_path_factory.mktemp("session"))


def access_point_of(session, m, *more):
    """Arguments of an access point that reads its recording."""
    return ["--scenario", session.file, "--scheme", "ml", *OPEN, "--access-point", m,
            "--recording", session.recordings()[m], *more]  # fmt: skip


@pytest.mark.parametrize("mode, removal", [("time", "direct"), ("preamble", "projection")])
def test_recordings_give_what_their_replay_gives(tmp_path, session, start, mode, removal):
    central = start("isac_central_unit", "--scenario", session.file, "--scheme", "ml", *OPEN,
                    "--listen", "tcp://127.0.0.1:*", "--deadline-s", 0,
                    "--estimates", tmp_path / "estimates.csv", "--health-s", 0.1)  # fmt: skip
    points = [
        start("isac_access_point", *access_point_of(
            session, m, "--sync-mode", mode, "--static-clutter", removal, "--central", address))
        for m, address in enumerate(addresses(central))
    ]  # fmt: skip
    for point in points:
        end = point.ended_well()  # with the recording
        assert end["sent"] == end["frames"] and end["dropped"] == "0"
        assert (end["locked"], end["locks_lost"], end["skipped"]) == ("1", "0", "-")
    frames = len(session.live[mode].frames)
    assert frames >= FRAMES - 1
    central.healthy(lambda told: int(told["frames"]) == frames, f"{frames} frames")
    assert central.stop()[0] == 0
    replay = run("isac_simulate", *sum((["--replay", str(file)] for file in session.recordings()),
                                       []),
                 "--sync", mode, "--removal", removal, "--device", "cpu",
                 "--estimates", tmp_path / "replayed.csv")  # fmt: skip
    assert replay.returncode == 0, replay.stderr
    assert (tmp_path / "estimates.csv").read_text() == (tmp_path / "replayed.csv").read_text()


def test_frames_of_a_recording_may_be_fewer(session, start):
    point = start("isac_access_point", *access_point_of(
        session, 0, "--sync-mode", "time", "--frames", 2, "--central", "tcp://127.0.0.1:9"))
    end = point.ended_well()
    assert (end["frames"], end["dropped"]) == ("2", "2")


def test_recordings_that_do_not_fit(tmp_path, session):
    to_central = ["--central", "tcp://127.0.0.1:9"]
    other = run("isac_access_point", "--scenario", SCENARIOS / "sdr_2x2.yml", "--scheme", "ml",
                *OPEN, "--access-point", 0, "--recording", session.recordings()[0],
                *to_central)  # fmt: skip
    expect_error(other, 2, "cf32-0", "frame_period_s")
    swapped = run("isac_access_point", "--scenario", session.file, "--scheme", "ml", *OPEN,
                  "--access-point", 1, "--recording", session.recordings()[0],
                  *to_central)  # fmt: skip
    expect_error(swapped, 2, "cf32-0", "access point 0")
    missing = run("isac_access_point", "--scenario", session.file, "--scheme", "ml", *OPEN,
                  "--access-point", 1, "--recording", tmp_path / "none", *to_central)  # fmt: skip
    expect_error(missing, 2, "none")
    seeded = run("isac_access_point", *access_point_of(session, 0, "--seed", 1, *to_central))
    expect_error(seeded, 2, "--seed", "--recording")


def test_decoder_that_reads_transmit_frames(tmp_path, start):
    """The central unit makes them from the seed, whichever access point is ahead."""
    (tmp_path / "dense.json").write_text(SMALL_DENSE)
    model = tmp_path / "dense.safetensors"
    made = run("isac_inspect", "--architecture", tmp_path / "dense.json", "--scenario", LITE,
               "--save", model)  # fmt: skip
    assert made.returncode == 0, made.stderr
    frames = 30
    common = ["--scenario", LITE, "--model", model, *OPEN]
    expected = tmp_path / "simulated.csv"
    result = run("isac_simulate", "--scenario", LITE, "--model", model, "--frames", frames,
                 "--seed", SEED, "--device", "cpu", "--estimates", expected)  # fmt: skip
    assert result.returncode == 0, result.stderr
    for deadline_s, seed in ((0, SEED), (20, SEED), (0, SEED + 1)):
        path = tmp_path / f"estimates-{deadline_s}-{seed}.csv"
        central = start("isac_central_unit", *common, "--listen", "tcp://127.0.0.1:*",
                        "--deadline-s", deadline_s, "--seed", seed, "--frames", frames,
                        "--estimates", path)  # fmt: skip
        for m, address in enumerate(addresses(central)):
            # The first one is ahead with all of its packets.
            start("isac_access_point", *common, "--access-point", m, "--simulate", "--fast",
                  "--seed", SEED, "--frames", frames, "--central", address).ended_well()
        central.ended_well()
        assert (path.read_text() == expected.read_text()) == (seed == SEED)
