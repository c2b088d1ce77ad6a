# SPDX-License-Identifier: Apache-2.0
"""Runs a program where it can do no harm: a changed call of unlink(2) or kill(2) is anything.

Namespaces of its own, everything read-only but /dev, /proc and /sys, and empty folders where
tests write. The conformance launcher isolates its tests itself; this is for unit tests."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Mapping, Sequence

_NAMESPACES = ("--mount", "--pid", "--ipc", "--uts", "--net", "--fork")
_SCRIPT = """
set -e
mount --make-rprivate /
while read -r _ place _; do
    case $place in
        /proc | /proc/* | /sys | /sys/* | /dev | /dev/*) ;;
        *) mount -o remount,bind,ro "$place" ;;
    esac
done < /proc/self/mounts
for place in /tmp /run /var/log /dev/shm; do
    mount -t tmpfs -o mode=1777 lxcspec "$place"
done
ip link set lo up 2> /dev/null || busybox ip link set lo up
cd "$1"
shift
exec "$@"
"""


def run(
    words: Sequence[str], folder: Path, environment: Mapping[str, str], deadline: float
) -> int | None:
    """The exit code; None where the deadline, in seconds, passed and everything was ended."""
    command = ["unshare", *_NAMESPACES, "--kill-child=SIGKILL", "--mount-proc"]
    command += ["/bin/sh", "-c", _SCRIPT, "sh", str(folder), *words]
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "TEST_TMPDIR": "/tmp", **environment},
    ) as process:
        try:
            return process.wait(deadline)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return None
