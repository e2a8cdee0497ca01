# SPDX-License-Identifier: GPL-3.0-or-later
"""The network that the tests of faults run on does to packets and connections what it says."""

import socket
import statistics
import subprocess
import sys
import threading
import time

import pytest
from network_hosts import hosts, refusal

pytestmark = pytest.mark.alone

COUNT = 150  # what a socket has room for

# Sends what it gets back to where it came from.
ECHO = """
import socket
echo = socket.socket(type=socket.SOCK_DGRAM)
echo.bind(("0.0.0.0", 7000))
print("ready", flush=True)
while True:
    data, sender = echo.recvfrom(2000)
    echo.sendto(data, sender)
"""

# Sends numbers and prints those that come back, and how long each took.
ASK = f"""
import socket, struct, sys, time
ask = socket.socket(type=socket.SOCK_DGRAM)
ask.connect((sys.argv[1], 7000))
ask.settimeout(1.0)
for number in range({COUNT}):
    ask.send(struct.pack("Id", number, time.monotonic()) + bytes(100))
    time.sleep(0.001)
while True:
    try:
        number, sent = struct.unpack_from("Id", ask.recv(2000))
    except TimeoutError:
        break
    print(number, flush=True)
"""


@pytest.fixture(scope="module")
def network():
    if refusal():
        pytest.skip(f"there are no namespaces here ({refusal()})")
    with hosts("namespaces", ["a", "b"], seed=1) as made:
        yield made


@pytest.fixture
def answers(network):
    """A function that asks the other host under some conditions: numbers that come back."""
    echo = subprocess.Popen(network.command("b", [sys.executable, "-c", ECHO]),
                            stdout=subprocess.PIPE, text=True)
    assert echo.stdout.readline() == "ready\n"

    def ask(**conditions):
        network.set("a", **conditions)
        address, _ = network.reach("a", "b", 7000)
        result = subprocess.run(network.command("a", [sys.executable, "-c", ASK, address]),
                                capture_output=True, text=True, timeout=60, check=True)
        return [int(line) for line in result.stdout.split()]
    yield ask
    network.set("a")
    echo.kill()
    echo.communicate()


def test_a_whole_network_carries_everything_in_order(answers):
    assert answers() == list(range(COUNT))


def test_packets_are_lost(answers):
    got = answers(loss=0.2)
    # Both ways: 96 are to be expected, with a deviation of 6.
    assert len(got) == len(set(got)) and 96 - 36 < len(got) < 96 + 36


def test_packets_are_duplicated(answers):
    got = answers(duplication=0.2)
    # Both ways: 216 are to be expected, with a deviation of 8.
    assert set(got) == set(range(COUNT)) and 216 - 48 < len(got) < 216 + 40


def test_packets_are_reordered(answers):
    got = answers(delay_s=0.02, reordering=0.2)
    assert sorted(got) == list(range(COUNT)) and got != sorted(got)


def test_a_rate_is_bounded(answers):
    # 112 bytes with 28 of the headers each, and half a second of them in the queue.
    rate = 8 * 140 * 100
    got = answers(rate_bps=rate)
    assert 50 <= len(got) <= 110 and got == sorted(got)


def test_nothing_comes_through_silence(answers):
    assert answers(silent=True) == []
    assert answers() == list(range(COUNT))


@pytest.fixture
def relayed():
    """A network of loopback, and a connection of host a through it to a server that gives
    everything back."""
    with hosts("loopback", ["a", "b"], seed=1) as network, socket.socket() as server:
        server.bind(("127.0.0.1", network.port(2)))
        server.listen()

        def serve():
            connection, _ = server.accept()
            with connection:
                try:
                    while data := connection.recv(65536):
                        connection.sendall(data)
                except OSError:
                    pass
        thread = threading.Thread(target=serve)
        thread.start()
        way = network.reach("a", "b", server.getsockname()[1])
        assert way == network.reach("a", "b", server.getsockname()[1])
        with socket.create_connection(way) as client:
            client.settimeout(30)
            yield network, client
        thread.join()


def round_trip_s(client, size=1):
    begin = time.monotonic()
    client.sendall(bytes(size))
    while size:
        size -= len(client.recv(size))
    return time.monotonic() - begin


def test_relay_delays(relayed):
    network, client = relayed
    network.set("a", delay_s=0.05, jitter_s=0.01)
    assert min(round_trip_s(client) for _ in range(5)) >= 0.08
    network.set("a", loss=0.5)
    taken = [round_trip_s(client) for _ in range(20)]
    assert max(taken) >= 0.2 and min(taken) < 0.2


def test_relay_bounds_the_rate(relayed):
    network, client = relayed
    network.set("a", rate_bps=8 * 10000)
    assert round_trip_s(client, 8000) >= 0.8


def test_relay_stalls_and_loses_nothing(relayed):
    network, client = relayed
    network.set("a", silent=True)
    client.sendall(b"x")
    client.settimeout(0.3)
    with pytest.raises(TimeoutError):
        client.recv(1)
    network.set("a")
    client.settimeout(30)
    assert client.recv(1) == b"x"


def test_relay_resets(relayed):
    network, client = relayed
    assert round_trip_s(client) < 30
    network.reset("a")
    with pytest.raises(ConnectionResetError):
        client.recv(1)


def test_relay_to_nobody_ends_the_connection():
    with hosts("loopback", ["a", "b"]) as network:
        way = network.reach("a", "b", network.port(1))
        with socket.create_connection(way) as client:
            client.settimeout(30)
            try:
                assert client.recv(1) == b""
            except ConnectionResetError:
                pass

