#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Single frames from Python: against closed forms, numeric derivatives, and the blocks."""

import itertools
import pathlib
import tempfile

import numpy as np
from gnuradio import blocks, gr, gr_unittest, isac

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIGHT = 299792458.0
SEED = 11

# One antenna on each side in one place, and a grid without a comb.
ONE_PATH = """
name: one path
dimensions: 2
waveform: {carrier_hz: 30.0e+9, subcarrier_spacing_hz: 1.0e+6, subcarriers: 64, symbols: 32,
           cyclic_prefix_s: 1.0e-6, modulation: qpsk}
transmit_power_dbm: 30
sensing_noise_dbm: -100
transmit_access_points:
  - {name: tx0, position_m: [0, 0], axis: [1, 0], antennas: 1, spacing_wavelengths: 0.5}
receive_access_points:
  - {name: rx0, position_m: [0, 0], axis: [1, 0], antennas: 1, spacing_wavelengths: 0.5}
path_loss: {reference_gain_db: -60, reference_distance_m: 1, exponent: 2}
users: {count: 1, area_m: {min: [0, 10], max: [50, 50]}, rician_factor_db: 10,
        multipath_components: 2, noise_dbm: -90}
targets: {count: 1, area_m: {min: [-100, 1], max: [100, 200]},
          velocity_mps: {min: [-2000, -2000], max: [2000, 2000]}, reflection_variance: 1}
clutter: {scatterers: 0, area_m: {min: [0, 0], max: [50, 50]},
          velocity_mps: {min: [0, 0], max: [0, 0]}, reflection_variance: 0.1}
clocks: {timing_offset_std_s: 0, frequency_offset_std_hz: 0}
"""
SILENT = {"noise_dbm": -np.inf, "clutter": (0, 0.0), "offsets": (0.0, 0.0), "device": "cpu"}


def load(name="lite"):
    return isac.load_scenario(str(ROOT / "examples" / "scenarios" / f"{name}.yml"))


class Frames(gr.top_block):
    """Frames of the blocks: everything that they put out."""

    def __init__(self, scenario, frames, make_receiver=None, clutter=(0, 0.1),
                 offsets=(0.0, 0.0), targets=([], [])):
        gr.top_block.__init__(self, "frames")
        self.scenario = scenario
        self.sinks = {}
        payload = isac.payload_source(scenario, SEED)
        precoder = isac.mmse_precoder(scenario, SEED, "cpu")
        channel = isac.bistatic_channel(scenario, SEED, "cpu")
        channel.set_clutter(*clutter)
        channel.set_offsets(*offsets)
        channel.set_targets(*targets)
        for k in range(scenario.users):
            self.connect((payload, k), (precoder, k))
        self.transmit = []
        for n in range(scenario.num_transmit):
            head = blocks.head(8 * scenario.transmit_frame_size, frames)
            self.connect((precoder, n), head, (channel, n))
            self.transmit.append((head, 0))
            self.keep("transmit", n, (head, 0), scenario.transmit_frame_size, complex)
        self.echoes = [(channel, m) for m in range(scenario.num_receive)]
        for m, echo in enumerate(self.echoes):
            self.keep("echo", m, echo, scenario.receive_frame_size, complex)
        M = scenario.num_receive
        self.keep("truth", 0, (channel, M), scenario.estimate_size, float)
        self.keep("bound", 0, (channel, M + 1), scenario.bound_size, float)
        if make_receiver:
            estimates, outputs = make_receiver(self)
            sizes = [scenario.estimate_size, scenario.targets,
                     scenario.estimate_size * 2 * scenario.dimensions]
            for port in range(outputs):
                self.keep("estimates", port, (estimates, port), sizes[port], float)

    def keep(self, name, port, source, size, kind):
        sink = (blocks.vector_sink_c if kind is complex else blocks.vector_sink_f)(size)
        self.connect(source, sink)
        self.sinks[name, port] = (sink, size)

    def of(self, name, port, frame):
        sink, size = self.sinks[name, port]
        return np.array(sink.data()).reshape(-1, size)[frame]


class qa_numpy_api(gr_unittest.TestCase):

    # ------------------------------------------------------------------ closed forms
    def test_echo_of_one_path(self):
        scenario = isac.parse_scenario(ONE_PATH)
        S, T = 64, 32
        spacing, interval = scenario.subcarrier_spacing_hz, scenario.symbol_interval_s
        delay_bin, doppler_bin = 5, 3
        distance = delay_bin / (S * spacing) * LIGHT / 2
        # Receding targets lower the frequency.
        speed = -doppler_bin / (T * interval) * LIGHT / scenario.carrier_hz / 2
        gain = 0.5 - 0.25j
        result = isac.echo(scenario, [[0, distance]], [[0, speed]], reflections=[[[gain]]],
                           transmit=np.ones((1, 1, S, T), complex), **SILENT)
        self.assertEqual(result.echo.shape, (1, 1, S, T))
        self.assertEqual(result.echo.dtype, np.complex64)
        i, t = np.arange(S)[:, None], np.arange(1, T + 1)
        amplitude = np.sqrt(1e-6 / (2 * distance) ** 2)
        wanted = gain * amplitude * np.exp(2j * np.pi * (
            doppler_bin * t / T - delay_bin * i / S))
        np.testing.assert_allclose(result.echo[0, 0], wanted, rtol=2e-5, atol=2e-5 * amplitude)
        # A line in delay and Doppler.
        spectrum = np.abs(np.fft.fft(np.fft.ifft(result.echo[0, 0], axis=0), axis=1))
        self.assertEqual(np.unravel_index(spectrum.argmax(), spectrum.shape),
                         (delay_bin, doppler_bin))
        self.assertGreater(spectrum.max(), 1e4 * np.sort(spectrum.ravel())[-2])

    def test_echo_is_linear(self):
        scenario = load()
        both = isac.echo(scenario, seed=SEED, **SILENT)
        parts = [isac.echo(scenario, both.positions[[q]], both.velocities[[q]],
                           reflections=both.reflections[:, :, [q]], transmit=both.transmit,
                           **SILENT).echo for q in range(2)]
        np.testing.assert_allclose(parts[0] + parts[1], both.echo, rtol=0,
                                   atol=2e-6 * np.abs(both.echo).max())

    def test_noise_has_its_power(self):
        scenario = load()
        quiet = isac.echo(scenario, seed=SEED, **SILENT)
        loud = isac.echo(scenario, seed=SEED, **{**SILENT, "noise_dbm": -70.0})
        power = np.mean(np.abs(loud.echo - quiet.echo) ** 2)
        count = quiet.echo.size
        self.assertAlmostEqual(power / 1e-10, 1.0, delta=5 / np.sqrt(count))

    def test_power_of_the_transmitters(self):
        scenario = load()
        frames = [isac.echo(scenario, seed=SEED, power_dbm=power, **SILENT).transmit
                  for power in (20.0, 30.0)]
        ratio = np.sum(np.abs(frames[1]) ** 2) / np.sum(np.abs(frames[0]) ** 2)
        self.assertAlmostEqual(ratio, 10.0, delta=0.5)

    def test_bound_by_numeric_derivatives(self):
        scenario = load()
        sent = isac.echo(scenario, seed=SEED, **SILENT)
        noise_w = 10 ** ((scenario.sensing_noise_dbm - 30) / 10)

        def echo(positions, velocities, reflections):
            return isac.echo(scenario, positions, velocities, reflections=reflections,
                             transmit=sent.transmit, **SILENT).echo.ravel().astype(complex)

        columns = []
        for which, step in ((0, 0.02), (1, 0.2)):
            for index in np.ndindex(2, 2):
                values = [[sent.positions.copy(), sent.velocities.copy()] for _ in range(2)]
                for value, sign in zip(values, (1, -1)):
                    value[which][index] += sign * step
                columns.append((echo(*values[0], sent.reflections) -
                                echo(*values[1], sent.reflections)) / (2 * step))
        for index in np.ndindex(2, 2, 2):
            unit = np.zeros((2, 2, 2), complex)
            unit[index] = 1.0
            slope = echo(sent.positions, sent.velocities, unit)
            columns += [slope, 1j * slope]
        jacobian = np.stack(columns, 1)
        information = 2 / noise_w * np.real(jacobian.conj().T @ jacobian)
        scale = 1 / np.sqrt(np.diag(information))
        inverse = np.linalg.inv(information * np.outer(scale, scale)) * np.outer(scale, scale)
        found = isac.bound(scenario, sent.positions, sent.velocities,
                           reflections=sent.reflections, transmit=sent.transmit, device="cpu")
        wanted = inverse[:8, :8]
        deviation = np.sqrt(np.outer(np.diag(wanted), np.diag(wanted)))
        np.testing.assert_allclose(found.covariance / deviation, wanted / deviation, atol=0.02)
        trace = np.diag(wanted).reshape(2, 2, 2).sum(2)
        np.testing.assert_allclose(found.location_m, np.sqrt(trace[0]), rtol=0.02)
        np.testing.assert_allclose(found.velocity_mps, np.sqrt(trace[1]), rtol=0.02)

    def test_bound_follows_the_noise(self):
        scenario = load()
        low, high = (isac.bound(scenario, seed=SEED, noise_dbm=noise, device="cpu")
                     for noise in (-110.0, -90.0))
        np.testing.assert_allclose(high.location_m, 10 * low.location_m, rtol=1e-6)
        np.testing.assert_allclose(high.covariance, 100 * low.covariance, rtol=1e-6)

    def test_match_is_the_best_permutation(self):
        scenario = load()
        random = np.random.default_rng(1)
        truth = (random.uniform(0, 100, (2, 2)), random.uniform(-20, 20, (2, 2)))
        for order in itertools.permutations(range(2)):
            estimates = tuple(values[list(order)] + random.normal(0, 0.5, (2, 2))
                              for values in truth)
            found = isac.match(scenario, truth, estimates)
            self.assertEqual(list(found.order), list(np.argsort(order)))
            for values, estimate, errors in zip(truth, estimates, found[:2]):
                wanted = np.linalg.norm(estimate[found.order] - values, axis=1)
                np.testing.assert_allclose(errors, wanted, rtol=1e-4)
        only = isac.match(scenario, truth, estimates, location_only=True)
        self.assertEqual(only.velocity_mps.size, 0)
        np.testing.assert_allclose(only.location_m, found.location_m)

    # ------------------------------------------------------------------ the blocks
    def test_echo_and_bound_are_those_of_the_blocks(self):
        scenario = load()
        places, speeds = [[20, 30], [70, 60]], [[5, -3], [-8, 2]]
        cases = (((0, 0.1), (0.0, 0.0), None), ((7, 0.3), (1e-9, 40.0), None),
                 ((0, 0.1), (0.0, 0.0), (places, speeds)))
        for clutter, offsets, targets in cases:
            flat = ([], []) if targets is None else [np.ravel(each) for each in targets]
            flowgraph = Frames(scenario, 3, None, clutter, offsets, flat)
            flowgraph.run()
            for frame in range(3):
                result = isac.echo(scenario, *(targets or ()), seed=SEED, frame=frame,
                                   clutter=clutter, offsets=offsets, device="cpu")
                for n in range(2):
                    np.testing.assert_array_equal(
                        result.transmit[n].ravel(),
                        flowgraph.of("transmit", n, frame).astype(np.complex64))
                for m in range(2):
                    np.testing.assert_array_equal(
                        result.echo[m].ravel(),
                        flowgraph.of("echo", m, frame).astype(np.complex64))
                truth = np.concatenate([result.positions.ravel(), result.velocities.ravel()])
                np.testing.assert_array_equal(np.float32(truth),
                                              np.float32(flowgraph.of("truth", 0, frame)))
                bound = isac.bound(scenario, *(targets or ()), seed=SEED, frame=frame,
                                   device="cpu")
                np.testing.assert_array_equal(
                    np.float32(np.concatenate([bound.location_m, bound.velocity_mps])),
                    np.float32(flowgraph.of("bound", 0, frame)))

    def compare(self, scenario, make_receiver, outputs, frames=2, **options):
        flowgraph = Frames(scenario, frames, lambda top: (make_receiver(top), outputs))
        flowgraph.run()
        estimator = isac.Estimator(scenario, device="cpu", **options)
        for frame in range(frames):
            sent = isac.echo(scenario, seed=SEED, frame=frame, clutter=(0, 0.1),
                             device="cpu")
            found = estimator(sent.echo, sent.transmit)
            values = [np.concatenate([found.positions.ravel(), found.velocities.ravel()]),
                      found.confidence, found.covariance]
            for port in range(outputs):
                np.testing.assert_array_equal(
                    np.float32(values[port]).ravel(),
                    np.float32(flowgraph.of("estimates", port, frame)))
            errors = isac.match(scenario, sent, found)
            self.assertEqual(errors.location_m.shape, (scenario.targets,))
        return found

    def test_estimates_are_those_of_the_blocks(self):
        scenario = load()
        for scheme in ("ml", "music", "cs"):
            def receiver(top, scheme=scheme):
                fusion = isac.parameter_fusion(scenario, scheme)
                for m, echo in enumerate(top.echoes):
                    estimator = getattr(isac, f"{scheme}_estimator")(scenario, m, "cpu")
                    top.connect(echo, (estimator, 0))
                    for n, transmit in enumerate(top.transmit):
                        top.connect(transmit, (estimator, 1 + n))
                    top.connect(estimator, (fusion, m))
                return fusion
            found = self.compare(scenario, receiver, 3, receiver=scheme)
            self.assertEqual(found.covariance.shape, (2, 4, 4))

    def test_monostatic_estimates(self):
        scenario = load().monostatic()

        def receiver(top):
            estimator = isac.monostatic_estimator(scenario, "cpu")
            top.connect(top.echoes[0], (estimator, 0))
            top.connect(top.transmit[0], (estimator, 1))
            return estimator
        found = self.compare(scenario, receiver, 2, receiver="monostatic")
        self.assertIsNone(found.covariance)

    def test_estimates_of_networks(self):
        scenario = load()
        with tempfile.TemporaryDirectory() as folder:
            for kind, reference in (("lite", "raw"), ("lite", "reference"), ("cnn", "raw")):
                path = f"{folder}/{kind}-{reference}.safetensors"
                isac.write_fresh_model(path, scenario, kind, reference, 1)
                info = isac.load_model_info(path)

                def receiver(top, path=path, info=info, kind=kind):
                    decoder = (isac.centralized_cnn if kind == "cnn"
                               else isac.fusion_decoder)(scenario, path, "cpu")
                    for m, echo in enumerate(top.echoes):
                        if kind == "cnn":
                            top.connect(echo, (decoder, m))
                            continue
                        encoder = isac.dvqvae_encoder(scenario, path, m, SEED, "cpu")
                        top.connect(echo, (encoder, 0))
                        if info.encoder_reads_transmit:
                            for n, transmit in enumerate(top.transmit):
                                top.connect(transmit, (encoder, 1 + n))
                        top.connect(encoder, (decoder, m))
                    if info.decoder_reads_transmit:
                        for n, transmit in enumerate(top.transmit):
                            top.connect(transmit, (decoder, 2 + n))
                    return decoder
                self.compare(scenario, receiver, 2, model=info)
                self.compare(scenario, receiver, 2, model=path)

    def test_absent_access_points(self):
        scenario = load()
        sent = isac.echo(scenario, seed=SEED, device="cpu")
        alone = isac.estimate(scenario, sent.echo, sent.transmit, "ml", absent=[1],
                              device="cpu")
        deaf = np.array(sent.echo)
        deaf[1] = 1e-3  # what the absent one hears does not count
        again = isac.estimate(scenario, deaf, sent.transmit, absent=[1], device="cpu")
        np.testing.assert_array_equal(alone.positions, again.positions)
        both = isac.estimate(scenario, sent.echo, sent.transmit, device="cpu")
        self.assertFalse(np.array_equal(both.positions, alone.positions))

    # ------------------------------------------------------------------ arguments
    def test_arrays_are_converted(self):
        scenario = load()
        sent = isac.echo(scenario, seed=SEED, device="cpu")
        wanted = isac.estimate(scenario, sent.echo, sent.transmit, "cs", device="cpu")
        strided = np.zeros((*sent.echo.shape[:-1], 2 * sent.echo.shape[-1]), complex)
        strided[..., ::2] = sent.echo
        found = isac.estimate(scenario, strided[..., ::2], sent.transmit.tolist(), "cs",
                              device="cpu")
        np.testing.assert_array_equal(found.positions, wanted.positions)

    def test_wrong_arguments(self):
        scenario = load()
        sent = isac.echo(scenario, seed=SEED, device="cpu")
        places, speeds = sent.positions, sent.velocities
        broken = sent.echo.copy()
        broken[1, 2, 3, 4] = np.nan
        cases = (
            (lambda: isac.echo("lite"), TypeError, "scenario: 'lite'"),
            (lambda: isac.echo(scenario, places), ValueError, "velocities: give"),
            (lambda: isac.echo(scenario, None, speeds), ValueError, "positions: give"),
            (lambda: isac.echo(scenario, places[0], speeds), ValueError,
             r"positions: shape \[2\] is given where \[targets, 2\]"),
            (lambda: isac.echo(scenario, places, speeds[:1]), ValueError,
             r"velocities: shape \[1, 2\] is given where \[2, 2\]"),
            (lambda: isac.echo(scenario, [["a", "b"]], [[0, 0]]), TypeError,
             "positions: dtype"),
            (lambda: isac.echo(scenario, [[0, np.inf]], [[0, 0]]), ValueError,
             r"positions: entry \[0, 1\] is inf"),
            (lambda: isac.echo(scenario, np.zeros((0, 2)), np.zeros((0, 2))), ValueError,
             "positions: there are no targets"),
            (lambda: isac.echo(scenario, reflections=np.ones((2, 2, 3))), ValueError,
             r"reflections: shape \[2, 2, 3\] is given where \[2, 2, 2\]"),
            (lambda: isac.echo(scenario, transmit=np.ones((2, 8, 32, 32))), TypeError,
             "transmit: dtype float64"),
            (lambda: isac.echo(scenario, transmit=sent.transmit, power_dbm=30), ValueError,
             "power_dbm: 30 is given"),
            (lambda: isac.echo(scenario, power_dbm=np.nan), ValueError, "transmit power: nan"),
            (lambda: isac.echo(scenario, noise_dbm="loud"), TypeError, "noise_dbm: 'loud'"),
            (lambda: isac.echo(scenario, noise_dbm=np.nan), ValueError, "noise: nan"),
            (lambda: isac.echo(scenario, clutter=3), ValueError, "clutter: 3"),
            (lambda: isac.echo(scenario, clutter=(2.5, 0.1)), ValueError,
             "scatterers: 2.5 is not a whole number"),
            (lambda: isac.echo(scenario, clutter=(-1, 0.1)), ValueError,
             "clutter scatterers: -1"),
            (lambda: isac.echo(scenario, offsets=(-1e-9, 0)), ValueError, "timing offset: -"),
            (lambda: isac.echo(scenario, seed=1.5), ValueError, "seed: 1.5"),
            (lambda: isac.echo(scenario, frame=-1), ValueError, "frame: -1"),
            (lambda: isac.echo(scenario, frame=2**63), ValueError, "frame: 9223372036854775808"),
            (lambda: isac.echo(scenario, device="abacus"), ValueError, "abacus"),
            (lambda: isac.bound(scenario, noise_dbm=-np.inf), ValueError, "noise: -inf"),
            (lambda: isac.estimate(scenario, sent.echo[0], sent.transmit), ValueError,
             r"echo: shape \[8, 32, 32\] is given where \[2, 8, 32, 32\]"),
            (lambda: isac.estimate(scenario, sent.echo.real, sent.transmit), TypeError,
             "echo: dtype float32"),
            (lambda: isac.estimate(scenario, broken, sent.transmit), ValueError,
             r"echo: entry \[1, 2, 3, 4\]"),
            (lambda: isac.estimate(scenario, sent.echo, sent.transmit, "esprit"), ValueError,
             'receiver: "esprit"'),
            (lambda: isac.estimate(scenario, sent.echo, sent.transmit, "ml", model="x"),
             ValueError, "receiver: 'ml' is given beside a model"),
            (lambda: isac.estimate(scenario, sent.echo, sent.transmit, model="nothing"),
             RuntimeError, "nothing"),
            (lambda: isac.estimate(scenario, sent.echo, sent.transmit, absent=[0, 1]),
             ValueError, "absent: all 2"),
            (lambda: isac.estimate(scenario, sent.echo, sent.transmit, absent=[0.5]),
             ValueError, r"absent\[0\]: 0.5"),
            (lambda: isac.estimate(scenario, sent.echo, sent.transmit, "cs",
                                   static_clutter="remove"), ValueError, "static clutter"),
            (lambda: isac.estimate(scenario, sent.echo, sent.transmit, precision="float16"),
             ValueError, "precision: 'float16'"),
            (lambda: isac.match(scenario, sent, 5), ValueError, "estimates: 5"),
            (lambda: isac.match(scenario, (places[:1], speeds), sent), ValueError,
             r"positions of truth: shape \[1, 2\]"),
        )
        for call, kind, text in cases:
            with self.assertRaisesRegex(kind, text):
                call()


if __name__ == "__main__":
    gr_unittest.run(qa_numpy_api)
