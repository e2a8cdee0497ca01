# SPDX-License-Identifier: GPL-3.0-or-later
#
# Written by scripts/python_stub.
"""A compiled part of gnuradio.isac."""

from typing import Any, Dict, List, Optional, Tuple, Union

import numpy
import numpy.typing
from gnuradio import gr


class AccessPoint:
    """Access point with a uniform linear or planar array."""
    @property
    def name(self) -> str:
        """Name in the scenario's file."""
    @property
    def position_m(self) -> List[float]:
        """Position of the first antenna, m."""
    @property
    def axis(self) -> List[float]:
        """Unit vector along the array."""
    @property
    def antennas(self) -> int:
        """Antennas along the axis."""
    @property
    def planar(self) -> Optional[PlanarAxis]:
        """Second axis of a planar array, None for a linear one."""
    @property
    def total_antennas(self) -> int:
        """Antennas of the whole array, which are its channels."""
    @property
    def spacing_wavelengths(self) -> float:
        """Distance of neighbouring antennas, wavelengths."""


class Box:
    """Axis-aligned box; one entry per coordinate."""
    @property
    def min(self) -> List[float]:
        """Smallest coordinates."""
    @property
    def max(self) -> List[float]:
        """Largest coordinates."""


class Capture:
    """Samples without a gap between them."""
    @property
    def sample_start(self) -> int:
        """Its first sample."""
    @property
    def time(self) -> Any:
        """When the first sample was taken by the radio's clock: whole seconds and a fraction, or
        None.
        """
    @property
    def frequency_hz(self) -> float:
        """That the radio was tuned to."""
    @property
    def datetime(self) -> str:
        """When it reached the recorder by that one's clock, ISO 8601."""


class EstimatorInfo:
    """What a flowgraph must know of a scheme whose access points estimate by themselves. Made by
    Scenario.estimator().
    """
    @property
    def scheme(self) -> str:
        """music, cs or ml."""
    @property
    def packet_size(self) -> int:
        """Bytes of a fronthaul packet."""
    @property
    def word_count(self) -> int:
        """Words of 16 bits of one access point and update."""
    @property
    def fronthaul_bits(self) -> int:
        """Their bits."""
    @property
    def reference_bits(self) -> int:
        """Bits that tell one access point what was transmitted, per update."""
    @property
    def fingerprint(self) -> int:
        """Of scheme and message, in the packets."""
    def __repr__(self) -> str: ...


class Loss:
    """Samples that the radio lost."""
    @property
    def sample_start(self) -> int:
        """The sample after them."""
    @property
    def samples(self) -> int:
        """Of each antenna."""


class ModelInfo:
    """What a flowgraph must know of a model file to connect its blocks. Made by
    load_model_info().
    """
    @property
    def path(self) -> str:
        """The file that it was read from."""
    @property
    def scenario(self) -> Scenario:
        """The scenario that the model was made for."""
    @property
    def read_out(self) -> str:
        """dense, grid, or cnn for a centralized network."""
    @property
    def reference(self) -> str:
        """What an access point knows of the transmitted signal: raw, pilot or reference."""
    @property
    def packet_size(self) -> int:
        """Bytes of a fronthaul packet; 0 for a centralized network."""
    @property
    def fingerprint(self) -> int:
        """Of architecture, codebooks and weights; in the packets."""
    @property
    def codewords(self) -> int:
        """Size of the codebook."""
    @property
    def index_count(self) -> int:
        """Indices of one access point and update."""
    @property
    def vectors_sent(self) -> int:
        """How many of the indices are positions, ahead of the codewords."""
    @property
    def fronthaul_bits(self) -> int:
        """Index or raw echo bits of one access point and update."""
    @property
    def reference_bits(self) -> int:
        """Bits that tell one access point what was transmitted, per update."""
    @property
    def encoder_reads_transmit(self) -> bool:
        """Whether the encoder has inputs for the transmit frames."""
    @property
    def decoder_reads_transmit(self) -> bool:
        """Whether the decoder has inputs for the transmit frames."""
    def __repr__(self) -> str: ...


class PlanarAxis:
    """Second axis of a planar array, along which it repeats the first."""
    @property
    def axis(self) -> List[float]:
        """Unit vector."""
    @property
    def antennas(self) -> int:
        """Antennas along it."""
    @property
    def spacing_wavelengths(self) -> float:
        """Distance of neighbouring antennas, wavelengths."""


class Recording:
    """What a SigMF recording says of itself.

    Made by recording(); read only.
    """
    @property
    def path(self) -> str:
        """That it was read from."""
    @property
    def datatype(self) -> str:
        """"cf32_le" or "ci16_le"."""
    @property
    def channels(self) -> int:
        """Antennas."""
    @property
    def sample_rate_hz(self) -> float:
        """Samples per second."""
    @property
    def samples(self) -> int:
        """Of each antenna."""
    @property
    def duration_s(self) -> float:
        """Duration of the samples, s."""
    @property
    def complete(self) -> bool:
        """Whether the recorder came to its end."""
    @property
    def foreign(self) -> bool:
        """Whether it was made by another program."""
    @property
    def samples_clipped(self) -> int:
        """Beyond full scale, of all antennas."""
    @property
    def sha512(self) -> str:
        """Of the data; empty where not known."""
    @property
    def description(self) -> str:
        """Any text."""
    @property
    def hardware(self) -> str:
        """What the radio is."""
    @property
    def recorder(self) -> str:
        """The program that made it."""
    @property
    def author(self) -> str:
        """Who made it."""
    @property
    def license(self) -> str:
        """Under which it may be used."""
    @property
    def scenario(self) -> Scenario:
        """The scenario."""
    @property
    def receive(self) -> bool:
        """Whether it is of a receive access point."""
    @property
    def access_point(self) -> int:
        """Number of the access point on its side, counted from 0."""
    @property
    def access_point_name(self) -> str:
        """Name of the access point."""
    @property
    def full_scale_dbm(self) -> float:
        """Power of full scale at the antenna, dBm."""
    @property
    def start_time_s(self) -> float:
        """When frame 0 of the schedule starts, by the clock of the captures, s; below 0 where it
        is not known.
        """
    @property
    def seed(self) -> Optional[int]:
        """Seed of payload and channel state, or None."""
    @property
    def scene_seed(self) -> Optional[int]:
        """Seed of scenes that were drawn, or None."""
    @property
    def first_frame(self) -> Any:
        """Number of the first frame whose place was recorded and its first sample, or None."""
    @property
    def clock_source(self) -> str:
        """Clock source of the radio."""
    @property
    def time_source(self) -> str:
        """Time source of the radio."""
    @property
    def captures(self) -> List[Capture]:
        """One, and one for each gap."""
    @property
    def losses(self) -> List[Loss]:
        """What is missing in the gaps."""
    def __repr__(self) -> str: ...


class RecordingError(RuntimeError):
    """Something is wrong with a recording; the text names the file and what it is."""


class Scenario:
    """Everything that exists: access points, waveform, users, targets, clutter, clocks.

    Made by load_scenario() or parse_scenario(); read only.
    """
    @property
    def name(self) -> str:
        """Name in the file."""
    @property
    def dimensions(self) -> int:
        """D, coordinates of a position."""
    @property
    def transmit(self) -> List[AccessPoint]:
        """Transmit access points."""
    @property
    def receive(self) -> List[AccessPoint]:
        """Receive access points."""
    @property
    def transmit_power_dbm(self) -> float:
        """P of one transmit access point, dBm."""
    @property
    def sensing_noise_dbm(self) -> float:
        """Noise per resource element and antenna, dBm."""
    @property
    def num_transmit(self) -> int:
        """N, transmit access points."""
    @property
    def num_receive(self) -> int:
        """M, receive access points."""
    @property
    def transmit_antennas(self) -> int:
        """N_t of one access point."""
    @property
    def receive_antennas(self) -> int:
        """M_r of one access point."""
    @property
    def subcarriers(self) -> int:
        """S, subcarriers of a frame."""
    @property
    def symbols(self) -> int:
        """T, symbols of a frame."""
    @property
    def users(self) -> int:
        """K, users."""
    @property
    def targets(self) -> int:
        """Q, targets."""
    @property
    def target_area_m(self) -> Box:
        """Where targets are, m."""
    @property
    def target_velocity_mps(self) -> Box:
        """How fast targets are, m/s."""
    @property
    def clutter_scatterers(self) -> int:
        """Scatterers of (29)."""
    @property
    def clutter_variance(self) -> float:
        """Mean power of their reflection coefficients."""
    @property
    def timing_offset_std_s(self) -> float:
        """Standard deviation of the timing offsets (30), s."""
    @property
    def frequency_offset_std_hz(self) -> float:
        """Standard deviation of the frequency offsets (30), Hz."""
    @property
    def transmit_frame_size(self) -> int:
        """Complex samples of a transmit frame, N_t·S·T."""
    @property
    def receive_frame_size(self) -> int:
        """Complex samples of an echo frame, M_r·S·T."""
    @property
    def symbols_per_frame(self) -> int:
        """Payload symbols of one user in a frame, S·T."""
    @property
    def estimate_size(self) -> int:
        """Floats of a truth or estimate item, 2·D·Q."""
    @property
    def bound_size(self) -> int:
        """Floats of a root bound item, 2·Q."""
    @property
    def carrier_hz(self) -> float:
        """Carrier frequency, Hz."""
    @property
    def subcarrier_spacing_hz(self) -> float:
        """Distance of the subcarriers of a frame, Hz."""
    @property
    def symbol_interval_s(self) -> float:
        """Distance of the symbols of a frame, s."""
    @property
    def interval_s(self) -> float:
        """Coherent processing interval, s."""
    @property
    def has_radio(self) -> bool:
        """Whether it has the section `radio`, which blocks over the air need."""
    @property
    def prefix_samples(self) -> int:
        """Samples of the cyclic prefix over the air. Raises as sample_rate_hz."""
    @property
    def sample_rate_hz(self) -> float:
        """Samples per second over the air. Raises ScenarioError for a scenario without `radio`.
        """
    @property
    def center_hz(self) -> float:
        """Frequency that radios are tuned to, Hz. Raises as sample_rate_hz."""
    @property
    def frame_samples(self) -> int:
        """Samples of a frame over the air, without the silence after it. Raises as
        sample_rate_hz.
        """
    @property
    def period_samples(self) -> int:
        """Samples from frame to frame over the air. Raises as sample_rate_hz."""
    @property
    def frame_period_s(self) -> float:
        """Time from frame to frame over the air, s. Raises as sample_rate_hz."""
    @property
    def raw_echo_bits(self) -> int:
        """Bits of an echo frame that is not compressed."""
    @property
    def fingerprint(self) -> int:
        """What a model depends on, as one number."""
    def to_yaml(self) -> str:
        """The scenario as YAML."""
    def __repr__(self) -> str: ...
    def estimator(self, scheme: str, reference: str = 'reference') -> EstimatorInfo:
        """Packets and bits of the scheme music, cs or ml; reference: whether the access points
        are told what was transmitted (reference) or make it from a seed (pilot).
        """
    def monostatic(self, position_m: List[float] = [50.0, 0.0]) -> Scenario:
        """The scenario with one full-duplex base station instead of the access points."""


class ScenarioError(ValueError):
    """Something is wrong with a scenario; the text names the key, the value and the line."""


class _FrameEstimator:
    @staticmethod
    def make(
        arg0: Scenario,
        arg1: str,
        arg2: str,
        arg3: List[int],
        arg4: str,
    ) -> _FrameEstimator:
        ...
    @staticmethod
    def make_model(
        arg0: Scenario,
        arg1: str,
        arg2: str,
        arg3: List[int],
        arg4: str,
    ) -> _FrameEstimator:
        ...
    def estimate(
        self,
        arg0: Scenario,
        arg1: numpy.typing.NDArray[numpy.complex64],
        arg2: numpy.typing.NDArray[numpy.complex64],
    ) -> Tuple[Any, ...]:
        ...


def _bound_of_frame(
    arg0: Scenario,
    arg1: numpy.typing.NDArray[numpy.float64],
    arg2: numpy.typing.NDArray[numpy.float64],
    arg3: numpy.typing.NDArray[numpy.complex128],
    arg4: numpy.typing.NDArray[numpy.complex64],
    arg5: float,
    arg6: str,
) -> Tuple[Any, ...]:
    ...


def _draw_targets(arg0: Scenario, arg1: int, arg2: int, arg3: int) -> Tuple[Any, ...]:
    ...


def _echo_frames(
    arg0: Scenario,
    arg1: numpy.typing.NDArray[numpy.float64],
    arg2: numpy.typing.NDArray[numpy.float64],
    arg3: numpy.typing.NDArray[numpy.complex128],
    arg4: numpy.typing.NDArray[numpy.complex64],
    arg5: float,
    arg6: int,
    arg7: float,
    arg8: float,
    arg9: float,
    arg10: int,
    arg11: int,
    arg12: str,
) -> numpy.typing.NDArray[numpy.complex64]:
    ...


def _match_frame(
    arg0: Scenario,
    arg1: numpy.typing.NDArray[numpy.float64],
    arg2: numpy.typing.NDArray[numpy.float64],
    arg3: bool,
) -> Tuple[Any, ...]:
    ...


def _transmit_frames(
    arg0: Scenario,
    arg1: float,
    arg2: int,
    arg3: int,
    arg4: str,
) -> numpy.typing.NDArray[numpy.complex64]:
    ...


class access_point_estimator(gr.block, gr.basic_block):
    """What music_estimator, cs_estimator and ml_estimator have in common."""
    def packet_size(self) -> int:
        """Bytes of one packet."""
    def fronthaul_bits(self) -> int:
        """Bits of the words of one frame."""
    def frames(self) -> int:
        """Frames that were worked on."""
    def frames_refused(self) -> int:
        """Frames left out because of a sample that is not finite."""
    def frames_unmatched(self) -> int:
        """Frames passed over because echo and transmit frames were not of the same number."""
    def frames_skipped(self) -> int:
        """Frames skipped because later ones were waiting."""
    def host_copies(self) -> int:
        """Frames copied to or from items; none between blocks of ours on one device."""
    def host_copied_bytes(self) -> int:
        """Bytes of these frames."""
    def error(self) -> str:
        """What ended the flowgraph, or an empty string."""


class antenna_channel(gr.block, gr.basic_block):
    """Propagation of samples from all transmit to all receive antennas.

    Paths over moving targets and clutter, and direct paths, with a delay that follows the
    motion;
    path loss, reflection coefficients and steering vectors; clocks of all radios; white noise;
    responses of the receive channels as the scenario's calibration has them; converters that
    quantise and clip.

    Inputs: one stream for each antenna of each transmit access point. Outputs: likewise of the
    receive access points, with the tag rx_time at the first sample; when an input ends, what
    is
    still on its way arrives. Full scale is 1. Message port `command`: dictionary with
    noise_dbm,
    direct_path, direct_path_gain_db, transmit_full_scale_dbm, receive_full_scale_dbm,
    transmit_timing_s, receive_timing_s, transmit_ppm, receive_ppm, target_positions,
    target_velocities.
    """
    def __init__(
        self,
        scenario: Scenario,
        seed: int = 0,
        moving: bool = False,
        transmit_full_scale_dbm: float = 30.0,
        receive_full_scale_dbm: float = 30.0,
        bits: int = 0,
        direct_path: bool = True,
        start_s: float = 0.0,
    ) -> None:
        """seed: of scenes and noise; moving: one scene that lasts, otherwise a new one in every
        frame; transmit_full_scale_dbm, receive_full_scale_dbm: power of full scale at an
        antenna, dBm (at 30, samples are sqrt(W)); bits: of the converters, 0 for ideal ones;
        direct_path: whether there are direct paths; start_s: environment time of the start of
        frame 0, s.
        """
    def set_noise_dbm(self, noise_dbm: float) -> None:
        """Noise per resource element and antenna, dBm."""
    def noise_dbm(self) -> float:
        """Noise per resource element and antenna, dBm."""
    def set_direct_path(self, on: bool) -> None:
        """Whether there are direct paths."""
    def set_direct_path_gain_db(self, gain_db: float) -> None:
        """Gain of the direct paths over their path loss, dB."""
    def set_transmit_timing(self, timing_s: List[float]) -> None:
        """How much later than time 0 the clocks of the transmit access points read 0, s; an empty
        list for zeros.
        """
    def set_receive_timing(self, timing_s: List[float]) -> None:
        """The same of the receive access points."""
    def set_transmit_ppm(self, ppm: List[float]) -> None:
        """How much too fast the clocks of the transmit access points run, parts per million; an
        empty list for zeros.
        """
    def set_receive_ppm(self, ppm: List[float]) -> None:
        """The same of the receive access points."""
    def set_targets(self, positions: List[float], velocities: List[float]) -> None:
        """Coordinates of all targets, target by target, m and m/s; two empty lists for those that
        are drawn.
        """
    def set_transmit_full_scale_dbm(self, full_scale_dbm: float) -> None:
        """Power of full scale at a transmit antenna, dBm."""
    def set_receive_full_scale_dbm(self, full_scale_dbm: float) -> None:
        """Power of full scale at a receive antenna, dBm."""
    def transmit_samples_clipped(self) -> int:
        """Input samples that the transmit converters clipped."""
    def receive_samples_clipped(self) -> int:
        """Output samples that the receive converters clipped."""
    def messages_refused(self) -> int:
        """Messages that were refused."""
    def error(self) -> str:
        """What ended the flowgraph, or an empty string."""


class bistatic_channel(gr.block, gr.basic_block):
    """Echoes of moving targets at every receive access point, (6), (29), (30).

    Targets, reflection coefficients, clutter, offsets and noise are drawn from (seed, frame).

    Inputs: transmit frames of every transmit access point. Outputs: echo frames of every
    receive
    access point; truth (locations of all targets in m, then velocities in m/s); optionally the
    root Cramér-Rao bound (location of every target in m, then velocity in m/s). Message port
    `command`: dictionary with noise_dbm, clutter_scatterers, clutter_variance, timing_std_s,
    frequency_std_hz, target_count, target_positions, target_velocities.
    """
    def __init__(
        self,
        scenario: Scenario,
        seed: int = 0,
        device: str = 'auto',
        real_time: bool = False,
        moving: bool = False,
    ) -> None:
        """seed: of all draws; device: auto, cpu or cuda:N; real_time: frames leave at the
        waveform's interval, and those that nobody is ready for are skipped; moving: the
        targets of frame 0 last and move on, otherwise every frame has new ones.
        """
    def frames_skipped(self) -> int:
        """Frames that nobody was ready for in their interval."""
    def intervals_missed(self) -> int:
        """Intervals that passed without a frame to send."""
    def set_noise_dbm(self, noise_dbm: float) -> None:
        """Noise per resource element and antenna, dBm."""
    def noise_dbm(self) -> float:
        """Noise per resource element and antenna, dBm."""
    def set_clutter(self, scatterers: int, variance: float) -> None:
        """Number of scatterers (0 for none) and mean power of their reflection coefficients.
        """
    def set_clutter_scatterers(self, scatterers: int) -> None:
        """Number of scatterers alone."""
    def set_clutter_variance(self, variance: float) -> None:
        """Mean power of the reflection coefficients alone."""
    def set_offsets(self, timing_std_s: float, frequency_std_hz: float) -> None:
        """Standard deviations of the timing offset, s, and the frequency offset, Hz."""
    def set_timing_offset(self, std_s: float) -> None:
        """Standard deviation of the timing offset alone, s."""
    def set_frequency_offset(self, std_hz: float) -> None:
        """Standard deviation of the frequency offset alone, Hz."""
    def set_targets(self, positions: List[float], velocities: List[float]) -> None:
        """Coordinates of all targets, target by target, m and m/s; two empty lists for the
        scenario's random prior.
        """
    def set_target_count(self, count: int) -> None:
        """How many of the scenario's targets there are, 0 to Q; truth and bound of the others are
        NaN.
        """
    def target_count(self) -> int:
        """How many targets there are."""
    def messages_refused(self) -> int:
        """Messages that were refused."""
    def host_copies(self) -> int:
        """Frames copied to or from items; none between blocks of ours on one device."""
    def host_copied_bytes(self) -> int:
        """Bytes of these frames."""
    def error(self) -> str:
        """What ended the flowgraph, or an empty string."""


class centralized_cnn(echo_estimator, gr.block, gr.basic_block):
    """Estimates locations and velocities from the raw echoes of all access points.

    Inputs: the echo frames of every receive access point; for a model that reads them, also
    the
    frames of every transmit access point. Outputs: locations of all targets in m, then their
    velocities in m/s, with the tag frame; optionally the confidence of each target's estimate,
    which is one. Message port `estimates`: a PDU per frame with frame, time and confidence.
    """
    def __init__(
        self,
        scenario: Scenario,
        model_file: str,
        device: str = 'auto',
        real_time: bool = False,
        batch: int = 1,
    ) -> None:
        """model_file: safetensors, of a model with the read-out cnn.

        device: auto, cpu or cuda:N.

        real_time: whether frames are skipped when more than two are waiting, and the latency
        is measured.

        batch: most frames that go through the network at once.
        """


class cs_estimator(access_point_estimator, gr.block, gr.basic_block):
    """Paths of one receive access point: delays by sparse recovery, then angle and range rate.

    Inputs: echo frames of the receive access point; the frames of every transmit access point.
    Output: fronthaul packets of packet_size() bytes for a parameter_fusion of the scheme "cs".
    A
    frame with a sample that is not finite is counted and left out.
    """
    def __init__(
        self,
        scenario: Scenario,
        access_point: int,
        device: str = 'auto',
        real_time: bool = False,
    ) -> None:
        """access_point: number of the receive access point, counted from 0.

        device: auto, cpu or cuda:N.

        real_time: whether frames are skipped when more than two are waiting.
        """


class direct_path_canceller(gr.block, gr.basic_block):
    """Measures the clocks on the direct paths, and removes what stands still.

    Inputs: echo frames of one receive access point, then the transmit frames of every transmit
    access point. Outputs: the same for an estimator, with the clocks' offsets in the transmit
    frames and without what stands still in the echo. Message port `offsets`: a dictionary per
    frame. Message port `command`: {"removal": word}.
    """
    def __init__(
        self,
        scenario: Scenario,
        access_point: int,
        removal: str = 'projection',
        measure: bool = True,
        device: str = 'auto',
    ) -> None:
        """access_point: receive access point, counted from 0.

        removal: none, direct (the direct paths) or projection (all that stands still).

        measure: whether offsets are measured; those of the tags are taken otherwise.

        device: cpu, cuda:N or auto.
        """
    def set_removal(self, removal: str) -> None:
        """Set what is removed, from the next frame on."""
    def removal(self) -> str:
        """What is removed."""
    def frames(self) -> int:
        """Frames worked on."""
    def frames_without_direct_path(self) -> int:
        """Frames in which some direct path was too weak to measure."""
    def frames_unmatched(self) -> int:
        """Items dropped for want of a partner."""
    def frames_refused(self) -> int:
        """Frames left out because of a sample that is not finite."""
    def messages_refused(self) -> int:
        """Messages that were refused."""
    def error(self) -> str:
        """What ended the flowgraph, or an empty string."""


class dvqvae_encoder(gr.block, gr.basic_block):
    """Compresses the echo of one receive access point into fronthaul packets, (12)-(15).

    Inputs: echo frames; for a model that works on the reference, also the frames of every
    transmit access point. Output: packets of packet_size() bytes, one per item, whatever the
    coding: an entropy-coded payload ends in zeros. A frame with a sample that is not finite is
    logged, counted and left out.
    """
    def __init__(
        self,
        scenario: Scenario,
        model_file: str,
        access_point: int,
        seed: int = 0,
        device: str = 'auto',
        entropy_coding: bool = False,
        precision: str = 'float32',
        real_time: bool = False,
        batch: int = 1,
    ) -> None:
        """model_file: safetensors; access_point: from 0; seed: the precoder's, for pilot models;
        device: auto, cpu or cuda:N; entropy_coding: frequent codewords take fewer bits of the
        payload; precision: float32, bfloat16 or float16; real_time: frames are skipped when
        more than two are waiting; batch: most frames that go through the network at once.
        """
    def frames_skipped(self) -> int:
        """Frames skipped because later ones were waiting."""
    def packet_size(self) -> int:
        """Bytes of one packet."""
    def frames(self) -> int:
        """Frames encoded."""
    def coded_bits(self) -> int:
        """Bits of payload in all packets so far: the indices, or with entropy coding their code
        and its length; without the zeros.
        """
    def frames_refused(self) -> int:
        """Frames left out because of a sample that is not finite."""
    def frames_unmatched(self) -> int:
        """Frames passed over because echo and transmit frames were not of one number."""
    def host_copies(self) -> int:
        """Frames copied to or from items; none between blocks of ours on one device."""
    def host_copied_bytes(self) -> int:
        """Bytes of these frames."""
    def error(self) -> str:
        """What ended the flowgraph, or an empty string."""


class echo_estimator(gr.block, gr.basic_block):
    """What monostatic_estimator and centralized_cnn have in common."""
    def frames(self) -> int:
        """Frames estimated."""
    def frames_refused(self) -> int:
        """Frames left out because of a sample that is not finite."""
    def frames_unmatched(self) -> int:
        """Frames passed over because not every stream had one of the same number."""
    def frames_skipped(self) -> int:
        """Frames skipped because later ones were waiting."""
    def latency_s(self, share: float) -> float:
        """Latency that a share (0.5 for the median) of the last frames does not exceed, s, from
        the end of the interval to the estimate; NaN unless in real time.
        """
    def host_copies(self) -> int:
        """Frames copied to or from items; none between blocks of ours on one device."""
    def host_copied_bytes(self) -> int:
        """Bytes of these frames."""
    def error(self) -> str:
        """What ended the flowgraph, or an empty string."""


class error_meter(gr.block, gr.basic_block):
    """Scores estimates against the truth and the Cramér-Rao bound.

    Inputs: truth, estimates (both locations of all targets in m, then velocities in m/s) and
    optionally the root bound and, after it, the confidence of each estimate. Truth and
    estimates are paired by the tag frame. Message port
    `scores`: the dictionary of scores(), at most once a second.
    """
    def __init__(self, scenario: Scenario, location_only: bool = False) -> None:
        """location_only: whether locations alone are matched and scored."""
    def scores(self) -> Dict[str, float]:
        """Scores so far as a dictionary; NaN where nothing was counted."""
    def calibration(self) -> Dict[str, float]:
        """Mean confidence of all estimates, of those within and of those beyond 5 m, and the
        share within 5 m, as a dictionary; NaN where nothing was counted.
        """
    def to_json(self) -> str:
        """scores() as a JSON object in one line; null where not finite."""
    def table(self) -> str:
        """scores() as a table for people."""
    def clear(self) -> None:
        """Forget everything counted."""
    def estimates_unmatched(self) -> int:
        """Estimates that no truth belonged to."""


class estimate_publisher(gr.block, gr.basic_block):
    """Publishes estimates as JSON over ZeroMQ and UDP.

    Message port `estimates`: the PDUs of a fusion_decoder, a parameter_fusion or another block
    that
    estimates. One JSON object per frame (docs/files.md); a reader that is slow misses objects,
    and
    holds up nobody.
    """
    def __init__(
        self,
        scenario: Scenario,
        zmq_address: str = '',
        udp_address: str = '',
        queue: int = 64,
    ) -> None:
        """scenario: of the estimates; zmq_address: to listen at, e.g. tcp://127.0.0.1:5600;
        udp_address: HOST:PORT to send to; either may be empty; queue: most objects that wait
        for one reader.
        """
    def zmq_address(self) -> str:
        """The address that it listens at, with its port; empty without ZeroMQ."""
    def published(self) -> int:
        """Objects published."""
    def datagrams_dropped(self) -> int:
        """Datagrams that the operating system did not take."""
    def messages_refused(self) -> int:
        """Messages that were no estimates of the scenario."""


class frame_sync(gr.block, gr.basic_block):
    """Finds frames in the samples of an access point's antennas and corrects their clocks.

    Inputs: one stream per antenna; tags rx_time on input 0 are the radio's time. Outputs: one
    stream per antenna with whole payloads, the common frequency offset taken off; the first
    sample
    of each has the tags frame, rx_time, timing_offset_s and frequency_offset_hz (what remains
    for
    every transmit access point, NaN where it was not seen). Message port `status`: a
    dictionary
    per frame with frame, locked, misses, frequency_hz, snr_db, timing_offset_s and
    frequency_offset_hz.
    """
    def __init__(
        self,
        scenario: Scenario,
        access_point: int,
        mode: str = 'preamble',
        start_time_s: float = 0.0,
        misses_allowed: int = 10,
        false_alarm: float = 1e-06,
    ) -> None:
        """access_point: receive access point, counted from 0.

        mode: whether frames start by "time" or where the "preamble" is.

        start_time_s: start of frame 0 in the receiver's time; for mode time.

        misses_allowed: frames in a row without any preamble that the lock survives.

        false_alarm: probability that noise passes the search within one period.
        """
    def set_misses_allowed(self, misses_allowed: int) -> None:
        """Set how many frames in a row without any preamble the lock survives."""
    def misses_allowed(self) -> int:
        """Frames in a row without any preamble that the lock survives."""
    def locked(self) -> bool:
        """Whether the preambles were seen, not longer ago than is allowed."""
    def frames(self) -> int:
        """Frames sent out."""
    def frames_missed(self) -> int:
        """Frames that went on without any preamble seen."""
    def frames_dropped(self) -> int:
        """Frames dropped because samples of them are missing."""
    def locks(self) -> int:
        """How often the lock was found."""
    def losses(self) -> int:
        """How often it was lost."""
    def error(self) -> str:
        """What ended the flowgraph, or an empty string."""


class fronthaul_sink(gr.sync_block, gr.block, gr.basic_block):
    """Sends the fronthaul packets of an access point to the central unit.

    Input: packets, one per item. Connects by itself, again and again, and never holds up the
    blocks before it: what cannot leave waits in a queue, whose oldest packet makes room.
    """
    def __init__(
        self,
        packet_size: int,
        address: str,
        security: str = 'curve',
        key_file: str = '',
        server_key_file: str = '',
        queue: int = 64,
    ) -> None:
        """packet_size: bytes; address: of the central unit, e.g. tcp://192.168.1.10:5550;
        security: curve, or none for packets that anybody can read, change and forge; key_file:
        NAME.key of this access point; server_key_file: NAME.pub of the central unit; queue:
        most packets that wait.
        """
    def packets_sent(self) -> int:
        """Packets handed over to a connection."""
    def packets_dropped(self) -> int:
        """Packets that made room for newer ones, or waited when the flowgraph stopped."""
    def connections_refused(self) -> int:
        """Connections that the central unit has refused."""
    def connected(self) -> bool:
        """Whether the central unit has let this access point in, as of the last packet."""
    def error(self) -> str:
        """What ended the flowgraph, empty when nothing went wrong."""


class fronthaul_source(gr.sync_block, gr.block, gr.basic_block):
    """Fronthaul packets of one access point, at the central unit.

    Output: packets, one per item, intact, of the right size, scenario, model and access point,
    whose frame numbers rise until the access point counts anew. Everything else is counted,
    logged and dropped.
    """
    def __init__(
        self,
        scenario: Scenario,
        access_point: int,
        packet_size: int,
        fingerprint: int,
        address: str,
        security: str = 'curve',
        key_file: str = '',
        authorised_file: str = '',
        queue: int = 64,
    ) -> None:
        """access_point: from 0; packet_size, fingerprint: as ModelInfo or EstimatorInfo tells
        them; address: to listen at, e.g. tcp://0.0.0.0:5550; security: curve, or none for
        whatever anybody sends; key_file: NAME.key of the central unit; authorised_file: keys
        of the access points; queue: most packets that wait here.
        """
    def end(self) -> None:
        """End the stream: of the packets that have come, at most `queue` are passed on."""
    def address(self) -> str:
        """The address that it listens at, with its port."""
    def packets_received(self) -> int:
        """Packets passed on."""
    def packets_lost(self) -> int:
        """Frame numbers passed over, those of late packets among them."""
    def packets_late(self) -> int:
        """Packets dropped because a later one was passed on before."""
    def packets_duplicate(self) -> int:
        """Packets dropped because they had come before."""
    def packets_corrupt(self) -> int:
        """Messages that are no packets, or damaged ones."""
    def packets_foreign(self) -> int:
        """Packets of another scenario, model or scheme."""
    def packets_refused(self) -> int:
        """Packets of another access point, or of a machine whose place another one with its key
        has taken.
        """
    def connections_refused(self) -> int:
        """Attempts to connect without the authorised key."""
    def error(self) -> str:
        """What ended the flowgraph, empty when nothing went wrong."""


class fusion_decoder(gr.block, gr.basic_block):
    """Fuses the packets of all access points into locations and velocities, (16).

    Inputs: the packets of every receive access point that is not absent, in ascending order;
    for a
    model whose decoder reads them, also the frames of every transmit access point. Outputs:
    locations of all targets in m, then their velocities in m/s, with the tag frame; optionally
    the
    confidence of each target's estimate, 0 to 1. Message port `estimates`: a PDU per frame
    with
    frame, time, access_points and confidence. Packets that are damaged, of another model or
    with
    indices that no encoder gives, and those that come twice or after their frame, are counted
    and
    dropped. An access point that counts its frames anew is taken back.
    """
    def __init__(
        self,
        scenario: Scenario,
        model_file: str,
        device: str = 'auto',
        absent: List[int] = [],
        precision: str = 'float32',
        real_time: bool = False,
        batch: int = 1,
        deadline_s: float = 0.0,
    ) -> None:
        """model_file: safetensors, the model that the encoders use.

        device: auto, cpu or cuda:N.

        absent: receive access points whose packets do not come, counted from 0; they have no
        input, and the estimates are made without them.

        precision: float32, bfloat16 or float16.

        real_time: frames are skipped when the packets of more than two are waiting, and the
        latency is measured.

        batch: most frames that go through the network at once.

        deadline_s: how long after the first packet of a frame the others are waited for, s; 0
        for ever.
        """
    def frames_skipped(self) -> int:
        """Frames skipped because the packets of later ones were waiting."""
    def frames_incomplete(self) -> int:
        """Frames estimated without some access point."""
    def packets_late(self) -> int:
        """Packets dropped because they came after their frame or their successor."""
    def duplicates(self) -> int:
        """Packets dropped because they were of the same frame as the one before."""
    def latency_s(self, share: float) -> float:
        """Latency that a share (0.5 for the median) of the last frames does not exceed, s, from
        the end of the interval to the estimate; NaN unless in real time.
        """
    def packet_size(self) -> int:
        """Bytes of one packet."""
    def frames(self) -> int:
        """Frames decoded."""
    def frames_lost(self) -> int:
        """Frames without an estimate, between the first and the last number seen."""
    def packets_refused(self) -> int:
        """Packets refused."""
    def refusals(self) -> Dict[str, int]:
        """Packets refused, by what was wrong with them."""
    def items_unmatched(self) -> int:
        """Packets and transmit frames dropped for want of a partner."""
    def host_copies(self) -> int:
        """Frames copied to or from items; none between blocks of ours on one device."""
    def host_copied_bytes(self) -> int:
        """Bytes of these frames."""
    def error(self) -> str:
        """What ended the flowgraph, or an empty string."""


def load_model_info(path: str) -> ModelInfo:
    """Read from a model file what ModelInfo tells."""


def load_scenario(path: str) -> Scenario:
    """Read a scenario file. Raises ScenarioError naming file, line and key."""


class ml_estimator(access_point_estimator, gr.block, gr.basic_block):
    """Targets of one receive access point by maximum likelihood, with their information.

    Inputs: echo frames of the receive access point; the frames of every transmit access point.
    Output: fronthaul packets of packet_size() bytes for a parameter_fusion of the scheme "ml".
    A
    frame with a sample that is not finite is counted and left out.
    """
    def __init__(
        self,
        scenario: Scenario,
        access_point: int,
        device: str = 'auto',
        real_time: bool = False,
        static_clutter: str = 'scenario',
    ) -> None:
        """access_point: number of the receive access point, counted from 0.

        device: auto, cpu or cuda:N.

        real_time: whether frames are skipped when more than two are waiting.

        static_clutter: what is done about what stands still; scenario (it is taken out where
        the scenario has scatterers and none of them moves), keep or remove.
        """


class mmse_precoder(gr.sync_decimator, gr.sync_block, gr.block, gr.basic_block):
    """Precodes the users' symbols for the antennas of all transmit access points, (3).

    Centralized MMSE precoder on every subcarrier, scaled so that the strongest access point
    meets its power limit. The channel state is drawn from (seed, frame) until a message at
    port
    `csi` brings one, {"channel": c32vector [subcarrier, access point and antenna, user]}.

    Inputs: one complex symbol stream per user. Outputs: one stream per transmit access point,
    one frame [antenna, subcarrier, symbol] per item, in sqrt(W), with the tags frame, csi,
    power_dbm and seed. Message port `command`: {"power_dbm": number}.
    """
    def __init__(self, scenario: Scenario, seed: int = 0, device: str = 'auto') -> None:
        """seed: of the drawn channel state; device: auto, cpu or cuda:N."""
    def set_transmit_power_dbm(self, power_dbm: float) -> None:
        """Power limit of one transmit access point, dBm, from the next frame on."""
    def transmit_power_dbm(self) -> float:
        """Power limit of one transmit access point, dBm."""
    def set_channel(self, channel: List[complex]) -> None:
        """Channel state [subcarrier, access point and antenna, user], flat."""
    def messages_refused(self) -> int:
        """Messages that were refused."""
    def host_copies(self) -> int:
        """Frames copied to or from items; none between blocks of ours on one device."""
    def host_copied_bytes(self) -> int:
        """Bytes of these frames."""
    def error(self) -> str:
        """What ended the flowgraph, or an empty string."""


class monostatic_estimator(echo_estimator, gr.block, gr.basic_block):
    """Locates targets from the echo of one full-duplex base station.

    Inputs: echo frames and transmit frames of the scenario that scenario.monostatic() gives.
    Outputs: locations of all targets in m, then their velocities in m/s, of which the part
    across
    the line of sight is not seen, with the tag frame; optionally the confidence of each
    target's
    estimate. Message port `estimates`: a PDU per frame with frame, time and confidence.
    """
    def __init__(
        self,
        scenario: Scenario,
        device: str = 'auto',
        real_time: bool = False,
    ) -> None:
        """device: auto, cpu or cuda:N.

        real_time: whether frames are skipped when more than two are waiting, and the latency
        is measured.
        """


class music_estimator(access_point_estimator, gr.block, gr.basic_block):
    """Paths of one receive access point: angles by MUSIC, then range and range rate.

    Inputs: echo frames of the receive access point; the frames of every transmit access point.
    Output: fronthaul packets of packet_size() bytes for a parameter_fusion of the scheme
    "music". A
    frame with a sample that is not finite is counted and left out.
    """
    def __init__(
        self,
        scenario: Scenario,
        access_point: int,
        device: str = 'auto',
        real_time: bool = False,
    ) -> None:
        """access_point: number of the receive access point, counted from 0.

        device: auto, cpu or cuda:N.

        real_time: whether frames are skipped when more than two are waiting.
        """


class ofdm_demodulator(gr.block, gr.basic_block):
    """Samples of an access point's antennas as echo frames.

    Inputs: one stream per antenna with the payload of frames, as frame_sync cuts it out; the
    tag
    frame marks the first sample of each. Output: echo frames, one per item, complex
    [M_r, S, T], sqrt(W), with the tags of their samples. Message port `command`:
    {"full_scale_dbm": number, "gain_db": numbers, "phase_deg": numbers}.
    """
    def __init__(
        self,
        scenario: Scenario,
        access_point: int,
        full_scale_dbm: float,
        window_advance: int = -1,
    ) -> None:
        """access_point: receive access point, counted from 0.

        full_scale_dbm: power of full scale at the antenna.

        window_advance: samples that the transform starts before the prefix ends; below 0 for
        an eighth of it.
        """
    @staticmethod
    def make_user(
        scenario: Scenario,
        full_scale_dbm: float,
        window_advance: int = -1,
    ) -> ofdm_demodulator:
        """The receiver of a user, with one antenna; frames [1, S, T]."""
    def set_full_scale_dbm(self, full_scale_dbm: float) -> None:
        """Set the power of full scale at the antenna, dBm; from the next frame on."""
    def full_scale_dbm(self) -> float:
        """Power of full scale at the antenna, dBm."""
    def set_calibration(self, gain_db: List[float], phase_deg: List[float]) -> None:
        """Set the response of each channel, dB and degrees; both empty for none."""
    def frames(self) -> int:
        """Frames made."""
    def samples_dropped(self) -> int:
        """Samples of each antenna that belonged to no whole frame."""
    def messages_refused(self) -> int:
        """Messages that were refused."""


class ofdm_modulator(gr.block, gr.basic_block):
    """Transmit frames of an access point as samples of its antennas.

    Input: transmit frames, one per item, complex [N_t, S, T], sqrt(W), with the tag frame.
    Outputs: one stream per antenna, scenario.period_samples per frame: preambles, header, OFDM
    symbols with cyclic prefix, silence. A sample of magnitude 1 is full scale. Tags: frame at
    the first sample of a frame, tx_time at the first sample where a start time is given.
    Message
    port `command`: {"full_scale_dbm": number}.
    """
    def __init__(
        self,
        scenario: Scenario,
        access_point: int,
        full_scale_dbm: float,
        start_time_s: float = -1.0,
    ) -> None:
        """access_point: transmit access point, counted from 0.

        full_scale_dbm: power of full scale at the antenna; some 12 dB above the transmit
        power.

        start_time_s: when frame 0 starts, by the radio's clock, s; below 0 for no tag.
        """
    def set_full_scale_dbm(self, full_scale_dbm: float) -> None:
        """Set the power of full scale at the antenna, dBm."""
    def full_scale_dbm(self) -> float:
        """Power of full scale at the antenna, dBm."""
    def crest_factor_db(self) -> float:
        """Peak over mean power of the payload's samples since the start, dB."""
    def peak_dbfs(self) -> float:
        """Largest magnitude of the payload's samples relative to full scale, dB."""
    def mean_dbfs(self) -> float:
        """Mean power of the payload's samples relative to full scale, dB."""
    def samples_beyond_full_scale(self) -> int:
        """Samples of the payload that a converter clips."""
    def frames(self) -> int:
        """Frames sent."""
    def frames_silent(self) -> int:
        """Frames whose numbers were missing, and that were silent."""
    def frames_dropped(self) -> int:
        """Frames dropped because their numbers had passed."""
    def messages_refused(self) -> int:
        """Messages that were refused."""
    def error(self) -> str:
        """What ended the flowgraph, or an empty string."""


class parameter_fusion(gr.block, gr.basic_block):
    """Fuses what the access points have estimated into locations and velocities.

    Inputs: the packets of every receive access point that is not absent, in ascending order.
    Outputs: locations of all targets in m, then their velocities in m/s, with the tag frame;
    optionally the confidence of each target's estimate, 0 to 1, and the covariance [Q, 2D, 2D]
    of
    its location and velocity. Message port `estimates`: a PDU per frame with frame, time,
    access_points, confidence and covariance. Packets that are damaged, of another scheme or
    with
    words that no access point gives, and those that come twice or after their frame, are
    counted
    and dropped. An access point that counts its frames anew is taken back.
    """
    def __init__(
        self,
        scenario: Scenario,
        scheme: str,
        absent: List[int] = [],
        real_time: bool = False,
        deadline_s: float = 0.0,
    ) -> None:
        """scheme: music, cs or ml.

        absent: receive access points whose packets do not come, counted from 0; they have no
        input.

        real_time: whether frames are skipped when the packets of more than two are waiting,
        and the latency is measured.

        deadline_s: how long after the first packet of a frame the others are waited for, s; 0
        for ever.
        """
    def packet_size(self) -> int:
        """Bytes of one packet."""
    def frames(self) -> int:
        """Frames estimated."""
    def frames_lost(self) -> int:
        """Frames without an estimate, between the first and the last number seen."""
    def packets_refused(self) -> int:
        """Packets refused."""
    def refusals(self) -> Dict[str, int]:
        """Packets refused, by what was wrong with them."""
    def items_unmatched(self) -> int:
        """Packets dropped for want of a partner."""
    def frames_skipped(self) -> int:
        """Frames skipped because the packets of later ones were waiting."""
    def frames_incomplete(self) -> int:
        """Frames estimated without some access point."""
    def packets_late(self) -> int:
        """Packets dropped because they came after their frame or their successor."""
    def duplicates(self) -> int:
        """Packets dropped because they were of the same frame as the one before."""
    def latency_s(self, share: float) -> float:
        """Latency that a share (0.5 for the median) of the last frames does not exceed, s, from
        the end of the interval to the estimate; NaN unless in real time.
        """
    def error(self) -> str:
        """What ended the flowgraph, or an empty string."""


def parse_scenario(text: str, source: str = 'scenario') -> Scenario:
    """Read a scenario from YAML text; errors call it `source`."""


class payload_source(gr.sync_block, gr.block, gr.basic_block):
    """Payload symbols of all users, drawn from (seed, frame).

    Outputs: one complex stream per user, QAM symbols with unit mean power, frame after frame
    in
    the order [subcarrier, symbol], scenario.symbols_per_frame items per frame.
    """
    def __init__(self, scenario: Scenario, seed: int = 0) -> None:
        """scenario: waveform and users; seed: of the draws, the precoder's for pilots."""


def recording(path: str, checksum: bool = False) -> Recording:
    """What a SigMF recording says of itself: scenario, access point, schedule and all that its
    samples need.

    path: with either ending, or without.

    checksum: whether the data are read and compared with their checksum.

    Raises RecordingError naming the file and what is wrong with it.
    """


class sigmf_sink(gr.sync_block, gr.block, gr.basic_block):
    """Records the antenna streams of an access point as SigMF.

    Inputs: one stream per antenna, full scale 1. Writes NAME.sigmf-data and NAME.sigmf-meta,
    with
    the scenario and all that is needed to process them later. Where the tag rx_time is not
    that
    of the samples before, a capture begins, and the samples that are missing are noted. A disk
    that is full ends the flowgraph; see error().
    """
    def __init__(
        self,
        scenario: Scenario,
        access_point: str,
        filename: str,
        datatype: str,
        full_scale_dbm: float,
        seed: int,
        start_time_s: float = -1.0,
        description: str = '',
        overwrite: bool = False,
    ) -> None:
        """access_point: name of a receive or transmit access point.

        filename: NAME, with or without an ending of SigMF.

        datatype: "cf32_le", or "ci16_le" with 32767 for full scale.

        full_scale_dbm: power of full scale at the antenna.

        seed: of payload and channel state.

        start_time_s: when frame 0 of the schedule starts, by the clock of rx_time; below 0
        where that is not known.

        description: any text.

        overwrite: whether files of that name are replaced.
        """
    def set_hardware(
        self,
        hardware: str,
        clock_source: str = '',
        time_source: str = '',
    ) -> None:
        """Note what the radio is, in the metadata that are written at the end."""
    def set_scene_seed(self, seed: Optional[int]) -> None:
        """Note the seed that the scenes before the radios were drawn with; None if that is not
        known.
        """
    def samples(self) -> int:
        """Samples of each antenna recorded."""
    def samples_clipped(self) -> int:
        """Samples beyond full scale that ci16_le has clipped, of all antennas."""
    def captures(self) -> int:
        """Captures: one, and one for each gap."""
    def samples_lost(self) -> int:
        """Samples of each antenna that the radio lost, by its time."""
    def error(self) -> str:
        """What ended the flowgraph, empty when nothing went wrong."""


class sigmf_source(gr.sync_block, gr.block, gr.basic_block):
    """Antenna streams of a SigMF recording.

    Outputs: one stream per antenna, full scale 1, with the tags rx_time, rx_freq and rx_rate
    at
    every capture. Everything of the files is checked when the block is made.
    """
    def __init__(self, filename: str, repeat: bool = False) -> None:
        """filename: NAME, with or without an ending of SigMF.

        repeat: whether it starts anew at the end.
        """
    @staticmethod
    def make_foreign(
        filename: str,
        scenario: Scenario,
        access_point: str,
        full_scale_dbm: float,
        seed: int,
        start_time_s: float = -1.0,
        repeat: bool = False,
    ) -> sigmf_source:
        """For a recording that another program made, with what it does not say; a recording of
        this project keeps its own.
        """
    def recording(self) -> Recording:
        """What the recording says of itself."""
    def samples(self) -> int:
        """Samples of each antenna played."""
    def error(self) -> str:
        """What ended the flowgraph, empty when nothing went wrong."""


class transmit_reference(gr.sync_block, gr.block, gr.basic_block):
    """The transmit frames that belong to echo frames, made from the seed.

    Input: echo frames, of which only the tags frame and rx_time are read. Outputs: the
    transmit
    frames of the same numbers, complex [N_t, S, T], sqrt(W), one stream per access point.
    Message
    port `command`: {"power_dbm": number}.
    """
    def __init__(self, scenario: Scenario, seed: int, device: str = 'auto') -> None:
        """seed: that of the transmit access points; device: cpu, cuda:N or auto."""
    def set_transmit_power_dbm(self, power_dbm: float) -> None:
        """Set the power that the transmit access points have, dBm."""
    def transmit_power_dbm(self) -> float:
        """Power of a transmit access point, dBm."""
    def messages_refused(self) -> int:
        """Messages that were refused."""
    def error(self) -> str:
        """What ended the flowgraph, or an empty string."""


class user_channel(gr.sync_block, gr.block, gr.basic_block):
    """Channel from all transmit access points to the users, frame by frame, (4).

    The channel is the one that mmse_precoder draws from the same seed, until a message at port
    `csi` brings another, {"channel": c32vector [subcarrier, access point and antenna, user]}.

    Inputs: the frames of every transmit access point. Outputs: one stream per user, one frame
    [subcarrier, symbol] per item, in sqrt(W), with the tags of input 0. Message port
    `command`:
    {"noise_dbm": number}.
    """
    def __init__(self, scenario: Scenario, seed: int = 0, device: str = 'auto') -> None:
        """seed: of channel and noise; device: auto, cpu or cuda:N."""
    def set_noise_dbm(self, noise_dbm: float) -> None:
        """Noise per resource element, dBm, from the next frame on; minus infinity for none."""
    def noise_dbm(self) -> float:
        """Noise per resource element, dBm."""
    def set_channel(self, channel: List[complex]) -> None:
        """Channel [subcarrier, access point and antenna, user], flat."""
    def messages_refused(self) -> int:
        """Messages that were refused."""
    def host_copies(self) -> int:
        """Frames copied to or from items; none between blocks of ours on one device."""
    def host_copied_bytes(self) -> int:
        """Bytes of these frames."""
    def error(self) -> str:
        """What ended the flowgraph, or an empty string."""


class user_receiver(gr.block, gr.basic_block):
    """Receiver of one user: constellation, EVM, bit errors, SINR.

    The payload is that of a payload_source with the same seed; the first symbols of each frame
    are training. Input: frames [subcarrier, symbol] of the user. Output: equalised symbols,
    scenario.symbols_per_frame items per frame, with the tags evm_db, sinr_db and
    bit_error_rate
    at the first of each. Message port `scores`: a dictionary, at most once a second.
    """
    def __init__(
        self,
        scenario: Scenario,
        user: int,
        seed: int = 0,
        training_symbols: int = 4,
        track_phase: bool = False,
    ) -> None:
        """user: counted from 0.

        seed: of the payload.

        training_symbols: at the start of each frame.

        track_phase: whether a residual frequency offset is followed.
        """
    def scores(self) -> Dict[str, float]:
        """Scores since the start or reset() as a dictionary: frames, evm_db, evm_percent,
        sinr_db, bits, bit_errors, bit_error_rate; NaN where nothing was counted.
        """
    def last_frame(self) -> Dict[str, float]:
        """The same of the last frame."""
    def channel(self) -> List[complex]:
        """Channel with the precoder in it, per subcarrier of the last frame, sqrt(W)."""
    def subcarrier_sinr_db(self) -> List[float]:
        """SINR of each subcarrier in the last frame, dB."""
    def reset(self) -> None:
        """Forget everything counted."""
    def frames(self) -> int:
        """Frames received."""
    def frames_refused(self) -> int:
        """Frames left out because of a sample that is not finite."""
    def error(self) -> str:
        """What ended the flowgraph, or an empty string."""


def write_fresh_model(
    path: str,
    scenario: Scenario,
    architecture: str = 'lite',
    reference: str = '',
    seed: int = 0,
) -> None:
    """Write a model file with fresh weights, to train or to test a flowgraph with.

    architecture: "paper", "lite", "cnn" or a JSON object with sizes;
    reference: "raw", "pilot", "reference", or empty for the architecture's own.
    """
