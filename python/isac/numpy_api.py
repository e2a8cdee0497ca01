# SPDX-License-Identifier: GPL-3.0-or-later
"""Single frames as NumPy arrays: echoes of a scene, the bound, estimates, errors.

What the blocks compute, without a flowgraph and with the same numbers: a seed and a frame
number give what payload_source, mmse_precoder and bistatic_channel make of them. N and M are
transmit and receive access points, N_t and M_r their antennas, S and T subcarriers and symbols
of a frame, Q targets of D coordinates; units are m, m/s and, of samples, sqrt(W).

Arrays are converted where nothing is lost but precision (complex128 to complex64, lists,
memory that is not contiguous) and refused by their name otherwise.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np
import numpy.typing as npt

from . import isac_python as _native
from .isac_python import ModelInfo, Scenario


class Echo(NamedTuple):
    """Echoes of one frame, and what they are echoes of. Made by echo()."""

    #: Y of (6), complex64 [M, M_r, S, T].
    echo: npt.NDArray[np.complex64]
    #: X of (3), complex64 [N, N_t, S, T].
    transmit: npt.NDArray[np.complex64]
    #: float64 [Q, D], m.
    positions: npt.NDArray[np.float64]
    #: float64 [Q, D], m/s.
    velocities: npt.NDArray[np.float64]
    #: Reflection coefficients of (6), complex128 [N, M, Q].
    reflections: npt.NDArray[np.complex128]


class Bound(NamedTuple):
    """Cramér-Rao bound of one frame. Made by bound()."""

    #: Square root of the trace of each target's block of (24), float64 [Q], m.
    location_m: npt.NDArray[np.float64]
    #: The same of the velocities, float64 [Q], m/s.
    velocity_mps: npt.NDArray[np.float64]
    #: (24), float64 [2DQ, 2DQ]: locations of all targets, then velocities. Infinite or not a
    #: number in rows and columns of what cannot be estimated.
    covariance: npt.NDArray[np.float64]


class Estimates(NamedTuple):
    """What is estimated of the targets of one frame. Made by estimate()."""

    #: float64 [Q, D], m.
    positions: npt.NDArray[np.float64]
    #: float64 [Q, D], m/s.
    velocities: npt.NDArray[np.float64]
    #: float64 [Q], 0 to 1; one where the receiver gives none.
    confidence: npt.NDArray[np.float64]
    #: float64 [Q, 2D, 2D] of (location, velocity), or None where the receiver gives none.
    covariance: Optional[npt.NDArray[np.float64]]


class Match(NamedTuple):
    """Errors of estimates, target by target. Made by match()."""

    #: Euclidean distance of each target's estimate, float64 [Q], m.
    location_m: npt.NDArray[np.float64]
    #: The same of the velocities, float64 [Q], m/s; empty where locations alone count.
    velocity_mps: npt.NDArray[np.float64]
    #: Number of the estimate that belongs to each target, int64 [Q].
    order: npt.NDArray[np.int64]


#: Locations and velocities: an Echo, Estimates, or a pair of arrays.
Targets = Union[Echo, Estimates, Tuple[npt.ArrayLike, npt.ArrayLike]]

_KINDS = {np.float64: ("a real number", "iuf"), np.complex64: ("a complex number", "c"),
          np.complex128: ("a number", "iufc")}


def _array(name: str, given: npt.ArrayLike, shape: Sequence[Any], dtype: Any) -> Any:
    """An array of a shape, in which a text stands for any length.

    Raises TypeError on other entries than `dtype` can hold, ValueError on another shape and on
    entries that are not finite.
    """
    try:
        array = np.asarray(given)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    wanted, kinds = _KINDS[dtype]
    if array.dtype.kind not in kinds:
        raise TypeError(f"{name}: dtype {array.dtype} is given where each entry must be "
                        f"{wanted} ({np.dtype(dtype)})")
    fits = array.ndim == len(shape) and all(
        isinstance(want, str) or want == have for want, have in zip(shape, array.shape))
    if not fits:
        raise ValueError(f"{name}: shape {list(array.shape)} is given where "
                         f"[{', '.join(map(str, shape))}] is needed")
    bad = ~np.isfinite(array)
    if bad.any():
        where = [int(i) for i in np.argwhere(bad)[0]]
        raise ValueError(f"{name}: entry {where} is {array[tuple(where)]}, which is not finite")
    return np.ascontiguousarray(array, dtype=dtype)


def _scenario(scenario: Scenario) -> Scenario:
    if not isinstance(scenario, Scenario):
        raise TypeError(f"scenario: {scenario!r} is given where a Scenario is needed; "
                        "load_scenario() and parse_scenario() make one")
    return scenario


def _number(name: str, given: Optional[float], default: float) -> float:
    if given is None:
        return default
    try:
        return float(given)
    except (TypeError, ValueError):
        raise TypeError(f"{name}: {given!r} is given where a number is needed") from None


def _pair(name: str, what: str, given: Any) -> Tuple[Any, Any]:
    try:
        first, second = given
    except (TypeError, ValueError):
        raise ValueError(f"{name}: {given!r} is given where {what} is needed") from None
    return first, second


def _text(name: str, given: Any) -> str:
    if not isinstance(given, str):
        raise TypeError(f"{name}: {given!r} is given where a text is needed")
    return given


def _transmit_shape(scenario: Scenario) -> Tuple[int, int, int, int]:
    return (scenario.num_transmit, scenario.transmit_antennas, scenario.subcarriers,
            scenario.symbols)


def _echo_shape(scenario: Scenario) -> Tuple[int, int, int, int]:
    return (scenario.num_receive, scenario.receive_antennas, scenario.subcarriers,
            scenario.symbols)


def _scene(scenario: Scenario, positions: Optional[npt.ArrayLike],
           velocities: Optional[npt.ArrayLike], reflections: Optional[npt.ArrayLike],
           seed: int, frame: int) -> Any:
    """Positions, velocities and reflections, drawn where they are not given."""
    if (positions is None) != (velocities is None):
        missing = "positions" if positions is None else "velocities"
        raise ValueError(f"{missing}: give positions and velocities, or none of them for "
                         "targets that are drawn")
    count = 0
    if positions is not None:
        positions = _array("positions", positions, ["targets", scenario.dimensions], np.float64)
        count = len(positions)
        if count == 0:
            raise ValueError("positions: there are no targets in it")
        velocities = _array("velocities", velocities, [count, scenario.dimensions], np.float64)
    drawn = _native._draw_targets(scenario, seed, frame, count)
    places = drawn[0] if positions is None else positions
    speeds = drawn[1] if velocities is None else velocities
    gains = drawn[2]
    if reflections is not None:
        gains = _array("reflections", reflections,
                       [scenario.num_transmit, scenario.num_receive, len(places)],
                       np.complex128)
    return places, speeds, gains


def _transmit(scenario: Scenario, transmit: Optional[npt.ArrayLike],
              power_dbm: Optional[float], seed: int, frame: int, device: str) -> Any:
    if transmit is None:
        power_dbm = _number("power_dbm", power_dbm, scenario.transmit_power_dbm)
        return _native._transmit_frames(scenario, power_dbm, seed, frame,
                                        _text("device", device))
    if power_dbm is not None:
        raise ValueError(f"power_dbm: {power_dbm} is given, but transmit has a power already")
    return _array("transmit", transmit, _transmit_shape(scenario), np.complex64)


def echo(scenario: Scenario, positions: Optional[npt.ArrayLike] = None,
         velocities: Optional[npt.ArrayLike] = None, *,
         reflections: Optional[npt.ArrayLike] = None,
         transmit: Optional[npt.ArrayLike] = None, seed: int = 0, frame: int = 0,
         power_dbm: Optional[float] = None, noise_dbm: Optional[float] = None,
         clutter: Optional[Tuple[int, float]] = None,
         offsets: Optional[Tuple[float, float]] = None, device: str = "auto") -> Echo:
    """Echoes (6) of a scene at all receive access points, and the transmit frames (3).

    positions, velocities: [Q, D], of any number of targets; without them, targets of the
        scenario's prior are drawn from (seed, frame).
    reflections: [N, M, Q], of (6); drawn from (seed, frame) unless given.
    transmit: [N, N_t, S, T], complex; made from (seed, frame) unless given.
    seed, frame: of all draws; those of the blocks for the blocks' numbers.
    power_dbm: of one transmit access point; the scenario's unless given.
    noise_dbm: per resource element and antenna; the scenario's unless given, -inf for none.
    clutter: number of scatterers of (29) and mean power of their reflection coefficients; the
        scenario's unless given.
    offsets: standard deviations of the timing offset (s) and the frequency offset (Hz) of
        (30); the scenario's unless given.
    device: cpu, cuda:N, or auto for a GPU where there is one.

    Raises TypeError and ValueError naming the argument and what is wrong with it.
    """
    _scenario(scenario)
    places, speeds, gains = _scene(scenario, positions, velocities, reflections, seed, frame)
    sent = _transmit(scenario, transmit, power_dbm, seed, frame, device)
    scatterers, variance = (scenario.clutter_scatterers, scenario.clutter_variance)
    if clutter is not None:
        scatterers, variance = _pair("clutter", "a pair (scatterers, variance)", clutter)
    timing, frequency = (scenario.timing_offset_std_s, scenario.frequency_offset_std_hz)
    if offsets is not None:
        timing, frequency = _pair("offsets", "a pair (seconds, hertz)", offsets)
    received = _native._echo_frames(
        scenario, places, speeds, gains, sent,
        _number("noise_dbm", noise_dbm, scenario.sensing_noise_dbm), scatterers,
        _number("clutter variance", variance, 0.0), _number("timing offset", timing, 0.0),
        _number("frequency offset", frequency, 0.0), seed, frame, _text("device", device))
    return Echo(received, sent, places, speeds, gains)


def bound(scenario: Scenario, positions: Optional[npt.ArrayLike] = None,
          velocities: Optional[npt.ArrayLike] = None, *,
          reflections: Optional[npt.ArrayLike] = None,
          transmit: Optional[npt.ArrayLike] = None, seed: int = 0, frame: int = 0,
          power_dbm: Optional[float] = None, noise_dbm: Optional[float] = None,
          device: str = "auto") -> Bound:
    """Cramér-Rao bound (22)-(28) of locations and velocities in one frame.

    The arguments are those of echo(); give it the same ones for the bound of an echo. Clutter
    and offsets do not enter.

    Raises TypeError and ValueError naming the argument and what is wrong with it.
    """
    _scenario(scenario)
    places, speeds, gains = _scene(scenario, positions, velocities, reflections, seed, frame)
    sent = _transmit(scenario, transmit, power_dbm, seed, frame, device)
    return Bound(*_native._bound_of_frame(
        scenario, places, speeds, gains, sent,
        _number("noise_dbm", noise_dbm, scenario.sensing_noise_dbm), _text("device", device)))


class Estimator:
    """A receiver for frame after frame: it is prepared once, and then called.

    scenario: what is worked on; for the receiver monostatic, scenario.monostatic().
    receiver: ml (default), music, cs or monostatic.
    model: instead of a receiver, a model file or the ModelInfo of one.
    device: cpu, cuda:N, or auto for a GPU where there is one.
    absent: receive access points that are left out, counted from 0.
    static_clutter: of ml; scenario, keep or remove, as for ml_estimator.
    precision: of a model; float32, bfloat16 or float16, as for dvqvae_encoder.

    Raises TypeError and ValueError naming the argument, RuntimeError on a wrong model file.
    """

    def __init__(self, scenario: Scenario, receiver: Optional[str] = None, *,
                 model: Optional[Union[str, ModelInfo]] = None, device: str = "auto",
                 absent: Sequence[int] = (), static_clutter: str = "scenario",
                 precision: str = "float32") -> None:
        self.scenario = _scenario(scenario)
        if model is None:
            if precision != "float32":
                raise ValueError(f"precision: {precision!r} is for a model")
            self._native = _native._FrameEstimator.make(
                scenario, _text("receiver", "ml" if receiver is None else receiver),
                _text("device", device), absent, _text("static_clutter", static_clutter))
            return
        if receiver is not None:
            raise ValueError(f"receiver: {receiver!r} is given beside a model")
        if static_clutter != "scenario":
            raise ValueError(f"static_clutter: {static_clutter!r} is for the receiver ml")
        path = model.path if isinstance(model, ModelInfo) else _text("model", model)
        self._native = _native._FrameEstimator.make_model(
            scenario, path, _text("device", device), absent, _text("precision", precision))

    def __call__(self, echo: npt.ArrayLike, transmit: npt.ArrayLike) -> Estimates:
        """Estimates of one frame.

        echo: Y [M, M_r, S, T], complex.
        transmit: X [N, N_t, S, T] with the precoder in it, complex.

        Raises TypeError and ValueError naming the array and what is wrong with it.
        """
        return Estimates(*self._native.estimate(
            self.scenario,
            _array("echo", echo, _echo_shape(self.scenario), np.complex64),
            _array("transmit", transmit, _transmit_shape(self.scenario), np.complex64)))


def estimate(scenario: Scenario, echo: npt.ArrayLike, transmit: npt.ArrayLike,
             receiver: Optional[str] = None, *,
             model: Optional[Union[str, ModelInfo]] = None, device: str = "auto",
             absent: Sequence[int] = (), static_clutter: str = "scenario",
             precision: str = "float32") -> Estimates:
    """Locations and velocities from the echoes of one frame.

    An Estimator that is made, called once and thrown away: keep one for many frames.

    echo: Y [M, M_r, S, T], complex.
    transmit: X [N, N_t, S, T] with the precoder in it, complex.
    The other arguments are those of Estimator.
    """
    return Estimator(scenario, receiver, model=model, device=device, absent=absent,
                     static_clutter=static_clutter, precision=precision)(echo, transmit)


def _stacked(scenario: Scenario, name: str, targets: Targets) -> Any:
    """[2, Q, D]: locations, then velocities."""
    if isinstance(targets, (Echo, Estimates)):
        positions, velocities = targets.positions, targets.velocities
    else:
        positions, velocities = _pair(
            name, "an Echo, Estimates, or a pair (positions, velocities)", targets)
    shape = [scenario.targets, scenario.dimensions]
    return np.stack([_array(f"positions of {name}", positions, shape, np.float64),
                     _array(f"velocities of {name}", velocities, shape, np.float64)])


def match(scenario: Scenario, truth: Targets, estimates: Targets, *,
          location_only: bool = False) -> Match:
    """Which estimate belongs to which target, and how far it is off.

    By the best permutation over location and velocity together, each coordinate scaled by the
    width of its prior, as error_meter does.

    truth, estimates: an Echo, Estimates, or a pair (positions, velocities), [Q, D] each, of as
        many targets as the scenario has.
    location_only: whether velocities are left out, for the receiver monostatic.

    Raises TypeError and ValueError naming the array and what is wrong with it.
    """
    _scenario(scenario)
    return Match(*_native._match_frame(
        scenario, _stacked(scenario, "truth", truth),
        _stacked(scenario, "estimates", estimates), bool(location_only)))
