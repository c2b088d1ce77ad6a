#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A complete testee (spec/testee-protocol.md): a log and keys of a configuration, no containers."""

import datetime
import errno
import json
import os
import re
import struct
import sys
from typing import Any, BinaryIO

LEVELS = ("TRACE", "DEBUG", "INFO", "NOTICE", "WARN", "ERROR", "CRIT", "ALERT", "FATAL")
DEFAULT_LXCPATH = "/var/lib/lxc"
KEYS = """apparmor.allow_incomplete apparmor.allow_nesting apparmor.profile apparmor.raw arch
autodev autodev.tmpfs.size cap.drop cap.keep cgroup.dir console.buffer.size console.logfile
console.path console.rotate console.size environment ephemeral execute.cmd group hook.autodev
hook.clone hook.destroy hook.mount hook.post-stop hook.pre-mount hook.pre-start hook.start
hook.start-host hook.stop hook.version idmap include init.cmd init.cwd init.gid init.uid
keyring.session log.file log.level log.syslog monitor.signal.pdeath monitor.unshare mount.auto
mount.entry mount.fstab namespace.clone namespace.keep net no_new_privs pty.max rootfs.managed
rootfs.mount rootfs.options rootfs.path seccomp.profile selinux.context selinux.context.keyring
signal.halt signal.reboot signal.stop start.auto start.delay start.order tty.dir tty.max uts.name"""
NET = """type link flags hwaddr mtu name ipv4.address ipv4.gateway ipv6.address ipv6.gateway
script.up script.down veth.pair vlan.id macvlan.mode"""
SUPPORTED = re.compile(
    rf"lxc\.({'|'.join(map(re.escape, KEYS.split()))}|net\.\d{{1,9}}\.({'|'.join(NET.split())})"
    r"|(cgroup2|prlimit|sysctl|proc)\.\S+|namespace\.share\.(mnt|net|pid|user|ipc|uts|cgroup))"
)


class Log:
    """Lines for a file and for standard error; settings come before a configuration."""

    file: BinaryIO | None = None
    explicit_file = explicit_level = False
    level, prefix, name, quiet = "ERROR", "lxc", "", True

    def init(self, settings: dict[str, Any] | None) -> None:
        if settings is None or settings["file"] == "":
            raise OSError(errno.EINVAL, "log_init")
        path, name = settings["file"], settings["name"]
        if path is None and name:
            path = os.path.join(settings["lxcpath"] or DEFAULT_LXCPATH, name, f"{name}.log")
        self.open(None if path == "none" else path)
        self.explicit_file = settings["file"] is not None
        self.explicit_level = settings["level"] is not None
        self.level = (settings["level"] or "ERROR").upper()
        self.prefix, self.name = (settings["prefix"] or "lxc")[:200], name or ""
        self.quiet = settings["quiet"]

    def open(self, path: str | None) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        if path and not os.path.exists(folder := os.path.dirname(path) or "."):
            os.makedirs(folder, 0o755)
        new = os.open(path, flags, 0o640) if path else None
        self.close()
        self.file = os.fdopen(new, "wb", buffering=0) if new is not None else None

    def close(self) -> None:
        if self.file:
            self.file.close()
        self.file, self.quiet = None, True

    def say(self, level: str, text: str) -> None:
        now = datetime.datetime.now(datetime.timezone.utc)
        stamp = f"{now:%Y%m%d%H%M%S}.{now.microsecond // 1000:03}"
        words = [self.prefix, *([self.name] if self.name else []), stamp, level, text]
        line = (" ".join(words) + "\n").encode()
        if self.file and LEVELS.index(level) >= LEVELS.index(self.level):
            self.file.write(line)
        if not self.quiet and level == "ERROR":
            sys.stderr.buffer.write(line)
            sys.stderr.flush()


class Testee:
    """The calls that are offered: each public method."""

    def __init__(self) -> None:
        self._log = Log()
        self._objects: dict[int, dict[str, str]] = {}
        self._last = 0

    def has_api_extension(self, extension: str | None) -> bool:
        return extension in ("lxc_log", "lxc_config_item_is_supported")

    def config_item_is_supported(self, key: str | None) -> bool:
        return key is not None and SUPPORTED.fullmatch(key) is not None

    def log_init(self, settings: dict[str, Any] | None) -> None:
        self._log.init(settings)

    def log_close(self) -> None:
        self._log.close()

    def container_new(self, name: str | None, lxcpath: str | None) -> int:
        self._last += 1
        self._objects[self._last] = {"path": lxcpath or DEFAULT_LXCPATH}
        return self._last

    def container_put(self, object: int) -> None:
        del self._objects[object]

    def get_config_path(self, object: int) -> str:
        return self._objects[object]["path"]

    def state(self, object: int) -> str:
        self._log.say("TRACE", "asked for the state")
        return "STOPPED"

    def set_config_item(self, object: int, key: str, value: str | None) -> None:
        if not self.config_item_is_supported(key):
            self._log.say("ERROR", f"unknown key {key}")
            raise OSError(errno.EINVAL, key)
        self._objects[object][key] = value or ""
        if key == "lxc.log.file" and value and not self._log.explicit_file:
            self._log.open(value)
        if key == "lxc.log.level" and value and not self._log.explicit_level:
            self._log.level = value.upper()

    def load_config(self, object: int, file: str | None) -> None:
        with open(file or "", encoding="utf-8") as lines:
            for line in lines:
                key, _, value = line.partition("=")
                self.set_config_item(object, key.strip(), value.strip())


def answer(testee: Testee, request: dict[str, Any]) -> dict[str, Any]:
    """The reply to one request."""
    offers = [name for name in dir(testee) if not name.startswith("_")]
    if request["call"] == "hello":
        return {"result": {"protocol": 1, "version": "0.1", "offers": offers}}
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
