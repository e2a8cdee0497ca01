# SPDX-License-Identifier: GPL-3.0-or-later
"""Radios of an access point: blocks of gr-soapy and gr-uhd, set up from a scenario.

Number of channels, sample rate and centre frequency follow from the scenario, and gain,
antenna and bandwidth are set on every channel alike. What comes back is the block of
gr-soapy or gr-uhd itself.
"""

import math
import time

#: What to look at when there is no radio, by how the device is reached.
_SOAPY_HINT = (
    "no such radio was found for '{device}'. SoapySDRUtil --find lists those that are there; "
    "a driver's module must lie in SoapySDR's folder or in one that SOAPY_SDR_PLUGIN_PATH "
    "names (SoapySDRUtil --info)")
_UHD_HINT = (
    "uhd_find_devices lists the radios that are there. Over Ethernet give the address "
    "(addr=192.168.10.2) and put the host's interface into the same network; over USB check "
    "the cable and the access rights (udev rules of UHD). Without a radio, use the flowgraphs "
    "for SoapySDR with driver=isac")


class RadioError(RuntimeError):
    """A radio is not there, or does not do what was asked for."""


def next_start(grid_s=30.0, lead_s=10.0, now=None):
    """The next full `grid_s` seconds of the machine's clock that are `lead_s` away, s.

    Programs started within `grid_s` - `lead_s` seconds agree on it without being told, if
    their clocks do (NTP). `now` is the time to start from, that of the clock unless given.
    """
    if not grid_s > 0 or not 0 <= lead_s < grid_s:
        raise ValueError(f"lead of {lead_s} s in a grid of {grid_s} s: "
                         "the lead must be shorter than the grid")
    now = time.time() if now is None else now
    return math.floor((now + lead_s) / grid_s + 1) * grid_s


def _arguments(device):
    """SoapySDR device arguments as a dictionary."""
    given = dict(part.split("=", 1) for part in device.split(",") if "=" in part)
    return {key.strip(): value.strip() for key, value in given.items()}


def scene_seed(device):
    """Seed that the virtual radio with these SoapySDR device arguments draws its scenes with.

    None with `scene=moving`, where the targets of frame 0 move on, and with other radios.
    """
    given = _arguments(device)
    if given.get("driver") != "isac" or given.get("scene", "drawn") != "drawn":
        return None
    return int(given.get("seed", "0"))


def device_arguments(device, scenario_file, access_point):
    """SoapySDR device arguments; those of the virtual radio are completed.

    With `driver=isac` the scenario's file and the access point's name are added where they
    are not there. Other drivers' arguments are left as they are.
    """
    given = _arguments(device)
    if given.get("driver") != "isac":
        return device
    added = {"scenario": scenario_file, "access_point": access_point}
    return ",".join([device] + [f"{key}={value}" for key, value in added.items()
                                if key not in given])


def _side(scenario, access_point, receive):
    """The access point of a number, counted from 0."""
    points = scenario.receive if receive else scenario.transmit
    if not 0 <= access_point < len(points):
        raise ValueError(f"access point: {access_point} is not one of 0 … {len(points) - 1}")
    return points[access_point]


def _soapy(kind, scenario, access_point, device, gain_db, antenna, bandwidth_hz,
           clock_source, time_source, stream_args):
    from gnuradio import soapy
    point = _side(scenario, access_point, kind == "source")
    channels = point.total_antennas
    try:
        block = getattr(soapy, kind)(
            device, "fc32", channels, "", stream_args, [""] * channels, [""] * channels)
    except RuntimeError as error:
        if "no match" in str(error):
            raise RadioError(f"{error}: {_SOAPY_HINT.format(device=device)}") from None
        raise
    if clock_source:
        block.set_clock_source(clock_source)
    if time_source:
        block.set_time_source(time_source)
    for channel in range(channels):
        block.set_sample_rate(channel, scenario.sample_rate_hz)
        block.set_frequency(channel, scenario.center_hz)
        block.set_gain(channel, gain_db)
        if antenna:
            block.set_antenna(channel, antenna)
        if bandwidth_hz:
            block.set_bandwidth(channel, bandwidth_hz)
    return block


def soapy_source(scenario, access_point, device, gain_db, antenna="", bandwidth_hz=0.0,
                 clock_source="", time_source="", stream_args=""):
    """Receive channels of a radio that SoapySDR knows, as soapy.source.

    scenario, access_point: whose antennas, counted from 0; with the `radio` section.
    device: SoapySDR device arguments, e.g. "driver=uhd,type=b200".
    gain_db, antenna, bandwidth_hz: of every channel; "" and 0 leave the radio's default.
    clock_source, time_source: "internal", "external", ...; "" leaves the radio's default.
    Raises RadioError when the radio is not there, ValueError on a wrong access point.
    """
    return _soapy("source", scenario, access_point, device, gain_db, antenna, bandwidth_hz,
                  clock_source, time_source, stream_args)


def soapy_sink(scenario, access_point, device, gain_db, antenna="", bandwidth_hz=0.0,
               clock_source="", time_source="", stream_args=""):
    """Transmit channels of a radio that SoapySDR knows, as soapy.sink; see soapy_source()."""
    return _soapy("sink", scenario, access_point, device, gain_db, antenna, bandwidth_hz,
                  clock_source, time_source, stream_args)


def _set_uhd_time(block, time_source):
    """Set the radio's clock to that of the machine: at the next pulse where there is one."""
    from gnuradio import uhd
    if time_source in ("", "internal"):
        block.set_time_now(uhd.time_spec(time.time()))
        return
    edge = block.get_time_last_pps().get_real_secs()
    limit = time.monotonic() + 3.0
    while block.get_time_last_pps().get_real_secs() == edge:
        if time.monotonic() > limit:
            raise RadioError(f"time source {time_source}: no pulse per second arrives; check "
                             "the cable, or use the time source internal")
        time.sleep(0.02)
    block.set_time_next_pps(uhd.time_spec(math.floor(time.time() + 0.5) + 1))
    time.sleep(1.1)


def _uhd(kind, scenario, access_point, device, subdevice, channels, gain_db, antenna,
         bandwidth_hz, clock_source, time_source):
    from gnuradio import uhd
    point = _side(scenario, access_point, kind == "source")
    channels = list(channels) or list(range(point.total_antennas))
    if len(channels) != point.total_antennas:
        raise ValueError(f"channels: {channels} are {len(channels)}, but access point "
                         f"{point.name} has {point.total_antennas} antennas")
    make = uhd.usrp_source if kind == "source" else uhd.usrp_sink
    try:
        block = make(device, uhd.stream_args("fc32", channels=channels))
    except RuntimeError as error:
        if "No devices found" in str(error):
            raise RadioError(f"{str(error).strip()}\nHint: {_UHD_HINT}") from None
        raise
    if clock_source:
        block.set_clock_source(clock_source)
    if time_source:
        block.set_time_source(time_source)
    if subdevice:
        block.set_subdev_spec(subdevice)
    block.set_samp_rate(scenario.sample_rate_hz)
    actual = block.get_samp_rate()
    if abs(actual - scenario.sample_rate_hz) > 1e-6 * scenario.sample_rate_hz:
        raise RadioError(f"sample rate: the radio does {actual:.9g} samples/s, the scenario "
                         f"needs {scenario.sample_rate_hz:.9g}; choose a master clock that is "
                         "a multiple (master_clock_rate in the device address)")
    for channel in range(len(channels)):
        block.set_center_freq(scenario.center_hz, channel)
        block.set_gain(gain_db, channel)
        if antenna:
            block.set_antenna(antenna, channel)
        if bandwidth_hz:
            block.set_bandwidth(bandwidth_hz, channel)
    _set_uhd_time(block, time_source)
    return block


def uhd_source(scenario, access_point, device, gain_db, antenna="", subdevice="", channels=(),
               bandwidth_hz=0.0, clock_source="", time_source="", start_time_s=-1.0):
    """Receive channels of a USRP, as uhd.usrp_source.

    scenario, access_point: whose antennas, counted from 0; with the `radio` section.
    device: UHD device address, e.g. "type=b200" or "addr=192.168.10.2".
    subdevice: UHD's specification, e.g. "A:A A:B"; channels: of the device, e.g. [0, 1];
    "" and () take the first as they come.
    gain_db, antenna, bandwidth_hz: of every channel; "" and 0 leave UHD's default.
    clock_source, time_source: "internal", "external", "gpsdo"; "" leaves UHD's default.
    start_time_s: when streaming starts, by the radio's clock, s; below 0 at once. The clock
    is set to that of the machine, at a pulse per second unless the time source is internal.
    Raises RadioError when the radio is not there or cannot do what the scenario needs,
    ValueError on a wrong access point or number of channels.
    """
    block = _uhd("source", scenario, access_point, device, subdevice, channels, gain_db,
                 antenna, bandwidth_hz, clock_source, time_source)
    if start_time_s >= 0:
        from gnuradio import uhd
        block.set_start_time(uhd.time_spec(start_time_s))
    return block


def uhd_sink(scenario, access_point, device, gain_db, antenna="", subdevice="", channels=(),
             bandwidth_hz=0.0, clock_source="", time_source=""):
    """Transmit channels of a USRP, as uhd.usrp_sink; see uhd_source().

    When streaming starts is said by the tag `tx_time` of the first sample.
    """
    return _uhd("sink", scenario, access_point, device, subdevice, channels, gain_db, antenna,
                bandwidth_hz, clock_source, time_source)
