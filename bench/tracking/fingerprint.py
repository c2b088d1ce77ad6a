# SPDX-License-Identifier: Apache-2.0
"""What makes two machines unlike for a benchmark. Figures of unlike machines are never compared."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Mapping

from bench.tracking.verdicts import NotComparable

_UNKNOWN = "unknown"
_CPUS = "sys/devices/system/cpu"


@dataclass(frozen=True)
class Fingerprint:
    """Everything as text; what a machine does not tell is 'unknown', which is like 'unknown'."""

    cpu: str
    cpus: str
    microcode: str
    governor: str
    boost: str
    smt: str
    mitigations: str
    kernel: str
    libc: str
    virtualisation: str

    @property
    def id(self) -> str:
        text = json.dumps(self.as_json(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def as_json(self) -> dict[str, str]:
        return dataclasses.asdict(self)


_FIELDS = tuple(field.name for field in dataclasses.fields(Fingerprint))


def from_json(value: Any) -> Fingerprint:
    """ValueError where a field is missing, unknown or not text."""
    if not isinstance(value, dict) or set(value) != set(_FIELDS):
        raise ValueError(f"a machine has exactly the fields {', '.join(_FIELDS)}")
    if not all(isinstance(text, str) for text in value.values()):
        raise ValueError("the fields of a machine are text")
    return Fingerprint(**value)


def differences(one: Fingerprint, other: Fingerprint) -> list[str]:
    """`kernel: '6.1' and '6.18'` for each field that differs."""
    pairs = ((name, getattr(one, name), getattr(other, name)) for name in _FIELDS)
    return [f"{name}: {_apart(first, second)}" for name, first, second in pairs if first != second]


def _apart(first: str, second: str) -> str:
    """Of lists, only the entries that differ."""
    ones, others = first.split("; "), second.split("; ")
    if len(ones) > 1 or len(others) > 1:
        first = "; ".join(entry for entry in ones if entry not in others) or "(none)"
        second = "; ".join(entry for entry in others if entry not in ones) or "(none)"
    return f"'{first}' and '{second}'"


def require_alike(one: Fingerprint, other: Fingerprint, what: str) -> None:
    """NotComparable names every difference."""
    found = differences(one, other)
    if found:
        raise NotComparable(f"{what} are of unlike machines:\n  " + "\n  ".join(found))


def _cpuinfo(text: str) -> dict[str, str]:
    """The first processor's fields."""
    fields: dict[str, str] = {}
    for line in text.split("\n\n", 1)[0].splitlines():
        name, _, value = line.partition(":")
        fields[name.strip()] = value.strip()
    return fields


def _virtualisation(read: Mapping[str, str], flags: list[str]) -> str:
    vendor = read["sys/class/dmi/id/sys_vendor"]
    machine = " ".join(filter(None, ("virtual" if "hypervisor" in flags else "bare", vendor)))
    container = read["run/systemd/container"] or ("docker" if read[".dockerenv"] else "")
    return f"{machine}; container {container}" if container else machine


def _read(path: Path) -> str:
    """What a file says; an empty one is present all the same."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip() or "present"
    except OSError:
        return ""


_FILES = (
    "proc/cpuinfo",
    "proc/cmdline",
    f"{_CPUS}/cpufreq/boost",
    f"{_CPUS}/intel_pstate/no_turbo",
    f"{_CPUS}/smt/control",
    "sys/class/dmi/id/sys_vendor",
    "run/systemd/container",
    ".dockerenv",
)


def _boost(read: Mapping[str, str]) -> str:
    no_turbo = read[f"{_CPUS}/intel_pstate/no_turbo"]
    return read[f"{_CPUS}/cpufreq/boost"] or (f"no_turbo {no_turbo}" if no_turbo else _UNKNOWN)


def of_this_machine(root: Path = Path("/"), kernel: str = "", libc: str = "") -> Fingerprint:
    """Reads below `root`; kernel and C library are asked for unless they are given."""
    read = {name: _read(root / name) for name in _FILES}
    cpu = _cpuinfo(read["proc/cpuinfo"])
    numbers = "/".join(cpu.get(name, "?") for name in ("cpu family", "model", "stepping"))
    files = root.glob(f"{_CPUS}/cpu[0-9]*/cpufreq/scaling_governor")
    weak = [f"{p.name}: {_read(p)}" for p in sorted(root.glob(f"{_CPUS}/vulnerabilities/*"))]
    weak += re.findall(r"\b(?:mitigations=|nopti\b|nosmt\b)\S*", read["proc/cmdline"])
    uname = os.uname()
    return Fingerprint(
        cpu=f"{cpu.get('model name', _UNKNOWN)} ({numbers})",
        cpus=str(len(re.findall(r"^processor\s*:", read["proc/cpuinfo"], re.MULTILINE))),
        microcode=cpu.get("microcode", _UNKNOWN),
        governor=", ".join(sorted({_read(path) for path in files})) or _UNKNOWN,
        boost=_boost(read),
        smt=read[f"{_CPUS}/smt/control"] or _UNKNOWN,
        mitigations="; ".join(weak) or _UNKNOWN,
        kernel=kernel or f"{uname.release} {uname.version}",
        libc=libc or os.confstr("CS_GNU_LIBC_VERSION") or _UNKNOWN,
        virtualisation=_virtualisation(read, cpu.get("flags", "").split()),
    )
