# SPDX-License-Identifier: GPL-3.0-or-later
"""What the report compares: rows of measurements by the names that the benchmarks give."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """`other` is a name, or several whose times are added; `by` is what the ratio is taken
    of: times, or a counter that is a rate. `precision` is that of the arithmetic for the
    floor."""

    title: str
    ours: str
    other: tuple
    target: float = None
    by: str = "time"
    precision: str = "float32"
    note: str = ""


ECHO_NOTE = ("samples at one receive antenna; one transmit antenna; ours draws new targets in "
             "every frame and adds noise, gr-radar does neither")

ROWS = (
    Row("Engine, paper size, float32 / literal network, float32",
        "Engine/paper/engine_float32", ("Engine/paper/literal_float32",), target=2.5),
    Row("Engine, paper size, bfloat16 / literal network, float32",
        "Engine/paper/engine_bfloat16", ("Engine/paper/literal_float32",), target=4,
        precision="bfloat16"),
    Row("Engine, paper size, float16 / literal network, float32",
        "Engine/paper/engine_float16", ("Engine/paper/literal_float32",),
        precision="float16"),
    Row("Engine, lite, float32 / trainable network",
        "Engine/lite/engine_float32", ("Engine/lite/literal_float32",)),
    Row("Engine, lite, bfloat16 / trainable network",
        "Engine/lite/engine_bfloat16", ("Engine/lite/literal_float32",),
        precision="bfloat16"),
    Row("Channel with noise, paper size / NumPy, vectorised",
        "Channel/paper/received_echo", ("NumPy/paper/received_echo",), target=4,
        note="NumPy: low-rank form, complex64, SFC64; it runs on one thread except for the "
             "matrix products"),
    Row("Channel with noise, paper size / its noise and one write of the echo alone",
        "Channel/paper/received_echo", ("Channel/paper/noise_only",
                                        "Channel/paper/memory_write"),
        target=0.5, note="0.5: twice the time of the two"),
    Row("Channel with noise, lite / NumPy, vectorised",
        "Channel/lite/received_echo", ("NumPy/lite/received_echo",),
        note="ours on one thread, as in a block"),
    Row("Echoes of one target: bistatic_channel / gr-radar static_target_simulator_cc",
        "Blocks/bistatic_channel/targets=1", ("Stock/static_target_simulator/targets=1",),
        by="samples_per_second", note=ECHO_NOTE),
    Row("Echoes of two targets: bistatic_channel / gr-radar static_target_simulator_cc",
        "Blocks/bistatic_channel/targets=2", ("Stock/static_target_simulator/targets=2",),
        by="samples_per_second", note=ECHO_NOTE),
    Row("Echoes of two targets, paper size, all threads / gr-radar as above",
        "Channel/paper/received_echo", ("Stock/static_target_simulator/targets=2",),
        by="samples_per_second",
        note="samples at all receive antennas over the time, ours from 32 transmit antennas"),
    Row("Precoding, paper size: mmse_precoder / multiply_matrix_cc",
        "Blocks/mmse_precoder", ("Stock/multiply_matrix",), by="samples_per_second",
        note="samples at all transmit antennas; the stock block has one constant matrix, ours "
             "computes one for each subcarrier and frame"),
    Row("OFDM modulation and demodulation / the stock blocks below",
        "Blocks/ofdm", ("Stock/ofdm",), target=1, by="samples_per_second",
        note="samples at one antenna over the two times together; ours change the order of a "
             "frame, scale, measure and calibrate besides"),
    Row("OFDM modulation / ofdm_carrier_allocator_cvc, fft_vcc, ofdm_cyclic_prefixer",
        "Blocks/ofdm_modulator", ("Stock/ofdm_modulator",), by="samples_per_second"),
    Row("OFDM demodulation / keep_m_in_n, fft_vcc, ofdm_serializer_vcc",
        "Blocks/ofdm_demodulator", ("Stock/ofdm_demodulator",), by="samples_per_second"),
)


@dataclass(frozen=True)
class Flowgraph:
    """A run of isac_simulate; its floor is that of `parts`, one after the other."""

    title: str
    name: str
    parts: tuple
    real_time_factor: float = None


LITE = ("Engine/lite/engine_float32", "Channel/lite/received_echo")
PAPER = ("Engine/paper/engine_float32", "Channel/paper/received_echo")

FLOWGRAPHS = (
    Flowgraph("Flowgraph, lite, as fast as it goes", "Simulate/lite", LITE,
              real_time_factor=1),
    Flowgraph("Flowgraph, lite, paced at the interval", "Simulate/lite-real-time", LITE),
    Flowgraph("Flowgraph, paper size, as fast as it goes", "Simulate/paper", PAPER),
    Flowgraph("Flowgraph, paper size, paced at the interval", "Simulate/paper-real-time",
              PAPER),
)


@dataclass(frozen=True)
class Figure:
    """A counter of a benchmark, and what it must reach, or with `at_most` keep within."""

    title: str
    name: str
    counter: str
    unit: str
    target: float = None
    at_most: bool = False


# The waveform of the publication has 750 frames a second.
NETWORK = (
    Figure("packets of one access point", "Network/rate/1", "items_per_second", "/s"),
    Figure("packets of eight access points", "Network/rate/8", "items_per_second", "/s",
           target=20 * 750 * 8),
    Figure("under way, median", "Network/latency", "median_us", "µs"),
    Figure("under way, 99th percentile", "Network/latency", "p99_us", "µs", target=1000,
           at_most=True),
)

# Names of the axes of Cost/PART/AXIS=VALUE.
AXES = {
    "M": "receive access points M",
    "N": "transmit access points N",
    "Q": "targets Q",
    "elements": "resource elements N_s·T_s",
    "codewords": "codewords N_c",
}
