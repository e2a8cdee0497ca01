# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts on one machine, and a network between them that loses, delays and stalls.

`hosts(kind, names)` gives them in one of two ways:

`namespaces`  Each host is a network namespace with an address of its own. Their IP packets
              go through this process, which loses, delays, reorders and duplicates them and
              bounds the rate, as the kernel's netem does, but on every kernel and by a seed.
              Needs Linux with /dev/net/tun and `ip`, and root or user namespaces.
`loopback`    All hosts are 127.0.0.1. Connections go through relays of this process. What
              happens to IP packets shows in a connection as delay alone: a share `loss` of
              what is sent waits for the time of a retransmission, and with it what comes
              behind; nothing is duplicated or reordered there. In exchange, connections can
              be reset.

What is lost, duplicated and reordered as whole messages is tried in the test of the transport,
lib/tests/fronthaul/test_network_faults.cc.
"""

import asyncio
import contextlib
import dataclasses
import fcntl
import functools
import os
import pathlib
import random
import socket
import struct
import subprocess
import sys
import threading

KINDS = ("namespaces", "loopback")
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 1, 0x1000  # linux/if_tun.h
DEVICE = "isac0"
NETWORK = "10.83.0."
PATIENCE_S = 30
LONGEST_QUEUE_S = 0.5  # behind a bounded rate; what comes on top is lost
RETRANSMISSION_S = 0.2


@dataclasses.dataclass(frozen=True)
class Conditions:
    """What happens to what a host sends, and to what is sent to it."""

    delay_s: float = 0.0
    jitter_s: float = 0.0  # the delay is evenly spread to either side
    loss: float = 0.0  # shares of the packets
    duplication: float = 0.0
    reordering: float = 0.0  # overtake those before
    rate_bps: float = 0.0  # 0: unbounded
    silent: bool = False  # nothing arrives, and nobody is told


class Link:
    """The way between a host and the network."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.conditions = Conditions()
        self.free_at = {}  # when the last packet of a direction is through
        self.open = asyncio.Event()
        self.open.set()
        self.transports = set()

    def draw(self, share):
        return self.random.random() < share

    def delay(self, direction, size, now):
        """Until a packet of `size` bytes arrives, s; None where the queue is full."""
        conditions = self.conditions
        delay = max(0.0, conditions.delay_s
                    + conditions.jitter_s * self.random.uniform(-1.0, 1.0))
        if conditions.rate_bps:
            begin = max(now, self.free_at.get(direction, 0.0))
            if begin - now > LONGEST_QUEUE_S:
                return None
            self.free_at[direction] = begin + 8 * size / conditions.rate_bps
            delay += self.free_at[direction] - now
        return delay


class Network:
    """What both kinds have in common: a loop in a thread of its own."""

    def __init__(self, names, seed):
        self.loop = asyncio.new_event_loop()
        self.links = {name: Link(f"{seed} {name}") for name in names}
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def call(self, function, *arguments):
        """Call in the loop and wait for the result."""
        async def run():
            result = function(*arguments)
            return await result if asyncio.iscoroutine(result) else result
        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(PATIENCE_S)

    def set(self, name, **conditions):
        """Conditions of a host's link from now on; none: it is whole again."""
        self.call(self._set, self.links[name], Conditions(**conditions))

    @staticmethod
    def _set(link, conditions):
        link.conditions = conditions
        link.open.clear() if conditions.silent else link.open.set()

    async def _cancel(self):
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def close(self):
        self.call(self._cancel)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


class Namespaces(Network):
    """Hosts that are network namespaces, each held by a process."""

    kind = "namespaces"

    def __init__(self, names, seed=0):
        super().__init__(names, seed)
        self.addresses = {name: f"{NETWORK}{i + 1}" for i, name in enumerate(names)}
        self.devices = {}
        self.holders = {}
        try:
            for name in names:
                self._add(name)
        except BaseException:
            self.close()
            raise

    def _add(self, name):
        here, there = socket.socketpair()
        with here, there:
            here.settimeout(PATIENCE_S)
            user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
            holder = subprocess.Popen(
                ["unshare", *user, "--net", sys.executable, "-B", __file__,
                 self.addresses[name], str(there.fileno())],
                pass_fds=[there.fileno()], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
            self.holders[name] = holder
            there.close()
            _, devices, *_ = socket.recv_fds(here, 1, 1)
            if not devices:
                raise OSError(holder.communicate(timeout=PATIENCE_S)[1].decode().strip())
        self.devices[name] = devices[0]
        os.set_blocking(devices[0], False)
        self.call(self.loop.add_reader, devices[0], self._read, name)

    def _read(self, name):
        with contextlib.suppress(BlockingIOError):
            packet = os.read(self.devices[name], 65536)
            if packet[0] >> 4 != 4:
                return
            to = socket.inet_ntoa(packet[16:20])
            for other, address in self.addresses.items():
                if address == to:
                    self._carry(packet, name, other)

    def _carry(self, packet, name, other):
        delay = 0.0
        copies = 1
        for direction, host in (("out", name), ("in", other)):
            link = self.links[host]
            conditions = link.conditions
            if conditions.silent or link.draw(conditions.loss):
                return
            own = link.delay(direction, len(packet), self.loop.time())
            if own is None:
                return
            delay += 0.0 if link.draw(conditions.reordering) else own
            copies += link.draw(conditions.duplication)
        for _ in range(copies):
            self.loop.call_later(delay, self._write, other, packet)

    def _write(self, name, packet):
        with contextlib.suppress(BlockingIOError):
            os.write(self.devices[name], packet)

    def command(self, name, words):
        """The command that runs `words` on a host."""
        pid = self.holders[name].pid
        user = [] if os.geteuid() == 0 else ["--user", "--preserve-credentials"]
        return ["nsenter", "--target", str(pid), *user, "--net", "--", *map(str, words)]

    def port(self, count):
        """The first of `count` ports in a row that are free on every host."""
        return 5550

    def own_address(self, name):
        return self.addresses[name]

    def reach(self, _client, server, port):
        """Address and port by which a host reaches a port of another one."""
        return self.addresses[server], port

    def close(self):
        for device in self.devices.values():
            self.call(self.loop.remove_reader, device)
        super().close()
        for device in self.devices.values():
            os.close(device)
        for holder in self.holders.values():
            holder.stdin.close()
            holder.wait(PATIENCE_S)
            holder.stderr.close()


class Loopback(Network):
    """Hosts that are this one, and a relay for every way between two of them."""

    kind = "loopback"

    def __init__(self, names, seed=0):
        super().__init__(names, seed)
        self.ways = {}

    def command(self, _name, words):
        return [str(word) for word in words]

    def port(self, count):
        for first in range(20000 + os.getpid() % 10000, 60000, count):
            with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
                for port in range(first, first + count):
                    stack.enter_context(socket.socket()).bind(("127.0.0.1", port))
                return first
        raise OSError(f"there are no {count} free ports in a row")

    def own_address(self, _name):
        return "127.0.0.1"

    def reach(self, client, _server, port):
        if (client, port) not in self.ways:
            serve = functools.partial(self._serve, self.links[client], port)
            server = self.call(asyncio.start_server, serve, "127.0.0.1", 0)
            self.ways[client, port] = server
        return self.ways[client, port].sockets[0].getsockname()

    def reset(self, client):
        """Reset all connections of a host."""
        def abort():
            for transport in list(self.links[client].transports):
                transport.get_extra_info("socket").setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                transport.abort()
        self.call(abort)

    async def _serve(self, link, port, reader, writer):
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            writer.transport.abort()
            return
        transports = {writer.transport, far_writer.transport}
        link.transports |= transports
        try:
            await asyncio.gather(self._pump(link, "out", reader, far_writer),
                                 self._pump(link, "in", far_reader, writer))
        except OSError:  # one end is gone
            pass
        finally:
            link.transports -= transports
            for transport in transports:
                transport.abort()

    async def _pump(self, link, direction, reader, writer):
        queue = asyncio.Queue(64)
        delivery = asyncio.ensure_future(self._deliver(link, queue, writer))
        try:
            while data := await reader.read(4096):
                now = self.loop.time()
                delay = link.delay(direction, len(data), now)
                if delay is None:  # nothing is lost: the sender is held up
                    delay = link.free_at[direction] - now
                if link.draw(link.conditions.loss):
                    delay += RETRANSMISSION_S
                await queue.put((now + delay, data))
            await queue.put(None)
            await delivery
        finally:
            delivery.cancel()

    async def _deliver(self, link, queue, writer):
        while (entry := await queue.get()) is not None:
            due, data = entry
            await asyncio.sleep(max(0.0, due - self.loop.time()))
            await link.open.wait()
            writer.write(data)
            await writer.drain()
        await link.open.wait()
        writer.close()

    def close(self):
        for server in self.ways.values():
            self.call(server.close)
        super().close()


@functools.lru_cache(maxsize=None)
def refusal():
    """Why there can be no namespaces here; empty where there can."""
    try:
        Namespaces(["one"]).close()
    except (OSError, subprocess.SubprocessError) as error:
        return str(error) or type(error).__name__
    return ""


@contextlib.contextmanager
def hosts(kind, names, seed=0):
    network = {"namespaces": Namespaces, "loopback": Loopback}[kind](names, seed)
    try:
        yield network
    finally:
        network.close()


def hold(address, handle):
    """In a namespace: make its device, hand it to the parent, stay until that ends."""
    with socket.socket(fileno=handle) as parent:
        device = os.open("/dev/net/tun", os.O_RDWR)
        fcntl.ioctl(device, TUNSETIFF, struct.pack(
            "16sH22x", DEVICE.encode(), IFF_TUN | IFF_NO_PI))
        for words in ("link set lo up", f"addr add {address}/24 dev {DEVICE}",
                      f"link set {DEVICE} up"):
            subprocess.run(["ip", *words.split()], check=True)
        socket.send_fds(parent, [b"."], [device])
        os.close(device)
    sys.stdin.read()


if __name__ == "__main__":
    hold(sys.argv[1], int(sys.argv[2]))
