# SPDX-License-Identifier: GPL-3.0-or-later
"""Channel synthesis with noise as NumPy does it best, at the sizes of a scenario.

The echo of Q point targets has rank Q at every resource element: what the targets receive
is one matrix product over the transmit antennas, and what the receive antennas see is one
over the targets. Delay and Doppler are phasors along subcarriers and symbols. All arrays are
complex64 and written in place; the noise is drawn in float32 with SFC64, NumPy's fastest
generator.
"""

import argparse

import numpy as np
import yaml

from measure import best_time, entry, write

LIGHT = 299792458.0


class Scene:
    """Steering vectors and phasors of one frame, complex64."""

    def __init__(self, scenario, random):
        wave = scenario["waveform"]
        sent, heard = (scenario[f"{side}_access_points"] for side in ("transmit", "receive"))
        self.subcarriers = wave["subcarriers"] // wave.get("subcarrier_step", 1)
        self.symbols = wave["symbols"] // wave.get("symbol_step", 1)
        frequency = (np.arange(self.subcarriers) * wave.get("subcarrier_step", 1)
                     * wave["subcarrier_spacing_hz"])
        duration = 1 / wave["subcarrier_spacing_hz"] + wave["cyclic_prefix_s"]
        clock = (1 + np.arange(self.symbols) * wave.get("symbol_step", 1)) * duration

        targets = scenario["targets"]
        count, area, speed = targets["count"], targets["area_m"], targets["velocity_mps"]
        place = random.uniform(area["min"], area["max"], (count, len(area["min"])))
        velocity = random.uniform(speed["min"], speed["max"], place.shape)
        far, rate, self.transmit_steering = self._legs(sent, place, velocity)
        near, rate_back, self.receive_steering = self._legs(heard, place, velocity)
        shape = (len(heard), len(sent), count)
        reflection = (random.standard_normal(shape) + 1j * random.standard_normal(shape)) \
            * np.sqrt(targets["reflection_variance"] / 2)
        loss = scenario["path_loss"]
        ways = near[:, None] + far[None]
        gain = np.sqrt(10 ** (loss["reference_gain_db"] / 10)
                       * (ways / loss["reference_distance_m"]) ** -loss["exponent"])
        doppler = -(rate_back[:, None] + rate[None]) * wave["carrier_hz"] / LIGHT
        phase = np.exp(-2j * np.pi * frequency * (ways / LIGHT)[..., None])
        # [M, N, Q, S] and [M, N, Q, T]
        self.delay = ((reflection * gain)[..., None] * phase).astype(np.complex64)
        self.doppler = np.exp(2j * np.pi * clock * doppler[..., None]).astype(np.complex64)
        self.noise = np.float32(np.sqrt(10 ** (scenario["sensing_noise_dbm"] / 10 - 3) / 2))

    @staticmethod
    def _legs(points, place, velocity):
        """Distances [A, Q], their rates of change and steering vectors [A, Q, antennas]."""
        leg = place[None] - np.array([p["position_m"] for p in points])[:, None]
        distance = np.linalg.norm(leg, axis=-1)
        direction = leg / distance[..., None]
        axis = np.array([p["axis"] for p in points])
        spacing = np.array([p["spacing_wavelengths"] for p in points])
        cosine = (direction * axis[:, None]).sum(-1) * spacing[:, None]
        antenna = np.arange(points[0]["antennas"])
        steering = np.exp(-2j * np.pi * antenna * cosine[..., None]) / np.sqrt(len(antenna))
        return distance, (direction * velocity).sum(-1), steering.astype(np.complex64)


class Channel:
    """Echoes [M, M_r, S, T] of frames [N, N_t, S, T] in buffers that are made once."""

    def __init__(self, scene):
        self.scene = scene
        receivers, _, count, _ = scene.delay.shape
        antennas = scene.receive_steering.shape[-1]
        grid = scene.subcarriers, scene.symbols
        self.lit = np.empty((count, *grid), np.complex64)
        self.path = np.empty((count, *grid), np.complex64)
        self.back = np.empty((receivers, count, *grid), np.complex64)
        self.echo = np.empty((receivers, antennas, *grid), np.complex64)
        self.draws = np.empty((*self.echo.shape, 2), np.float32)
        self.random = np.random.Generator(np.random.SFC64(1))

    def synthesise(self, transmit):
        """Noiseless echoes."""
        scene = self.scene
        receivers, transmitters, count, _ = scene.delay.shape
        flat = scene.subcarriers * scene.symbols
        for n in range(transmitters):
            np.matmul(scene.transmit_steering[n].conj(), transmit[n].reshape(-1, flat),
                      out=self.lit.reshape(count, flat))
            for m in range(receivers):
                to = self.path if n else self.back[m]
                np.multiply(self.lit, scene.delay[m, n, :, :, None], out=to)
                to *= scene.doppler[m, n, :, None, :]
                if n:
                    self.back[m] += to
        for m in range(receivers):
            np.matmul(scene.receive_steering[m].T, self.back[m].reshape(count, flat),
                      out=self.echo[m].reshape(-1, flat))
        return self.echo

    def draw_noise(self):
        """Standard normal draws, scaled, as complex64 [M, M_r, S, T]."""
        self.random.standard_normal(out=self.draws, dtype=np.float32)
        self.draws *= self.scene.noise
        return self.draws.view(np.complex64)[..., 0]

    def receive(self, transmit):
        self.synthesise(transmit)
        self.echo += self.draw_noise()
        return self.echo


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenario", required=True, help="scenario (YAML)")
    parser.add_argument("--out", required=True, help="JSON file to write")
    arguments = parser.parse_args()
    with open(arguments.scenario, encoding="utf-8") as file:
        scenario = yaml.safe_load(file)
    random = np.random.default_rng(1)
    scene = Scene(scenario, random)
    channel = Channel(scene)
    sent = scenario["transmit_access_points"]
    shape = len(sent), sent[0]["antennas"], scene.subcarriers, scene.symbols, 2
    transmit = random.standard_normal(shape, dtype=np.float32).view(np.complex64)[..., 0]
    name = f"NumPy/{scenario['name']}"
    write(arguments.out, [
        entry(f"{name}/received_echo", best_time(lambda: channel.receive(transmit))),
        entry(f"{name}/echo", best_time(lambda: channel.synthesise(transmit))),
        entry(f"{name}/noise", best_time(channel.draw_noise)),
    ], numpy=np.__version__)


if __name__ == "__main__":
    main()
