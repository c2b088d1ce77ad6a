#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A testee (spec/testee-protocol.md) that drives containers through the command-line tools of LXC.

It needs lxc-start and the others in PATH. What the tools have no word for is not offered.

./lxcspec run --testee "exec:conformance/testee/examples/lxc_tools_testee.py" --extension pidfd
"""

from __future__ import annotations

import errno
import json
import os
import struct
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# The tools cannot be asked: what shows in containers that they start.
CLAIMS = """network_veth_routes network_ipvlan network_l2proxy network_gateway_device_route pidfd
network_phys_macvlan_mtu network_veth_router cgroup2_devices cgroup2 cgroup_advanced_isolation
time_namespace seccomp_allow_nesting seccomp_allow_deny_syntax cgroup2_auto_mounting"""


def run(tool: str, *words: str, ok: bool = True) -> subprocess.CompletedProcess[str]:
    """Runs a tool; fails as a call does that names no errno where the tool does."""
    done = subprocess.run(
        [f"lxc-{tool}", *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if ok and done.returncode:
        sys.stderr.write(done.stderr)
        raise OSError(0, tool)
    return done


@dataclass
class Object:
    """A container's name and path, and the lines of its configuration."""

    name: str
    lxcpath: str
    items: list[tuple[str, str]] = field(default_factory=list)

    def where(self) -> list[str]:
        return ["-n", self.name, "-P", self.lxcpath]

    def config(self, folder: str) -> str:
        """Writes the configuration, as that of a container in `folder`; returns its file."""
        file = Path(folder, self.name, "config")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("".join(f"{key} = {value}\n" for key, value in self.items))
        return str(file)


class Testee:
    """The calls that are offered: each public method."""

    def __init__(self) -> None:
        self._objects: dict[int, Object] = {}
        self._last = 0
        self._folder = tempfile.TemporaryDirectory(prefix="testee-")
        self._scratch = self._folder.name

    def has_api_extension(self, extension: str | None) -> bool:
        return extension in CLAIMS.split()

    def config_item_is_supported(self, key: str | None) -> bool:
        probe = Object("supported", self._scratch)
        return bool(key) and self._ask(probe, str(key)).returncode == 0

    def _ask(self, container: Object, key: str) -> subprocess.CompletedProcess[str]:
        container.config(self._scratch)
        return run("info", "-n", container.name, "-P", self._scratch, "-c", key, ok=False)

    def container_new(self, name: str | None, lxcpath: str | None) -> int:
        if not name:
            raise OSError(errno.EINVAL, "container_new")
        self._last += 1
        self._objects[self._last] = Object(name, lxcpath or "/var/lib/lxc")
        return self._last

    def container_put(self, object: int) -> None:
        del self._objects[object]

    def get_config_path(self, object: int) -> str:
        return self._objects[object].lxcpath

    def set_config_item(self, object: int, key: str, value: str | None) -> None:
        container = self._objects[object]
        before = list(container.items)
        if not value:
            container.items = [item for item in before if item[0] != key]
            return
        container.items.append((key, value))
        if "\n" in key + value or self._ask(container, "lxc.uts.name").returncode:
            container.items = before
            raise OSError(errno.EINVAL, key)

    def get_config_item(self, object: int, key: str) -> str:
        done = self._ask(self._objects[object], key)
        if done.returncode:
            raise OSError(errno.ENOENT, key)
        return done.stdout.partition("=")[2].strip()

    def clear_config(self, object: int) -> None:
        self._objects[object].items = []

    def start(self, object: int, argv: list[str]) -> None:
        container = self._objects[object]
        file = container.config(self._scratch)
        run("start", *container.where(), "-d", "-f", file, *(["--", *argv] if argv else []))

    def state(self, object: int) -> str:
        done = run("info", *self._objects[object].where(), "-sH", ok=False)
        return done.stdout.strip() or "STOPPED"

    def is_running(self, object: int) -> bool:
        return self.state(object) not in ("STOPPED", "ABORTING")

    def init_pid(self, object: int) -> int:
        done = run("info", *self._objects[object].where(), "-pH", ok=False)
        if not done.stdout.strip().isdigit():
            raise OSError(errno.ESRCH, "init_pid")
        return int(done.stdout)

    def wait(self, object: int, state: str, timeout: int) -> None:
        run("wait", *self._objects[object].where(), "-s", state, "-t", str(timeout))

    def stop(self, object: int) -> None:
        run("stop", *self._objects[object].where(), "-k")

    def shutdown(self, object: int, timeout: int) -> None:
        run("stop", *self._objects[object].where(), "--nokill", "-t", str(timeout))

    def freeze(self, object: int) -> None:
        run("freeze", *self._objects[object].where())

    def unfreeze(self, object: int) -> None:
        run("unfreeze", *self._objects[object].where())

    def get_cgroup_item(self, object: int, file: str) -> str:
        return run("cgroup", *self._objects[object].where(), file).stdout

    def set_cgroup_item(self, object: int, file: str, value: str) -> None:
        run("cgroup", *self._objects[object].where(), file, value)

    def attach_run_wait(self, object: int, argv: list[str]) -> int:
        # A wait status, in which the exit status is the second byte (wait(2)).
        return run("attach", *self._objects[object].where(), "--", *argv, ok=False).returncode << 8


def answer(testee: Testee, request: dict[str, Any]) -> dict[str, Any]:
    """The reply to one request."""
    offers = [name for name in dir(testee) if not name.startswith("_")]
    if request["call"] == "hello":
        version = run("start", "--version").stdout.strip()
        return {"result": {"protocol": 1, "version": version, "offers": offers}}
    if request["call"] not in offers:
        return {"refused": f"no call {request['call']}"}
    os.chdir(request["caller"]["cwd"])
    os.umask(request["caller"]["umask"])
    try:
        return {"result": getattr(testee, request["call"])(**request["arguments"])}
    except OSError as error:
        return {"errno": error.errno or 0}


testee = Testee()
while head := sys.stdin.buffer.read(4):
    request = json.loads(sys.stdin.buffer.read(struct.unpack(">I", head)[0]))
    body = json.dumps({"id": request["id"], **answer(testee, request)}).encode()
    sys.stdout.buffer.write(struct.pack(">I", len(body)) + body)
    sys.stdout.buffer.flush()
