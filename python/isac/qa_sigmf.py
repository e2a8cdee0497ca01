#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recordings: what NumPy and the json module find in the files, and what is refused."""

import hashlib
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import textwrap

import numpy as np
import pmt
from gnuradio import blocks, gr, gr_unittest, isac

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCENARIO = isac.load_scenario(str(ROOT / "examples" / "scenarios" / "sdr_2x2.yml"))
RATE = 5e6
CENTER = 5.8e9 + 32 * 62.5e3


def samples_of(count, antennas=2, seed=1, size=0.3):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(antennas, count)) + 1j * rng.normal(size=(antennas, count))
    return (size * values).astype(np.complex64)


def tag(offset, key, value):
    result = gr.tag_t()
    result.offset, result.key, result.value = offset, pmt.intern(key), value
    return result


def time_tag(offset, seconds, fraction, key="rx_time"):
    return tag(offset, key,
               pmt.make_tuple(pmt.from_uint64(seconds), pmt.from_double(fraction)))


def record(path, samples, tags=(), access_point="rx0", datatype="cf32_le", seed=7, start=-1.0,
           setup=None, **more):
    """Record samples [antenna, time] with tags at antenna 0; the sink afterwards."""
    flowgraph = gr.top_block()
    sink = isac.sigmf_sink(SCENARIO, access_point, str(path), datatype, -21.5, seed, start,
                           **more)
    if setup:
        setup(sink)
    for a, stream in enumerate(samples):
        source = blocks.vector_source_c(stream, False, 1, list(tags) if a == 0 else [])
        flowgraph.connect(source, (sink, a))
    flowgraph.run()
    return sink


def play(source, head=None):
    """Samples [antenna, time] and the tags of every antenna."""
    flowgraph = gr.top_block()
    sinks = [blocks.vector_sink_c() for _ in range(source.recording().channels)]
    for a, sink in enumerate(sinks):
        if head:
            limit = blocks.head(gr.sizeof_gr_complex, head)
            flowgraph.connect((source, a), limit, sink)
        else:
            flowgraph.connect((source, a), sink)
    flowgraph.run()
    tags = [[(t.offset, pmt.symbol_to_string(t.key), pmt.to_python(t.value))
             for t in sorted(sink.tags(), key=lambda t: t.offset)] for sink in sinks]
    return np.array([sink.data() for sink in sinks], np.complex64), tags


class qa_sigmf(gr_unittest.TestCase):

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.folder.name) / "field"
        self.meta = self.path.with_suffix(".sigmf-meta")
        self.data = self.path.with_suffix(".sigmf-data")

    def tearDown(self):
        self.folder.cleanup()

    def json(self):
        return json.loads(self.meta.read_text())

    def refused(self, *parts, error=isac.RecordingError, action=None):
        """That the recording is refused with an error in which all parts occur."""
        with self.assertRaises(error) as caught:
            (action or (lambda: isac.sigmf_source(str(self.path))))()
        for part in parts:
            self.assertIn(str(part), str(caught.exception))

    def test_floats_are_bit_exact(self):
        samples = samples_of(100_003, size=3.0)
        samples[0, 5], samples[1, 6] = np.nan, np.inf
        sink = record(self.path, samples)
        self.assertEqual(sink.error(), "")
        self.assertEqual((sink.samples(), sink.samples_clipped()), (100_003, 0))
        stored = np.fromfile(self.data, "<c8").reshape(-1, 2)
        self.assertEqual(stored.T.tobytes(), samples.tobytes())
        for name in (self.path, self.meta, self.data):
            played, _ = play(isac.sigmf_source(str(name)))
            self.assertEqual(played.tobytes(), samples.tobytes())

    def test_integers_are_within_half_a_step(self):
        samples = samples_of(50_001, size=0.2)
        steps = np.abs(samples.view(np.float32)).max()
        self.assertLess(steps, 1.0)
        samples[0, :4] = [1, -1, 1j, -1 - 1j]
        sink = record(self.path, samples, datatype="ci16_le")
        self.assertEqual(sink.samples_clipped(), 0)
        stored = np.fromfile(self.data, "<i2").reshape(-1, 2, 2).transpose(1, 0, 2)
        wanted = samples.view(np.float32).reshape(2, -1, 2).astype(float) * 32767
        self.assertLessEqual(np.abs(stored - wanted).max(), 0.5 + 1e-2)
        played, _ = play(isac.sigmf_source(str(self.path)))
        error = (played - samples).view(np.float32)
        self.assertLessEqual(np.abs(error).max() * 32767, 0.5 + 1e-2)
        np.testing.assert_allclose(
            played.view(np.float32).reshape(2, -1, 2), stored / 32767.0, atol=1e-7)
        # Recorded again, they stay what they are.
        again = self.path.with_name("again")
        record(again, played, datatype="ci16_le")
        self.assertEqual(again.with_suffix(".sigmf-data").read_bytes(),
                         self.data.read_bytes())

    def test_clipping_is_counted(self):
        samples = np.zeros((2, 5000), np.complex64)
        samples[0, :3] = [1.5, -1j * 2, 1.0 + 0.4 / 32767]
        samples[1, 4000:4002] = [complex(np.nan, 0), 1e9 + 1e9j]
        sink = record(self.path, samples, datatype="ci16_le")
        self.assertEqual(sink.samples_clipped(), 4)
        stored = np.fromfile(self.data, "<i2").reshape(-1, 2, 2)
        self.assertEqual(stored[:3, 0].tolist(), [[32767, 0], [0, -32768], [32767, 0]])
        self.assertEqual(stored[4001, 1].tolist(), [32767, 32767])
        self.assertEqual(isac.recording(str(self.path)).samples_clipped, 4)
        self.assertEqual(self.json()["global"]["isac:samples_clipped"], 4)

    def test_metadata(self):
        record(self.path, samples_of(1000), [time_tag(0, 1_700_000_000, 0.25)], seed=2**64 - 1,
               start=1_700_000_000.5, description="Feld am Morgen, Höhe 3 m",
               setup=lambda sink: (sink.set_hardware("B210 of the west mast", "external", "gpsdo"),
                                   sink.set_scene_seed(5)))
        document = self.json()
        self.assertEqual(set(document), {"global", "captures", "annotations"})
        entries = document["global"]
        # Keys, types and patterns of the core namespace, by its specification.
        core = {key: value for key, value in entries.items() if key.startswith("core:")}
        self.assertEqual(set(core), {
            "core:version", "core:datatype", "core:sample_rate", "core:num_channels",
            "core:sha512", "core:description", "core:hw", "core:recorder", "core:extensions"})
        self.assertRegex(core["core:version"], r"^1\.\d+\.\d+$")
        self.assertRegex(core["core:datatype"],
                         r"^(c|r)(f32|f64|i32|i16|u32|u16|i8|u8)(_le|_be)?$")
        self.assertIsInstance(core["core:sample_rate"], float)
        self.assertEqual(core["core:sample_rate"], RATE)
        self.assertEqual(core["core:num_channels"], 2)
        self.assertEqual(core["core:sha512"],
                         hashlib.sha512(self.data.read_bytes()).hexdigest())
        self.assertEqual(core["core:extensions"],
                         [{"name": "isac", "version": "1.0.0", "optional": True}])
        self.assertRegex(core["core:recorder"], r"^gr-isac \d")
        self.assertEqual(core["core:description"], "Feld am Morgen, Höhe 3 m")
        self.assertEqual(core["core:hw"], "B210 of the west mast")
        self.assertTrue(all(re.match(r"^[a-z]+:[a-z0-9_]+$", key) for key in entries))
        (capture,) = document["captures"]
        self.assertEqual(capture["core:sample_start"], 0)
        self.assertEqual(capture["core:global_index"], 0)
        self.assertEqual(capture["core:frequency"], CENTER)
        self.assertRegex(capture["core:datetime"],
                         r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")
        self.assertEqual(
            (capture["isac:rx_time_seconds"], capture["isac:rx_time_fraction"]),
            (1_700_000_000, 0.25))
        self.assertEqual(document["annotations"], [])
        own = {key[5:]: value for key, value in entries.items() if key.startswith("isac:")}
        self.assertEqual(isac.parse_scenario(own.pop("scenario")).to_yaml(),
                         SCENARIO.to_yaml())
        self.assertEqual(own, {
            "role": "receive", "access_point": "rx0", "full_scale_dbm": -21.5,
            "start_time_s": 1_700_000_000.5, "frame_period_s": 0.1, "seed": 2**64 - 1,
            "scene_seed": 5, "samples": 1000, "samples_clipped": 0,
            "clock_source": "external", "time_source": "gpsdo",
            "fingerprint": f"{SCENARIO.fingerprint:016x}"})

    def test_recording_builds_a_flowgraph(self):
        record(self.path, samples_of(1000, seed=4), access_point="rx1", start=3.0)
        found = isac.recording(str(self.meta), checksum=True)
        self.assertEqual(found.scenario.to_yaml(), SCENARIO.to_yaml())
        self.assertTrue(found.receive and found.complete and not found.foreign)
        self.assertEqual((found.access_point, found.access_point_name), (1, "rx1"))
        self.assertEqual((found.channels, found.samples, found.datatype),
                         (2, 1000, "cf32_le"))
        self.assertEqual((found.full_scale_dbm, found.seed, found.start_time_s),
                         (-21.5, 7, 3.0))
        self.assertEqual((found.scene_seed, found.first_frame), (None, None))
        self.assertEqual(found.path, str(self.meta))
        demodulator = isac.ofdm_demodulator(
            found.scenario, found.access_point, found.full_scale_dbm)
        self.assertEqual(demodulator.full_scale_dbm(), -21.5)

    def test_gaps_begin_captures(self):
        samples = samples_of(40_000)
        tags = [time_tag(0, 9, 0.9999), tag(0, "rx_freq", pmt.from_double(CENTER + 1.0)),
                # As expected: nothing begins.
                time_tag(5_000, 10, 0.9999 + 0.001 - 1),
                # 250 samples missing.
                time_tag(10_000, 10, 0.9999 + 10_250 / RATE - 1),
                # The clock is set back.
                time_tag(20_000, 2, 0.5),
                tag(30_000, "rx_freq", pmt.from_double(CENTER))]
        sink = record(self.path, samples, tags)
        self.assertEqual(sink.error(), "")
        self.assertEqual((sink.captures(), sink.samples_lost()), (4, 250))
        document = self.json()
        captures = document["captures"]
        self.assertEqual([c["core:sample_start"] for c in captures],
                         [0, 10_000, 20_000, 30_000])
        self.assertEqual([c["core:global_index"] for c in captures],
                         [0, 10_250, 20_250, 30_250])
        self.assertEqual([c["core:frequency"] for c in captures],
                         [CENTER + 1.0] * 3 + [CENTER])
        times = [(c["isac:rx_time_seconds"], c["isac:rx_time_fraction"]) for c in captures]
        self.assertEqual(times[0], (9, 0.9999))
        self.assertEqual(times[1][0], 10)
        self.assertAlmostEqual(times[1][1], 0.00195, places=12)
        self.assertEqual(times[2], (2, 0.5))
        self.assertEqual(times[3][0], 2)
        self.assertAlmostEqual(times[3][1], 0.502, places=12)
        self.assertEqual(document["annotations"], [
            {"core:sample_start": 10_000, "core:sample_count": 0,
             "core:label": "lost samples", "isac:lost_samples": 250}])
        found = isac.recording(str(self.path))
        self.assertEqual([(x.sample_start, x.samples) for x in found.losses],
                         [(10_000, 250)])

        played, tags = play(isac.sigmf_source(str(self.path)))
        self.assertEqual(played.tobytes(), samples.tobytes())
        self.assertEqual(tags[0], tags[1])
        self.assertEqual([t[::2] for t in tags[0] if t[1] == "rx_time"],
                         [(c["core:sample_start"], t) for c, t in zip(captures, times)])
        self.assertEqual([t[::2] for t in tags[0] if t[1] == "rx_rate"],
                         [(c["core:sample_start"], RATE) for c in captures])
        self.assertEqual([t[2] for t in tags[0] if t[1] == "rx_freq"],
                         [c["core:frequency"] for c in captures])

    def test_recorded_again_is_the_same(self):
        samples = samples_of(30_000)
        record(self.path, samples, [time_tag(0, 4, 0.0), time_tag(20_000, 5, 0.0)])
        source = isac.sigmf_source(str(self.path))
        sink = isac.sigmf_sink(SCENARIO, "rx0", str(self.path.with_name("third")), "cf32_le",
                               -21.5, 7)
        flowgraph = gr.top_block()
        for a in range(2):
            flowgraph.connect((source, a), (sink, a))
        flowgraph.run()
        third = json.loads(self.path.with_name("third.sigmf-meta").read_text())
        first = self.json()
        for document in (first, third):
            for capture in document["captures"]:
                del capture["core:datetime"]
        self.assertEqual(third, first)

    def test_transmit_access_point(self):
        samples = samples_of(3000)
        record(self.path, samples, [time_tag(0, 3, 0.0, "tx_time"),
                                    tag(500, "frame", pmt.from_uint64(12)),
                                    tag(900, "frame", pmt.from_uint64(13))],
               access_point="tx1")
        found = isac.recording(str(self.path))
        self.assertFalse(found.receive)
        self.assertEqual((found.access_point_name, found.first_frame), ("tx1", (12, 500)))
        _, tags = play(isac.sigmf_source(str(self.path)))
        self.assertEqual(tags[0], [(0, "tx_time", (3, 0.0)), (500, "frame", 12)])

    def test_repeat(self):
        samples = samples_of(1000)
        record(self.path, samples, [time_tag(0, 3, 0.0)])
        played, tags = play(isac.sigmf_source(str(self.path), True), head=3500)
        np.testing.assert_array_equal(played, np.tile(samples, 4)[:, :3500])
        self.assertEqual([t[0] for t in tags[0] if t[1] == "rx_time"], [0, 1000, 2000, 3000])

    def test_existing_files_are_kept(self):
        record(self.path, samples_of(100))
        before = self.meta.read_bytes(), self.data.read_bytes()
        for hidden in (None, self.meta, self.data):
            aside = hidden and hidden.with_suffix(".aside")
            if hidden:
                hidden.rename(aside)
            self.refused("field.sigmf-", action=lambda: record(self.path, samples_of(50)))
            if hidden:
                self.assertFalse(hidden.exists())
                aside.rename(hidden)
        self.assertEqual((self.meta.read_bytes(), self.data.read_bytes()), before)
        record(self.path, samples_of(50), overwrite=True)
        self.assertEqual(isac.recording(str(self.path)).samples, 50)
        self.refused(self.folder.name, action=lambda: record(
            pathlib.Path(self.folder.name) / "none" / "x", samples_of(50)))

    def test_wrong_arguments(self):
        def make(**changes):
            arguments = {"scenario": SCENARIO, "access_point": "rx0",
                         "filename": str(self.path), "datatype": "cf32_le",
                         "full_scale_dbm": -20.0, "seed": 1} | changes
            return lambda: isac.sigmf_sink(**arguments)

        lite = isac.load_scenario(str(ROOT / "examples" / "scenarios" / "lite.yml"))
        for changes, part in (({"access_point": "rx7"}, "rx7"), ({"datatype": "rf32_le"}, "rf32_le"),
                              ({"full_scale_dbm": float("nan")}, "full scale"),
                              ({"start_time_s": float("nan")}, "start time"),
                              ({"description": "x" * 100_000}, "100000"),
                              ({"scenario": lite}, "radio")):
            self.refused(part, error=ValueError, action=make(**changes))
            self.assertEqual(list(self.path.parent.iterdir()), [])
        sink = record(self.path, samples_of(10), [tag(0, "rx_rate", pmt.from_double(4e6))])
        self.assertIn("samples per second", sink.error())

    def test_damaged_data(self):
        record(self.path, samples_of(1000))
        good = self.data.read_bytes()
        for damaged in (good[:-1], good[:-16], good + bytes(16), b""):
            self.data.write_bytes(damaged)
            self.refused(self.data)
        self.data.write_bytes(good[:500] + bytes([good[500] ^ 1]) + good[501:])
        self.refused(self.data, "core:sha512")
        self.data.unlink()
        self.refused(self.data)
        self.data.write_bytes(good)
        self.assertEqual(isac.sigmf_source(str(self.path)).recording().samples, 1000)

    def test_damaged_metadata(self):
        record(self.path, samples_of(1000), [time_tag(0, 1, 0.5)], start=1.0)
        text = self.meta.read_text()
        # A file that ends too early, anywhere in it.
        for end in range(0, len(text.rstrip()) - 1, 97):
            self.meta.write_text(text[:end])
            self.refused(self.meta, "JSON")
        for other in ("[]", "3", "{}", '{"global": 3}', '{"global": {}}', "\x00\xff"):
            self.meta.write_text(other)
            self.refused(self.meta)
        self.meta.unlink()
        self.refused(self.meta)

        def edited(group, key, value):
            document = json.loads(text)
            place = document[group] if group == "global" else document[group][0]
            if value is None:
                del place[key]
            else:
                place[key] = value
            self.meta.write_text(json.dumps(document))

        needed = ("core:version", "core:datatype", "core:sample_rate", "isac:scenario",
                  "isac:fingerprint", "isac:role", "isac:access_point", "isac:full_scale_dbm",
                  "isac:frame_period_s", "isac:samples_clipped")
        wrong = [("global", key, None) for key in needed]
        wrong += [("global", key, 3) for key in needed
                  if key not in ("core:sample_rate", "isac:full_scale_dbm",
                                 "isac:frame_period_s", "isac:samples_clipped")]
        wrong += [("global", key, "3") for key in (
            "core:sample_rate", "core:num_channels", "isac:full_scale_dbm", "isac:samples",
            "isac:seed", "isac:start_time_s", "isac:frame_period_s", "isac:scene_seed")]
        wrong += [
            ("global", "core:datatype", "ru8"), ("global", "core:datatype", "cf32_be"),
            ("global", "core:version", "2.0.0"), ("global", "core:num_channels", 0),
            ("global", "core:num_channels", -2), ("global", "core:num_channels", 3),
            ("global", "core:num_channels", 10**9), ("global", "core:num_channels", 2.5),
            ("global", "core:sample_rate", 0), ("global", "core:sample_rate", 4e6),
            ("global", "core:sample_rate", 1e300), ("global", "core:sha512", "abc"),
            ("global", "core:dataset", "other.bin"), ("global", "core:trailing_bytes", 4),
            ("global", "core:metadata_only", True), ("global", "core:extensions", {}),
            ("global", "core:extensions", [{"name": "x", "version": "1", "optional": False}]),
            ("global", "core:extensions", [{"name": "isac", "version": "7", "optional": True}]),
            ("global", "isac:scenario", "name: x"), ("global", "isac:role", "transmit"),
            ("global", "isac:access_point", "rx9"), ("global", "isac:fingerprint", "0" * 16),
            ("global", "isac:frame_period_s", 0.2),
            ("global", "isac:samples", 2**63),
            ("global", "isac:seed", -1), ("global", "isac:first_frame", 3),
            ("captures", "core:sample_start", 1), ("captures", "core:sample_start", "0"),
            ("captures", "core:sample_start", None), ("captures", "core:header_bytes", 4),
            ("captures", "core:frequency", "x"), ("captures", "isac:rx_time_seconds", -1),
            ("captures", "isac:rx_time_fraction", 1.0), ("captures", "core:datetime", 4),
            ("captures", "isac:rx_time_fraction", None)]
        for group, key, value in wrong:
            with self.subTest(key=key, value=value):
                edited(group, key, value)
                self.refused(self.meta, key)
        edited("global", "isac:start_time_s", -1.0)
        self.refused(self.meta, "start time", "-1.0")
        edited("global", "isac:samples", 999)
        self.refused(self.meta, self.data, "1000", "999")
        document = json.loads(text)
        document["captures"].append({"core:sample_start": 1001})
        self.meta.write_text(json.dumps(document))
        self.refused(self.data, "1001")
        for captures in ([{"core:sample_start": 0}] * 2, [3], {}, "x"):
            document["captures"] = captures
            self.meta.write_text(json.dumps(document))
            self.refused(self.meta, "captures")
        self.meta.write_text(text)
        self.assertEqual(isac.sigmf_source(str(self.path)).recording().samples, 1000)

    def test_foreign_recording(self):
        samples = samples_of(500)
        samples.T.tofile(self.data)
        document = {"global": {"core:datatype": "cf32_le", "core:version": "1.2.0",
                               "core:sample_rate": RATE, "core:num_channels": 2},
                    "captures": [{"core:sample_start": 0}], "annotations": []}
        self.meta.write_text(json.dumps(document))
        self.refused(self.meta, "isac:scenario", "missing")

        def foreign(scenario=SCENARIO, access_point="rx1"):
            return isac.sigmf_source.make_foreign(
                str(self.path), scenario, access_point, -30.0, 3, 2.0)

        source = foreign()
        found = source.recording()
        self.assertTrue(found.foreign)
        self.assertEqual((found.access_point, found.full_scale_dbm, found.seed,
                          found.start_time_s), (1, -30.0, 3, 2.0))
        played, _ = play(source)
        self.assertEqual(played.tobytes(), samples.tobytes())
        wide = isac.load_scenario(str(ROOT / "examples" / "scenarios" / "sdr_4x4.yml"))
        self.refused(self.meta, "core:sample_rate", action=lambda: foreign(wide))
        self.refused("rx5", error=ValueError, action=lambda: foreign(access_point="rx5"))
        self.data.write_bytes(self.data.read_bytes()[:-3])
        self.refused(self.data, "truncated", action=foreign)

    def test_full_disk_ends_the_flowgraph(self):
        self.data.symlink_to("/dev/full")
        sink = record(self.path, samples_of(400_000), overwrite=True)
        self.assertIn(str(self.data), sink.error())
        self.assertIn(os.strerror(28), sink.error())
        self.assertEqual(self.json()["global"]["isac:samples"], 0)

    def in_process(self, body, wait):
        """Start a program with what this file has imported, up to a line on its stdout."""
        program = textwrap.dedent(f"""
            import pathlib, sys
            sys.path.insert(0, {str(ROOT / "python" / "isac")!r})
            from qa_sigmf import *
            path = pathlib.Path({str(self.path)!r})
            """).rstrip() + textwrap.dedent(body)
        process = subprocess.Popen([sys.executable, "-B", "-c", program], text=True,
                                   stdout=subprocess.PIPE)
        if wait:
            self.assertEqual(process.stdout.readline().strip(), "ready")
        return process

    def test_file_limit_leaves_a_recording(self):
        process = self.in_process("""
            import resource
            resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_003, 1_000_003))
            print(record(path, samples_of(400_000, seed=6)).error())
            """, False)
        output = process.communicate(timeout=300)[0]
        self.assertEqual(process.returncode, 0)
        self.assertIn(str(self.data), output)
        self.assertIn(os.strerror(27), output)
        played, _ = play(isac.sigmf_source(str(self.path)))
        self.assertEqual(played.shape[1], 1_000_003 // 16)
        np.testing.assert_array_equal(played, samples_of(400_000, seed=6)[:, :played.shape[1]])

    def test_killed_recorder_leaves_a_recording(self):
        process = self.in_process("""
            import time
            samples = samples_of(20_000, seed=8)
            flowgraph = gr.top_block()
            sink = isac.sigmf_sink(SCENARIO, "rx0", str(path), "cf32_le", -21.5, 7)
            for a in range(2):
                flowgraph.connect(blocks.vector_source_c(
                    samples[a], True, 1, [time_tag(0, 5, 0.0)]), (sink, a))
            flowgraph.start()
            while not path.with_suffix(".sigmf-data").stat().st_size > 3_200_000:
                time.sleep(0.01)
            print("ready", flush=True)
            time.sleep(60)
            """, True)
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=60)
        process.stdout.close()
        found = isac.recording(str(self.path))
        self.assertFalse(found.complete)
        self.assertGreaterEqual(found.samples, 200_000)
        self.assertEqual(found.captures[0].time, (5, 0.0))
        played, _ = play(isac.sigmf_source(str(self.path)), head=100_000)
        np.testing.assert_array_equal(played, np.tile(samples_of(20_000, seed=8), 5))

    def test_flowgraph_that_starts_again(self):
        sink = isac.sigmf_sink(SCENARIO, "rx0", str(self.path), "cf32_le", -21.5, 7)
        flowgraph = gr.top_block()
        sources = [blocks.vector_source_c(stream) for stream in samples_of(100)]
        for a, source in enumerate(sources):
            flowgraph.connect(source, (sink, a))
        flowgraph.run()
        self.assertEqual(sink.error(), "")
        for source in sources:
            source.rewind()
        flowgraph.run()
        self.assertIn("finished", sink.error())
        self.assertEqual(isac.sigmf_source(str(self.path)).recording().samples, 100)

    def test_tags_that_are_no_times(self):
        sink = record(self.path, samples_of(100), [
            tag(0, "rx_time", pmt.from_double(1.0)),
            tag(10, "rx_time", pmt.make_tuple(pmt.from_long(-3), pmt.from_double(0.0))),
            time_tag(20, 1, 1.5), time_tag(30, 2, float("nan"))])
        self.assertEqual((sink.error(), sink.captures(), sink.samples()), ("", 1, 100))


if __name__ == "__main__":
    gr_unittest.run(qa_sigmf)
