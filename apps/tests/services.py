# SPDX-License-Identifier: GPL-3.0-or-later
"""Access points and central units as processes: what the tests of the deployment share."""

import os
import signal
import subprocess
import threading
import time

from programs import BUILD, TIMEOUT_S, program_path, run

PATIENCE_S = 120  # of a slow machine


def parse(line):
    """{key: text} of a line "WORD key=value …"."""
    return dict(part.split("=", 1) for part in line.split()[1:])


class Service:
    """A program that runs until it is told to stop, and its lines.

    on: what makes of the words of a command those that run it on another host
    """

    def __init__(self, name, *arguments, environment=None, on=list):
        self.name = name
        self.lines, self.errors = [], []
        self.process = subprocess.Popen(
            on([str(program_path(name)), *map(str, arguments)]),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, env=dict(os.environ, OMP_NUM_THREADS="1", **(environment or {})),
        )  # fmt: skip
        self.readers = [
            threading.Thread(target=self._read, args=(stream, lines), daemon=True)
            for stream, lines in (
                (self.process.stdout, self.lines), (self.process.stderr, self.errors)
            )
        ]  # fmt: skip
        for reader in self.readers:
            reader.start()

    @staticmethod
    def _read(stream, lines):
        with stream:
            for line in stream:
                lines.append(line.rstrip("\n"))

    def text(self):
        return "\n".join(self.lines + self.errors)

    def told(self, word):
        """The last line of this word, or nothing."""
        lines = [line for line in list(self.lines) if line.split(" ", 1)[0] == word]
        return parse(lines[-1]) if lines else None

    def wait_for(self, condition, what):
        end = time.monotonic() + PATIENCE_S
        while not condition():
            assert self.process.poll() is None and time.monotonic() < end, (
                f"no {what}: {self.process.poll()}\n{self.text()}"
            )
            time.sleep(0.02)

    def ready(self):
        self.wait_for(lambda: self.told("ready"), "line 'ready'")
        return self.told("ready")

    def healthy(self, condition, what):
        """Wait for a line of health that fulfils a condition."""
        self.wait_for(lambda: self.told("health") and condition(self.told("health")), what)
        return self.told("health")

    def wait(self):
        """Exit code at the end."""
        code = self.process.wait(TIMEOUT_S)
        for reader in self.readers:
            reader.join(PATIENCE_S)
        return code

    def stop(self, number=signal.SIGTERM):
        """Exit code, and how long it took, s."""
        start = time.monotonic()
        self.process.send_signal(number)
        return self.wait(), time.monotonic() - start

    def ended_well(self):
        """What the line "end" tells, after a clean end."""
        code = self.wait()
        assert code == 0, f"{code}\n{self.text()}"
        return self.told("end")


class Keys:
    """Keys of a central unit and of access points, and who is authorised."""

    def __init__(self, folder, access_points=2):
        self.folder = folder
        self.authorised = folder / "authorised"
        assert run("isac_keygen", folder / "central").returncode == 0
        for m in range(access_points):
            made = run("isac_keygen", folder / f"ap{m}", "--authorise", self.authorised,
                       "--access-point", m)  # fmt: skip
            assert made.returncode == 0, made.stderr

    def of_central(self):
        return ["--key-file", self.folder / "central.key", "--authorised-file", self.authorised]

    def of_access_point(self, m):
        return ["--key-file", self.folder / f"ap{m}.key",
                "--server-key-file", self.folder / "central.pub"]  # fmt: skip


def addresses(central):
    """What a central unit that is ready listens at."""
    return central.ready()["addresses"].split(",")


#: With it, SoapySDR finds the virtual radio.
RADIO = {"SOAPY_SDR_PLUGIN_PATH": str(BUILD / "lib" / "radio")}
