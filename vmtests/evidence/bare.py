# SPDX-License-Identifier: Apache-2.0
"""The least that a guest can be: a kernel and busybox. What every other start is compared with."""

from __future__ import annotations

import os
import select
import subprocess
import time
from pathlib import Path

from vmtests.guest.cpio import CharacterDevice, Directory, Entry, File, archive
from vmtests.runner import qemu
from vmtests.runner.guest import prefix
from vmtests.runner.qemu import Machine

BUSYBOX = Path("/bin/busybox")
_READY = b"busybox is here\n"
# The control port, on which a guest of the suite speaks as well.
_INIT = f"""#!/bin/busybox sh
/bin/busybox mount -t devtmpfs devtmpfs /dev
/bin/busybox echo {_READY.decode().strip()} > /dev/ttyS2
exec /bin/busybox sleep 1000
"""


class BareBootError(Exception):
    """The kernel did not bring busybox up."""


def write_initramfs(path: Path) -> None:
    """Write an initramfs of busybox and nothing else to `path`."""
    tree: dict[str, Entry] = {
        "/bin": Directory(),
        "/bin/busybox": File(BUSYBOX, 0o755),
        "/dev": Directory(),
        "/dev/console": CharacterDevice(5, 1),
        "/init": File(_INIT.encode(), 0o755),
    }
    with path.open("wb") as file:
        for part in archive(tree):
            file.write(part)


def boot(machine: Machine, program: str, patience: float) -> float:
    """Boot `machine` until busybox speaks, end it, and return the seconds from QEMU's start."""
    began = time.monotonic()
    with subprocess.Popen(
        [*prefix(), *qemu.command(machine, program)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    ) as process:
        try:
            return _await_ready(process, began, patience)
        finally:
            process.kill()


def _await_ready(process: subprocess.Popen[bytes], began: float, patience: float) -> float:
    assert process.stdout is not None
    said = b""
    while _READY.strip() not in said:
        left = began + patience - time.monotonic()
        if left <= 0 or not select.select([process.stdout], [], [], left)[0]:
            raise BareBootError(f"no word of busybox in {patience:.0f} s")
        content = os.read(process.stdout.fileno(), 65536)
        if not content:
            raise BareBootError(f"QEMU ended with {process.wait()}")
        said += content
    return time.monotonic() - began
