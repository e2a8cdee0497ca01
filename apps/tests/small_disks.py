# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders in which there is as little room as a test wants.

`disk`   A file system in memory, of a mount namespace that a process holds. What is left is
         filled up. Needs root or user namespaces.
`limit`  A folder of the test; the operating system bounds the size of every file that a
         program writes (RLIMIT_FSIZE).
"""

import contextlib
import os
import pathlib
import resource
import subprocess

from programs import run

KINDS = ("disk", "limit")
DISK_BYTES = 32 << 20


class Disk:
    """A file system of its own; `folder` is how everybody gets there."""

    kind = "disk"
    what = "No space left on device"

    def __init__(self, mount_point):
        mount_point.mkdir()
        user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
        self.holder = subprocess.Popen(
            ["unshare", *user, "--mount", "sh", "-c",
             f'mount -t tmpfs -o size={DISK_BYTES} none "$0" && echo ready && read wait',
             str(mount_point)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if self.holder.stdout.readline() != "ready\n":
            raise OSError(self.holder.communicate()[1].strip())
        self.folder = pathlib.Path(f"/proc/{self.holder.pid}/root{mount_point}")
        self.filler = self.folder / "filler"

    @contextlib.contextmanager
    def room(self, size):
        """Leave this many bytes on the disk."""
        about = os.statvfs(self.folder)
        with open(self.filler, "wb") as file:
            os.posix_fallocate(file.fileno(), 0, about.f_bavail * about.f_frsize - size)
        try:
            yield
        finally:
            self.filler.unlink()

    def run(self, size, name, *arguments):
        with self.room(size):
            return run(name, *arguments)

    def close(self):
        self.holder.communicate("\n")


class Limit:
    """A folder, and a bound of the size of files for whom it is set."""

    kind = "limit"
    what = "File too large"

    def __init__(self, folder):
        folder.mkdir()
        self.folder = folder

    @contextlib.contextmanager
    def room(self, size):
        """Bound the files that this process writes; Python ignores the signal."""
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    def run(self, size, name, *arguments):
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        return run(name, *arguments, restore_signals=False, preexec_fn=lambda: (
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))))

    def close(self):
        pass
