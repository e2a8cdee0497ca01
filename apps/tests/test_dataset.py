# SPDX-License-Identifier: GPL-3.0-or-later
"""The data set that isac_dataset writes, read with h5py and made again with NumPy."""

import h5py
import numpy as np
import pytest
import yaml
from programs import LITE, PAPER, SPACE, edited, run, run_json

SPEED_OF_LIGHT = 299792458.0


def write(path, scenario, frames, seed=11):
    figures, _ = run_json(
        *["isac_dataset", "--scenario", scenario, "--frames", frames],
        *["--seed", seed, "--out", path, "--device", "cpu"],
    )
    assert figures["frames"] == frames and figures["bytes"] == path.stat().st_size
    return h5py.File(path, "r")


def echo(scenario, transmit, location, velocity, reflection):
    """Equation (6) of one frame, term by term, without noise.

    transmit [N, N_t, S, T], location and velocity [Q, D], reflection [N, M, Q]
    → [M, M_r, S, T]. A receding target lowers the received frequency.
    """
    waveform = scenario["waveform"]
    loss = scenario["path_loss"]
    spacing = float(waveform["subcarrier_spacing_hz"])
    carrier = float(waveform["carrier_hz"])
    duration = 1 / spacing + float(waveform["cyclic_prefix_s"])
    S, T = transmit.shape[2:]
    i = waveform.get("subcarrier_step", 1) * np.arange(S)
    t = 1 + waveform.get("symbol_step", 1) * np.arange(T)

    def ray(point, q):
        """Distance, its rate, and the steering vector of an access point."""
        line = location[q] - np.array(point["position_m"], float)
        distance = np.linalg.norm(line)
        unit = line / distance
        cosine = unit @ np.array(point["axis"], float)
        antennas = np.arange(point["antennas"])
        vector = np.exp(-2j * np.pi * antennas * point["spacing_wavelengths"] * cosine)
        if "planar" in point:
            second = point["planar"]
            cosine = unit @ np.array(second["axis"], float)
            antennas = np.arange(second["antennas"])
            repeats = np.exp(-2j * np.pi * antennas * second["spacing_wavelengths"] * cosine)
            vector = np.kron(repeats, vector)
        return distance, unit @ velocity[q], vector / np.sqrt(vector.size)

    result = []
    for m, receiver in enumerate(scenario["receive_access_points"]):
        antennas = receiver["antennas"] * receiver.get("planar", {"antennas": 1})["antennas"]
        total = np.zeros((antennas, S, T), complex)
        for n, transmitter in enumerate(scenario["transmit_access_points"]):
            for q in range(len(location)):
                d_n, rate_n, a_t = ray(transmitter, q)
                d_m, rate_m, a_r = ray(receiver, q)
                d = d_n + d_m
                gain = 10 ** (loss["reference_gain_db"] / 10) * (
                    d / loss["reference_distance_m"]
                ) ** -float(loss["exponent"])
                doppler = -(rate_n + rate_m) * carrier / SPEED_OF_LIGHT
                phase = np.exp(
                    -2j * np.pi * np.outer(i * d / SPEED_OF_LIGHT * spacing, np.ones(T))
                ) * np.exp(2j * np.pi * np.outer(np.ones(S), t * doppler * duration))
                beam = np.einsum("a,ast->st", a_t.conj(), transmit[n])
                scale = reflection[n, m, q] * np.sqrt(gain)
                total += scale * a_r[:, None, None] * (phase * beam)
        result.append(total)
    return np.stack(result)


@pytest.fixture
def rough(tmp_path):
    """A scenario with three targets, clutter, offsets and tilted axes."""
    path = tmp_path / "rough.yml"
    edited(LITE, path, "targets:\n  count: 2", "targets:\n  count: 3")
    edited(path, path, "scatterers: 0", "scatterers: 4")
    edited(path, path, "{timing_offset_std_s: 0, frequency_offset_std_hz: 0}",
           "{timing_offset_std_s: 1.0e-9, frequency_offset_std_hz: 20}")
    edited(path, path, "position_m: [25, 0], axis: [-1, 0]",
           "position_m: [-5, 3], axis: [0.6, 0.8]")
    edited(path, path, "position_m: [75, 100], axis: [1, 0]",
           "position_m: [110, 80], axis: [0, -1]")
    return path


def test_shapes_types_and_attributes(tmp_path, rough):
    with write(tmp_path / "set.h5", rough, 5, seed=2**64 - 3) as file:
        N, M, K, Q, D, A, S, T = 2, 2, 4, 3, 2, 8, 32, 32
        assert set(file) == {
            "transmit", "symbols", "echo", "echo_noiseless", "location", "velocity",
            "reflection", "root_crlb",
        }  # fmt: skip
        for name, shape in {
            "transmit": (5, N * A, S, T),
            "symbols": (5, K, S, T),
            "echo": (5, M, A, S, T),
            "echo_noiseless": (5, M, A, S, T),
            "reflection": (5, N, M, Q),
        }.items():
            assert file[name].shape == shape, name
            assert file[name].dtype == np.complex64, name
        for name, shape in {
            "location": (5, Q, D),
            "velocity": (5, Q, D),
            "root_crlb": (5, 4 * Q),
        }.items():
            assert file[name].shape == shape, name
            assert file[name].dtype == np.float64, name
        assert all("unit" in file[name].attrs for name in file)
        assert file["location"].attrs["unit"] == "m"
        assert int(file.attrs["seed"]) == 2**64 - 3
        assert file.attrs["version"].startswith("gr-isac ")
        scenario = yaml.safe_load(file.attrs["scenario"])
        assert scenario["targets"]["count"] == Q
        assert scenario["clutter"]["scatterers"] == 4

        location, velocity = file["location"][:], file["velocity"][:]
        assert np.all((location >= 0) & (location <= 100))
        assert np.all(np.abs(velocity) <= 20)
        assert np.all(file["root_crlb"][:] > 0)
        assert np.abs(file["symbols"][:]).max() < 1.35  # 16-QAM of unit mean power


@pytest.mark.parametrize("seed", [1, 2])
def test_noiseless_echo_is_equation_6(tmp_path, rough, seed):
    with write(tmp_path / "set.h5", rough, 3, seed) as file:
        scenario = yaml.safe_load(file.attrs["scenario"])
        for b in range(3):
            expected = echo(
                scenario,
                file["transmit"][b].reshape(2, 8, 32, 32).astype(complex),
                file["location"][b],
                file["velocity"][b],
                file["reflection"][b].astype(complex),
            )
            error = np.linalg.norm(file["echo_noiseless"][b] - expected)
            assert error < 1e-4 * np.linalg.norm(expected)
            assert np.allclose(
                file["echo_noiseless"][b], expected, rtol=1e-4, atol=1e-4 * np.abs(expected).mean()
            )
            # Clutter and offsets are in the other set only.
            rest = np.linalg.norm(file["echo"][b] - expected)
            assert rest > 1e-2 * np.linalg.norm(expected)


def test_planar_arrays_in_space(tmp_path):
    path = tmp_path / "space.yml"
    text = SPACE.read_text(encoding="utf-8")
    path.write_text(text.replace("planar: {axis: [0, 0, 1], antennas: 4, spacing_wavelengths: 0.5}",
                                 "planar: {axis: [0, 0, 1], antennas: 2, spacing_wavelengths: 0.7}"),
                    encoding="utf-8")  # fmt: skip
    with write(tmp_path / "set.h5", path, 2) as file:
        assert file["transmit"].shape == (2, 2 * 8, 32, 32)
        assert file["echo"].shape == (2, 3, 8, 32, 32)
        assert file["location"].shape == file["velocity"].shape == (2, 2, 3)
        assert file["root_crlb"].shape == (2, 12)
        assert np.all(np.isfinite(file["root_crlb"][:])) and np.all(file["root_crlb"][:] > 0)
        assert np.all((file["location"][:] >= 0) & (file["location"][:] <= [40, 40, 15]))
        for b in range(2):
            expected = echo(
                yaml.safe_load(file.attrs["scenario"]),
                file["transmit"][b].reshape(2, 8, 32, 32).astype(complex),
                file["location"][b],
                file["velocity"][b],
                file["reflection"][b].astype(complex),
            )
            error = np.linalg.norm(file["echo_noiseless"][b] - expected)
            assert error < 1e-4 * np.linalg.norm(expected)


def test_papers_size(tmp_path):
    with write(tmp_path / "set.h5", PAPER, 1) as file:
        assert file["transmit"].shape == (1, 32, 256, 256)
        assert file["echo"].shape == (1, 2, 16, 256, 256)
        expected = echo(
            yaml.safe_load(file.attrs["scenario"]),
            file["transmit"][0].reshape(2, 16, 256, 256).astype(complex),
            file["location"][0],
            file["velocity"][0],
            file["reflection"][0].astype(complex),
        )
        error = np.linalg.norm(file["echo_noiseless"][0] - expected)
        assert error < 1e-4 * np.linalg.norm(expected)
        noise = file["echo"][0] - file["echo_noiseless"][0]
        # -90 dBm are 1e-12 W; the mean of two million samples is within 0.5 %.
        assert np.mean(np.abs(noise) ** 2) == pytest.approx(1e-12, rel=5e-3)


def test_same_seed_same_frames(tmp_path):
    one = write(tmp_path / "one.h5", LITE, 60, seed=4)
    two = write(tmp_path / "two.h5", LITE, 7, seed=4)
    with one, two:
        for name in one:
            assert np.allclose(one[name][:7], two[name], rtol=1e-5, atol=1e-12), name
        assert not np.array_equal(one["location"][0], one["location"][1])


def test_replaces_an_old_file_and_leaves_no_other(tmp_path):
    path = tmp_path / "set.h5"
    path.write_text("old")
    write(path, LITE, 1).close()
    assert list(tmp_path.iterdir()) == [path]


def test_says_nothing_else_without_json(tmp_path):
    result = run("isac_dataset", "--scenario", LITE, "--frames", 2, "--seed", 1,
                 "--out", tmp_path / "a.h5")  # fmt: skip
    assert result.returncode == 0 and result.stderr == ""
    assert len(result.stdout.splitlines()) == 1
