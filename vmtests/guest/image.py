# SPDX-License-Identifier: Apache-2.0
"""Makes a guest's initramfs: init, the job and all it needs; the same bytes for the same input."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vmtests.guest.cpio import CharacterDevice, Directory, File, Symlink, archive
from vmtests.guest.tree import LibraryCache, Tree, host_library_cache
from vmtests.kernels.modules import Module

# Paths in the guest.
LAUNCHER = "/lxcspec/launcher"
SUITE = "/lxcspec/suite"
PROBE = "/lxcspec/probe"
DENY = "/lxcspec/deny"
TESTS = "/lxcspec/tests"
RESULTS = "/lxcspec/results/results.jsonl"
JOB = "/lxcspec/job.json"

CGROUPS = ("unified", "hybrid", "legacy")
SABOTAGE = ("panic", "hang", "stall", "splat", "reboot", "memory")

_DIRECTORIES = {
    "/dev": 0o755,
    "/etc/lxc": 0o755,
    "/home": 0o755,
    "/lxcspec/results": 0o755,
    "/mnt": 0o755,
    "/proc": 0o555,
    "/root": 0o700,
    "/run": 0o755,
    "/sys": 0o555,
    "/tmp": 0o1777,
    "/usr/bin": 0o755,
    "/usr/lib/x86_64-linux-gnu": 0o755,
    "/usr/sbin": 0o755,
    "/var/cache": 0o755,
    "/var/lib/lxc": 0o755,
    "/var/log": 0o755,
}

_FILES = {
    "/etc/group": "root:x:0:\ntty:x:5:\nnogroup:x:65534:\n",
    "/etc/hostname": "lxcspec\n",
    "/etc/hosts": "127.0.0.1 localhost lxcspec\n",
    "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
    "/etc/passwd": (
        "root:x:0:0:root:/root:/bin/sh\n"
        "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
    ),
    "/etc/subgid": "root:100000:65536\n",
    "/etc/subuid": "root:100000:65536\n",
}

# What belongs to an installed liblxc beside its shared object: defaults, and the mount point of
# root file systems.
_COMPANIONS = (
    "/etc/lxc",
    "/usr/lib/x86_64-linux-gnu/lxc",
    "/usr/share/lxc/config",
)

# What the suite and implementations start by themselves, where this machine has it: mke2fs makes a
# file system that can be id-mapped, and with rsync liblxc copies a container's root.
_COMMANDS = (("/usr/sbin/mke2fs", "/sbin/mke2fs"), ("/usr/bin/rsync",))


@dataclass(frozen=True)
class Sabotage:
    """A fault (one of SABOTAGE) that init commits when `test` starts; proves its handling."""

    act: str
    test: str


@dataclass(frozen=True)
class Payload:
    """What a guest runs."""

    launcher: Path
    suite: Path
    probe: Path
    testee: Path
    # What the launcher is told of the testee, where that is not its path.
    testee_word: str = ""
    tests: Sequence[str] | None = None
    launcher_arguments: Sequence[str] = ()
    # The results so far, of a run that is to be resumed.
    results: bytes | None = None
    extra_files: Sequence[Path] = ()
    sabotage: Sabotage | None = None
    # //conformance/deny:deny, and the system calls that answer ENOSYS below the testee.
    deny: Path | None = None
    denied: Sequence[str] = ()
    # What starts the suite, where the testee needs another ld.so than the machine's.
    loader: Sequence[str] = ()
    # Shared objects that the testee loads by itself.
    libraries: Sequence[Path] = ()
    # Run this on the console instead of the launcher, with these programs at hand.
    console_command: Sequence[str] | None = None
    programs: Sequence[Path] = ()


@dataclass(frozen=True)
class Image:
    """What goes into an initramfs; without a payload the guest boots and powers off."""

    init: Path
    modules: Sequence[Module] = ()
    payload: Payload | None = None
    heartbeat_ms: int = 1000
    # One of CGROUPS.
    cgroup: str = "unified"
    environment: Sequence[str] = field(
        default=(
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME=/root",
            "LANG=C.UTF-8",
        )
    )


def command_line(payload: Payload) -> list[str]:
    """Return the launcher's command line in the guest, or what takes its place."""
    if payload.console_command is not None:
        return list(payload.console_command)
    command = [LAUNCHER, "--suite", SUITE, "--testee"]
    command.append(payload.testee_word or str(payload.testee.absolute()))
    command += ["--probe", PROBE, "--results", RESULTS]
    if payload.tests is not None:
        command += ["--tests", TESTS]
    if payload.results is not None:
        command.append("--resume")
    denying = [DENY, ",".join(payload.denied)] if payload.denied else []
    if denying or payload.loader:
        command += ["--loader", " ".join([*denying, *payload.loader])]
    if denying:
        # A suite that makes the sandboxes itself would lack the calls for that.
        command.append("--fresh")
    return command + list(payload.launcher_arguments)


def job(image: Image, modules: Sequence[str]) -> dict[str, Any]:
    """Return the job file's content."""
    payload = image.payload
    content: dict[str, Any] = {
        "schema": 1,
        "cgroup": image.cgroup,
        "modules": list(modules),
        "command": command_line(payload) if payload else [],
        "environment": list(image.environment),
        "results": RESULTS,
        "heartbeat_ms": image.heartbeat_ms,
    }
    if payload and payload.console_command is not None:
        content["on_console"] = True
    if payload and payload.sabotage:
        content["sabotage"] = {"act": payload.sabotage.act, "test": payload.sabotage.test}
    return content


def _put_payload(tree: Tree, payload: Payload) -> None:
    tree.put_program(LAUNCHER, payload.launcher)
    tree.put_program(SUITE, payload.suite)
    tree.put_program(PROBE, payload.probe)
    if payload.deny is not None:
        tree.put_program(DENY, payload.deny)
    tree.put_host_file(payload.testee)
    if not payload.loader:
        tree.put_libraries(payload.testee)
    for program in (*payload.libraries, *payload.programs):
        tree.put_host_file(program)
        tree.put_libraries(program)
    if not payload.programs:
        # A shell runs hooks; the probe runs one program as a shell would.
        folder = "/usr/bin" if Path("/bin").is_symlink() else "/bin"
        tree.put_program(f"{folder}/sh", payload.probe)
    for places in _COMMANDS:
        for command in [Path(place) for place in places if Path(place).is_file()][:1]:
            tree.put_host_file(command)
            tree.put_libraries(command)
    for companion in map(Path, _COMPANIONS):
        if companion.is_dir():
            tree.put_host_tree(companion)
    for extra in payload.extra_files:
        if extra.is_dir():
            tree.put_host_tree(extra)
        else:
            tree.put_host_file(extra)
    if payload.tests is not None:
        tree.put(TESTS, File("".join(f"{test}\n" for test in payload.tests).encode()))
    if payload.results is not None:
        tree.put(RESULTS, File(payload.results))


def build(image: Image, library_cache: LibraryCache | None = None) -> Iterable[bytes]:
    """Yield the initramfs, uncompressed."""
    tree = Tree(library_cache or host_library_cache())
    for path, mode in _DIRECTORIES.items():
        tree.put(path, Directory(mode))
    for path, text in _FILES.items():
        tree.put(path, File(text.encode()))
    # On a machine with a merged /usr these are links, and the libraries' paths go through them.
    for name in ("bin", "sbin", "lib", "lib64"):
        if Path("/", name).is_symlink():
            tree.put(f"/usr/{name}", Directory())
            tree.put_host_file(Path("/", name))
        else:
            tree.put(f"/{name}", Directory())
    tree.put("/dev/console", CharacterDevice(5, 1))
    tree.put("/init", File(image.init, 0o755))
    modules = []
    for module in image.modules:
        path = f"/lxcspec/modules/{module.name}.ko"
        tree.put(path, File(module.content))
        modules.append(path)
    if image.payload is not None:
        _put_payload(tree, image.payload)
    text = json.dumps(job(image, modules), indent=1, sort_keys=True)
    tree.put(JOB, File(text.encode() + b"\n"))
    tree.put("/etc/mtab", Symlink("/proc/self/mounts"))
    return archive(tree.entries)


def write(image: Image, path: Path, library_cache: LibraryCache | None = None) -> None:
    """Write the initramfs to `path`."""
    with path.open("wb") as file:
        for part in build(image, library_cache):
            file.write(part)
