# SPDX-License-Identifier: GPL-3.0-or-later
"""The NumPy channel that ours is compared with computes the echoes of (6): against a plain sum
over paths, antennas, subcarriers and symbols."""

import sys

import pytest
from programs import LITE, SOURCE

np = pytest.importorskip("numpy")
yaml = pytest.importorskip("yaml")
sys.path.insert(0, str(SOURCE / "scripts" / "lib"))

import benchmark_numpy  # noqa: E402

LIGHT = 299792458.0


@pytest.fixture
def scenario():
    document = yaml.safe_load(LITE.read_text(encoding="utf-8"))
    document["waveform"].update(subcarriers=12, symbols=8, subcarrier_step=3, symbol_step=2)
    for side in ("transmit", "receive"):
        for point in document[f"{side}_access_points"]:
            point["antennas"] = 3
    return document


class Draws:
    """Passes a generator's draws on and keeps them in their order."""

    def __init__(self, seed):
        self.random, self.uniforms, self.normals = np.random.default_rng(seed), [], []

    def uniform(self, *arguments):
        self.uniforms.append(self.random.uniform(*arguments))
        return self.uniforms[-1]

    def standard_normal(self, shape):
        self.normals.append(self.random.standard_normal(shape))
        return self.normals[-1]


def test_echo_against_a_plain_sum(scenario):
    draws = Draws(3)
    scene = benchmark_numpy.Scene(scenario, draws)
    random = np.random.default_rng(4)
    sent = (random.standard_normal((2, 3, 4, 4)) + 1j * random.standard_normal((2, 3, 4, 4)))
    echo = benchmark_numpy.Channel(scene).synthesise(sent.astype(np.complex64))

    place, velocity = draws.uniforms
    reflection = (draws.normals[0] + 1j * draws.normals[1]) / np.sqrt(2)
    wave = scenario["waveform"]
    duration = 1 / 240e3 + wave["cyclic_prefix_s"]
    expected = np.zeros((2, 3, 4, 4), complex)
    for m, heard in enumerate(scenario["receive_access_points"]):
        for n, point in enumerate(scenario["transmit_access_points"]):
            for q in range(2):
                legs = place[q] - point["position_m"], place[q] - heard["position_m"]
                far = [np.linalg.norm(leg) for leg in legs]
                cosine = [leg @ side["axis"] / d
                          for leg, side, d in zip(legs, (point, heard), far)]
                rate = sum(leg @ velocity[q] / d for leg, d in zip(legs, far))
                amplitude = reflection[m, n, q] * 10 ** (-60 / 20) / sum(far)
                for i in range(4):
                    for t in range(4):
                        phase = -2 * np.pi * (3 * i * 240e3 * sum(far) / LIGHT
                                              + rate * 30e9 / LIGHT * (1 + 2 * t) * duration)
                        lit = sum(np.exp(1j * np.pi * a * cosine[0]) * sent[n, a, i, t]
                                  for a in range(3)) / np.sqrt(3)
                        for r in range(3):
                            steering = np.exp(-1j * np.pi * r * cosine[1]) / np.sqrt(3)
                            expected[m, r, i, t] += (amplitude * steering * lit
                                                     * np.exp(1j * phase))
    np.testing.assert_allclose(echo, expected, atol=1e-4 * np.abs(expected).max())


def test_noise_has_the_power_of_the_scenario(scenario):
    scene = benchmark_numpy.Scene(scenario, np.random.default_rng(1))
    channel = benchmark_numpy.Channel(scene)
    silent = np.zeros((2, 3, 4, 4), np.complex64)
    power = np.mean([np.mean(np.abs(channel.receive(silent)) ** 2) for _ in range(400)])
    # 38400 draws: the mean of the power is within 4 standard deviations of 0.5 %.
    assert power == pytest.approx(10 ** (-102 / 10 - 3), rel=0.02)
