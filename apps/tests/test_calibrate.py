# SPDX-License-Identifier: GPL-3.0-or-later
"""isac_calibrate: channels with known gains and phases behind the sampled channel are found
again, and the scenario that is written makes the demodulator divide by them."""

import json

import numpy as np
import pytest
import yaml
from gnuradio import analog, blocks, gr, isac
from programs import LITE, SCENARIOS, expect_error, run, run_json

SEED = 11
TRANSMIT_DBM = 24.0
RECEIVE_DBM = -55.0
GAIN_DB = np.array([0.8, -0.8, 0.5, -0.5])  # of mean 0
PHASE_DEG = np.array([0.0, 40.0, -150.0, 95.0])
CHANNELS = 10 ** (GAIN_DB / 20) * np.exp(1j * np.deg2rad(PHASE_DEG))


def empty_field(path):
    """sdr_2x2.yml with arrays of four antennas and nothing that reflects."""
    text = (SCENARIOS / "sdr_2x2.yml").read_text(encoding="utf-8")
    for old, new in (("frame_period_s: 0.1", "frame_period_s: 0.01"),
                     ("axis: [1, 0], antennas: 2", "axis: [1, 0], antennas: 4"),
                     ("reflection_variance: 0.01", "reflection_variance: 1.0e-12")):
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    return path


def sigmf(scenario, path, access_point="rx0", start_s=-1.0):
    return isac.sigmf_sink(scenario, access_point, str(path), "cf32_le", RECEIVE_DBM, SEED, start_s)


def transmit(flowgraph, scenario, frames):
    """Modulators of all transmit access points."""
    payload = isac.payload_source(scenario, SEED)
    precoder = isac.mmse_precoder(scenario, SEED, "cpu")
    for k in range(scenario.users):
        flowgraph.connect((payload, k), (precoder, k))
    modulators = []
    for n in range(scenario.num_transmit):
        head = blocks.head(scenario.transmit_frame_size * gr.sizeof_gr_complex, frames)
        modulators.append(isac.ofdm_modulator(scenario, n, TRANSMIT_DBM))
        flowgraph.connect((precoder, n), head, modulators[-1])
    return modulators


def record(path, scenario, channels=CHANNELS, frames=5, start_s=-1.0, silent=(), ppm=0.0,
           late_s=0.0):
    """Record rx0 behind the sampled channel and channels of its own; one of 0 is dead."""
    flowgraph = gr.top_block()
    air = isac.antenna_channel(scenario, SEED, False, TRANSMIT_DBM, RECEIVE_DBM)
    air.set_receive_ppm([ppm] * scenario.num_receive)
    air.set_receive_timing([late_s] * scenario.num_receive)
    for n, modulator in enumerate(transmit(flowgraph, scenario, frames)):
        for a in range(scenario.transmit_antennas):
            gain = blocks.multiply_const_cc(0.0 if n in silent else 1.0)
            flowgraph.connect((modulator, a), gain,
                              (air, n * scenario.transmit_antennas + a))
    sink = sigmf(scenario, path, start_s=start_s)
    for a in range(scenario.num_receive * scenario.receive_antennas):
        heard = a < scenario.receive_antennas and channels[a] != 0
        unused = blocks.null_sink(gr.sizeof_gr_complex)
        gain = blocks.multiply_const_cc(complex(channels[a]) if heard else 1.0)
        flowgraph.connect((air, a), gain, (sink, a) if heard else unused)
        if a < scenario.receive_antennas and not heard: # noise as of the others
            flowgraph.connect(analog.noise_source_c(analog.GR_GAUSSIAN, 0.005, 1), (sink, a))
    flowgraph.run()
    assert sink.error() == ""
    return path


@pytest.fixture(scope="module")
def field(tmp_path_factory):
    """The scenario's file, the scenario, and a recording with times."""
    folder = tmp_path_factory.mktemp("field")
    file = empty_field(folder / "field.yml")
    scenario = isac.load_scenario(str(file))
    return file, scenario, record(folder / "field", scenario, start_s=0.0)


def expect_channels(figures, gain_db=GAIN_DB, phase_deg=PHASE_DEG):
    """Within three standard deviations, and those are small."""
    for name, expected in (("gain_db", gain_db), ("phase_deg", phase_deg)):
        found = np.array(figures[name])
        deviation = np.array(figures[name.replace("_d", "_deviation_d")])
        error = np.abs(found - expected)
        assert (error <= 3 * deviation + 1e-6).all(), (name, found, error / deviation)
        assert (deviation < 0.3).all() and (deviation[1:] > 0).all()


# ----------------------------------------------------------------------- direct path
@pytest.mark.parametrize("transmitter", ["tx0", "tx1"])
def test_channels_are_found_on_the_direct_path(field, transmitter):
    figures, result = run_json(
        "isac_calibrate", "--recording", field[2], "--transmitter", transmitter)
    expect_channels(figures)
    assert (figures["access_point"], figures["transmitter"]) == ("rx0", transmitter)
    assert figures["frames"] == 5 and figures["snr_db"] > 40
    assert f"direct path of {transmitter}" in result.stdout and "±" in result.stdout


def test_the_nearest_is_the_default(field):
    figures, _ = run_json("isac_calibrate", "--recording", field[2])
    assert figures["transmitter"] == "tx0"  # at 100 m; tx1 is at 200 m


def test_free_running_clocks(field, tmp_path):
    # Found by preambles; timing and frequency offsets as between two oscillators.
    recording = record(tmp_path / "free", field[1], ppm=0.4, late_s=1.23e-3)
    figures, _ = run_json("isac_calibrate", "--recording", recording)
    expect_channels(figures)


def test_fewer_frames_are_less_sure(field):
    all_of_them, _ = run_json("isac_calibrate", "--recording", field[2])
    one, _ = run_json("isac_calibrate", "--recording", field[2], "--frames", 1)
    assert one["frames"] == 1
    expect_channels(one)
    # Frames tell more or less, as the precoder happens to send towards the access point.
    assert one["gain_deviation_db"][1] > 1.5 * all_of_them["gain_deviation_db"][1]


def test_demodulator_divides_by_what_was_written(field, tmp_path):
    file, scenario, recording = field
    out = tmp_path / "calibrated.yml"
    figures, _ = run_json("isac_calibrate", "--recording", recording, "--out", out)
    entry = yaml.safe_load(out.read_text())["receive_access_points"]
    assert entry[0]["calibration"] == {key: figures[key] for key in ("gain_db", "phase_deg")}
    assert "calibration" not in entry[1]
    written = isac.load_scenario(str(out))
    assert written.fingerprint == scenario.fingerprint

    flowgraph = gr.top_block()
    source = isac.sigmf_source(str(recording))
    sync = isac.frame_sync(scenario, 0, "time", 0.0)
    sinks = []
    demodulators = [isac.ofdm_demodulator(which, 0, RECEIVE_DBM) for which in (scenario, written)]
    for a in range(4):
        flowgraph.connect((source, a), (sync, a))
        for demodulator in demodulators:
            flowgraph.connect((sync, a), (demodulator, a))
    for demodulator in demodulators:
        sinks.append(blocks.vector_sink_c(scenario.receive_frame_size))
        flowgraph.connect(demodulator, sinks[-1])
    flowgraph.run()
    plain, calibrated = [np.array(sink.data()).reshape(-1, 4, 64, 256) for sink in sinks]
    assert len(plain) == 5
    channels = 10 ** (np.array(figures["gain_db"]) / 20) * np.exp(
        1j * np.deg2rad(figures["phase_deg"]))
    difference = np.abs(calibrated * channels[:, None, None] - plain).max()
    assert difference < 1e-5 * np.abs(plain).max()

    # Once more, on what is calibrated already: the same, not what is left.
    again = tmp_path / "again.yml"
    run_json("isac_calibrate", "--recording", recording, "--scenario", out, "--out", again)
    assert again.read_text() == out.read_text()


def test_another_access_point_keeps_its_calibration(field, tmp_path):
    base = tmp_path / "base.yml"
    text = field[0].read_text().replace(
        "axis: [1, 0], antennas: 4, spacing_wavelengths: 0.5}\npath_loss",
        "axis: [1, 0], antennas: 4, spacing_wavelengths: 0.5, calibration: "
        "{gain_db: [1, 0, 0, -1], phase_deg: [0, 1, 2, 3]}}\npath_loss")
    assert text != field[0].read_text()
    base.write_text(text)
    figures, _ = run_json("isac_calibrate", "--recording", field[2], "--scenario", base, "--out",
                          base)
    entry = yaml.safe_load(base.read_text())["receive_access_points"]
    assert entry[0]["calibration"]["gain_db"] == figures["gain_db"]
    assert entry[1]["calibration"] == {"gain_db": [1, 0, 0, -1], "phase_deg": [0, 1, 2, 3]}


# ----------------------------------------------------------------------- loop-back
def test_channels_are_found_by_loop_back(field, tmp_path):
    scenario = field[1]
    flowgraph = gr.top_block()
    sent = blocks.vector_sink_c()
    for n, modulator in enumerate(transmit(flowgraph, scenario, 4)):
        for a in range(scenario.transmit_antennas):
            unused = blocks.null_sink(gr.sizeof_gr_complex)
            flowgraph.connect((modulator, a), sent if n == a == 0 else unused)
    flowgraph.run()
    samples = np.array(sent.data())
    rng = np.random.default_rng(1)
    # Noise 20 dB below the signal.
    scale = 0.1 * np.sqrt(np.mean(np.abs(samples[samples != 0]) ** 2) / 2)
    flowgraph = gr.top_block()
    sink = sigmf(scenario, tmp_path / "loop")
    for a, channel in enumerate(CHANNELS):
        noise = rng.normal(size=(2, len(samples))).T @ [1, 1j] * scale
        flowgraph.connect(blocks.vector_source_c(channel * samples + noise), (sink, a))
    flowgraph.run()
    figures, result = run_json("isac_calibrate", "--recording", tmp_path / "loop", "--loop-back")
    expect_channels(figures)
    assert figures["transmitter"] is None and "loop-back" in result.stdout


# ----------------------------------------------------------------------- refusals
def refuse(*arguments, parts=(), code=1):
    expect_error(run("isac_calibrate", *arguments), code, "isac_calibrate: ", *parts)


def test_dead_channels_are_refused_by_name(field, tmp_path):
    recording = record(tmp_path / "dead", field[1], channels=[1, 1, 0, 1], frames=2)
    refuse("--recording", recording, parts=[recording, "channel 2", "direct path of tx0"])
    refuse("--recording", recording, "--loop-back", parts=[recording, "channel "])


def test_silent_access_points_are_refused_by_name(field, tmp_path):
    recording = record(tmp_path / "silent", field[1], frames=2, silent=[1], start_s=0.0)
    refuse("--recording", recording, "--transmitter", "tx1",
           parts=[recording, "the preamble of tx1", "2 frames"])
    figures, _ = run_json("isac_calibrate", "--recording", recording)
    expect_channels(figures)


def test_recordings_of_noise_are_refused_by_name(field, tmp_path):
    rng = np.random.default_rng(2)
    flowgraph = gr.top_block()
    sink = sigmf(field[1], tmp_path / "noise")
    for a in range(4):
        noise = 0.01 * rng.normal(size=(2, 100_000)).T @ [1, 1j]
        flowgraph.connect(blocks.vector_source_c(noise), (sink, a))
    flowgraph.run()
    refuse("--recording", tmp_path / "noise", parts=[tmp_path / "noise", "no frame"])


def test_wrong_recordings_are_refused_by_name(field, tmp_path):
    refuse("--recording", tmp_path / "none", parts=[tmp_path / "none", "no such file"])
    flowgraph = gr.top_block()
    sink = sigmf(field[1], tmp_path / "sent", "tx1")
    for a in range(2):
        flowgraph.connect(blocks.vector_source_c([0j] * 100), (sink, a))
    flowgraph.run()
    refuse("--recording", tmp_path / "sent", parts=[tmp_path / "sent", "tx1"])
    # Without the seed, the direct path is not known, the loop-back is not asked for it.
    meta = tmp_path / "sent.sigmf-meta"
    document = json.loads(field[2].with_suffix(".sigmf-meta").read_text())
    del document["global"]["isac:seed"]
    meta.write_text(json.dumps(document))
    data = field[2].with_suffix(".sigmf-data").read_bytes()
    meta.with_suffix(".sigmf-data").write_bytes(data)
    refuse("--recording", meta, parts=[meta, "isac:seed"])


def test_other_scenarios_are_refused_by_name(field, tmp_path):
    out = tmp_path / "out.yml"
    refuse("--recording", field[2], "--scenario", LITE, "--out", out,
           parts=[LITE, field[2], "name: "])
    assert not out.exists()
    out = tmp_path / "none" / "out.yml"
    refuse("--recording", field[2], "--frames", 1, "--out", out, parts=[out, "No such file"])


@pytest.mark.parametrize("arguments, parts", [
    ([], ["recording", "required"]),
    (["--recording", "x", "--loop-back", "--transmitter", "tx0"], ["--transmitter", "--loop-back"]),
    (["--recording", "x", "--scenario", LITE], ["--scenario", "--out"]),
    (["--recording", "x", "--frames", "0"], ["frames", "0"])])
def test_wrong_options(arguments, parts):
    refuse(*arguments, code=2, parts=parts)


def test_unknown_access_points_are_refused_by_name(field):
    refuse("--recording", field[2], "--transmitter", "rx0", code=2, parts=["'rx0'", "tx0, tx1"])
