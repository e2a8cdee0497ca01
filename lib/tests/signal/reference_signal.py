# SPDX-License-Identifier: GPL-3.0-or-later
"""The signal model once more in plain NumPy, straight from the equations: random scenes,
axes and offsets with their echoes (6), (29), (30), precoders and Cramer-Rao bounds from
central differences. Usage: reference_signal.py DIRECTORY"""

import os
import sys

import numpy as np

sys.dont_write_bytecode = True  # no __pycache__ in the source tree
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import safetensors_file  # noqa: E402

C = 299792458.0


def write(path, arrays, metadata=None):
    """Writes float64 and complex128 arrays, the latter as [..., 2]."""
    tensors = {}
    for name, array in arrays.items():
        if np.iscomplexobj(array):
            array = np.stack([array.real, array.imag], -1)
        array = np.ascontiguousarray(array, dtype=np.float64)
        tensors[name] = ("F64", array.shape, array.tobytes())
    safetensors_file.write(path, tensors, metadata or {})


def unit(vector):
    return vector / np.linalg.norm(vector)


def steering(cosine, antennas, spacing):
    return np.exp(-2j * np.pi * spacing * np.arange(antennas) * cosine) / np.sqrt(antennas)


class Scene:
    """One random deployment and frame."""

    def __init__(self, rng, dimensions, subcarrier_step, symbol_step, scatterers, spread=1.0):
        self.d = dimensions
        self.n, self.m = int(rng.integers(2, 4)), int(rng.integers(2, 4))
        self.nt, self.mr = int(rng.integers(2, 5)), int(rng.integers(2, 6))
        self.q, self.k, self.scatterers = int(rng.integers(1, 4)), 2, scatterers
        self.fc, self.df, self.tp = 28e9, 120e3, 0.6e-6
        self.ns, self.ts = 48, 24
        self.a, self.b = subcarrier_step, symbol_step
        self.dt = 1 / self.df + self.tp
        self.tx = rng.uniform(0, 100, (self.n, dimensions))
        self.rx = rng.uniform(0, 100, (self.m, dimensions))
        self.tx_axis = np.array([unit(v) for v in rng.normal(size=(self.n, dimensions))])
        self.rx_axis = np.array([unit(v) for v in rng.normal(size=(self.m, dimensions))])
        self.tx_spacing = rng.uniform(0.3, 0.6, self.n)
        self.rx_spacing = rng.uniform(0.3, 0.6, self.m)
        self.alpha_db, self.d0, self.zeta = -58.0, 1.5, 2.3
        self.g = rng.uniform(0, 100, (self.q, dimensions))
        self.v = rng.uniform(-20, 20, (self.q, dimensions)) * spread
        shape = (self.n, self.m, self.q)
        self.beta = (rng.normal(size=shape) + 1j * rng.normal(size=shape)) / np.sqrt(2)
        self.cg = rng.uniform(0, 100, (scatterers, dimensions))
        self.cv = rng.uniform(-1, 1, (scatterers, dimensions))
        shape = (self.n, self.m, scatterers)
        self.cbeta = rng.normal(size=shape) + 1j * rng.normal(size=shape)
        self.i = np.arange(0, self.ns, self.a)
        self.t = np.arange(1, self.ts + 1, self.b)
        s, t = len(self.i), len(self.t)
        self.x = rng.normal(size=(self.n, self.nt, s, t)) + 1j * rng.normal(
            size=(self.n, self.nt, s, t)
        )
        self.timing = rng.normal(size=(self.n, self.m, t)) * 20e-9
        self.frequency = rng.normal(size=(self.n, self.m, t)) * 300.0

    def yaml(self):
        def point(name, position, axis, antennas, spacing):
            return (
                f"  - {{name: {name}, position_m: {[float(c) for c in position]}, "
                f"axis: {[float(c) for c in axis]}, antennas: {antennas}, "
                f"spacing_wavelengths: {spacing!r}}}\n"
            )

        low, high = [0] * self.d, [100] * self.d
        text = (
            f"name: reference\ndimensions: {self.d}\nwaveform:\n  carrier_hz: {self.fc!r}\n"
            f"  subcarrier_spacing_hz: {self.df!r}\n  subcarriers: {self.ns}\n"
            f"  symbols: {self.ts}\n  cyclic_prefix_s: {self.tp!r}\n"
            f"  subcarrier_step: {self.a}\n  symbol_step: {self.b}\n  modulation: 16qam\n"
            "transmit_power_dbm: 30\nsensing_noise_dbm: -90\ntransmit_access_points:\n"
        )
        for n in range(self.n):
            text += point(f"tx{n}", self.tx[n], self.tx_axis[n], self.nt,
                          float(self.tx_spacing[n]))
        text += "receive_access_points:\n"
        for m in range(self.m):
            text += point(f"rx{m}", self.rx[m], self.rx_axis[m], self.mr,
                          float(self.rx_spacing[m]))
        return text + (
            f"path_loss: {{reference_gain_db: {self.alpha_db}, "
            f"reference_distance_m: {self.d0}, exponent: {self.zeta}}}\n"
            f"users: {{count: {self.k}, area_m: {{min: {low}, max: {high}}}, "
            "rician_factor_db: 10, multipath_components: 2, noise_dbm: -90}\n"
            f"targets: {{count: {self.q}, area_m: {{min: {low}, max: {high}}}, "
            f"velocity_mps: {{min: {[-20] * self.d}, max: {[20] * self.d}}}, "
            "reflection_variance: 1}\n"
            f"clutter: {{scatterers: {self.scatterers}, "
            f"area_m: {{min: {low}, max: {high}}}, "
            f"velocity_mps: {{min: {[-1] * self.d}, max: {[1] * self.d}}}, "
            "reflection_variance: 2}\n"
            "clocks: {timing_offset_std_s: 2.0e-8, frequency_offset_std_hz: 300}\n"
        )

    def path(self, n, m, place, velocity):
        """Delay, Doppler, root path loss and both cosines of one bistatic path."""
        to_tx, to_rx = place - self.tx[n], place - self.rx[m]
        dn, dm = np.linalg.norm(to_tx), np.linalg.norm(to_rx)
        rate = velocity @ (to_tx / dn) + velocity @ (to_rx / dm)
        loss = 10 ** (self.alpha_db / 10) * ((dn + dm) / self.d0) ** (-self.zeta)
        return ((dn + dm) / C, -rate * self.fc / C, np.sqrt(loss),
                to_tx @ self.tx_axis[n] / dn, to_rx @ self.rx_axis[m] / dm)

    def echo(self, g, v, beta, offsets):
        """Equation (6), one path after the other; with offsets (30)."""
        y = np.zeros((self.m, self.mr, len(self.i), len(self.t)), complex)
        i, t = self.i[:, None], self.t[None, :]
        for m in range(self.m):
            for n in range(self.n):
                path_sum = np.zeros_like(y[0])
                for q in range(len(g)):
                    tau, fd, amplitude, cos_t, cos_r = self.path(n, m, g[q], v[q])
                    at = steering(cos_t, self.nt, self.tx_spacing[n])
                    ar = steering(cos_r, self.mr, self.rx_spacing[m])
                    phase = np.exp(
                        -2j * np.pi * (i * tau * self.df - t * fd * self.dt))
                    scalar = np.einsum("a,ait->it", at.conj(), self.x[n])
                    path_sum += beta[n, m, q] * amplitude * ar[:, None, None] * phase * scalar
                if offsets:
                    path_sum = path_sum * np.exp(
                        -2j * np.pi * i * self.timing[n, m] * self.df
                        + 2j * np.pi * self.frequency[n, m] * t * self.dt)
                y[m] += path_sum
        return y

    def bound(self, noise_w):
        """(23), (24) with central differences of the echo."""
        size = self.q * self.d
        eta = np.concatenate([self.g.ravel(), self.v.ravel(),
                              self.beta.real.ravel(), self.beta.imag.ravel()])
        steps = np.concatenate([np.full(size, 1e-4), np.full(size, 1e-2),
                                np.full(2 * self.beta.size, 1e-3)])

        def signal(e):
            b = e[2 * size:2 * size + self.beta.size] + 1j * e[2 * size + self.beta.size:]
            return self.echo(e[:size].reshape(self.q, self.d),
                             e[size:2 * size].reshape(self.q, self.d),
                             b.reshape(self.beta.shape), offsets=False).ravel()

        columns = []
        for k in range(len(eta)):
            e = np.zeros_like(eta)
            e[k] = steps[k]
            columns.append((signal(eta + e) - signal(eta - e)) / (2 * steps[k]))
        jacobian = np.array(columns)
        fisher = 2 / noise_w * (jacobian.conj() @ jacobian.T).real
        scale = 1 / np.sqrt(np.diag(fisher))
        # Where the parameters can hardly be told apart, differences say nothing.
        if np.linalg.cond(fisher * scale[:, None] * scale) > 1e7:
            return None
        inverse = np.linalg.inv(fisher * scale[:, None] * scale) * scale[:, None] * scale
        return inverse[:2 * size, :2 * size]


def precoder_case(rng):
    n, nt, k, s, b = 3, 4, 5, 6, 2
    h = (rng.normal(size=(b, s, n * nt, k)) + 1j * rng.normal(size=(b, s, n * nt, k))) * 1e-5
    h *= 10 ** rng.uniform(-1, 0.5, (b, 1, n * nt, 1))
    noise, power = 2e-12, 0.7
    w = np.zeros_like(h)
    for f in range(b):
        for i in range(s):
            hi = h[f, i]
            alpha = k * noise / (n * power / s)
            w[f, i] = hi @ np.linalg.inv(hi.conj().T @ hi + alpha * np.eye(k))
        strongest = max(
            np.sum(np.abs(w[f, :, a * nt:(a + 1) * nt]) ** 2) for a in range(n))
        w[f] *= np.sqrt(power / strongest)
    symbols = rng.normal(size=(b, k, s, 3)) + 1j * rng.normal(size=(b, k, s, 3))
    x = np.einsum("bsak,bkst->bast", w, symbols).reshape(b, n, nt, s, 3)
    ratio = np.zeros((b, s, k))
    for f in range(b):
        for i in range(s):
            gains = np.abs(h[f, i].conj().T @ w[f, i]) ** 2
            for u in range(k):
                ratio[f, i, u] = gains[u, u] / (gains[u].sum() - gains[u, u] + noise)
    received = np.einsum("bsak,bast->bkst", h.conj(), x.reshape(b, n * nt, s, 3))
    return {"h": h, "w": w, "s": symbols, "x": x, "sinr": ratio, "received": received,
            "constants": np.array([noise, power, n])}


def main():
    directory = sys.argv[1]
    os.makedirs(directory, exist_ok=True)
    rng = np.random.default_rng(7)
    for case in range(8):
        bound = None
        while bound is None:
            scene = Scene(rng, dimensions=2 if case < 6 else 3,
                          subcarrier_step=[1, 3][case % 2],
                          symbol_step=[1, 1, 2][case % 3], scatterers=case)
            bound = scene.bound(1e-12)
        everything = (np.concatenate([scene.g, scene.cg]), np.concatenate([scene.v, scene.cv]),
                      np.concatenate([scene.beta, scene.cbeta], -1))
        arrays = {
            "x": scene.x, "position": scene.g, "velocity": scene.v, "reflection": scene.beta,
            "clutter_position": scene.cg, "clutter_velocity": scene.cv,
            "clutter_reflection": scene.cbeta, "timing": scene.timing,
            "frequency": scene.frequency,
            "echo": scene.echo(scene.g, scene.v, scene.beta, offsets=False),
            "echo_full": scene.echo(*everything, offsets=True),
            "bound": bound,
        }
        write(os.path.join(directory, f"scene_{case}.safetensors"), arrays,
              {"scenario": scene.yaml()})
    write(os.path.join(directory, "precoder.safetensors"), precoder_case(rng))


if __name__ == "__main__":
    main()
