# SPDX-License-Identifier: Apache-2.0
"""A guest for a person: a shell on the console, with all that a test has, and QEMU's gdb stub."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from vmtests.guest.elf import ElfError
from vmtests.guest.image import Image, Payload, write
from vmtests.guest.tree import TreeError
from vmtests.kernels.cache import cache_directory
from vmtests.kernels.fetch import Kernel
from vmtests.kernels.modules import WANTED, load_order
from vmtests.runner import qemu
from vmtests.runner.qemu import Machine
from vmtests.runner.trial import TrialFailed, trial

Say = Callable[[str], None]

GDB_PORT = 1234

# What a shell is of little use without; what the host does not have is left out.
_PROGRAMS = (
    "bash busybox cat chmod chown cp cut dd df dmesg du echo env find getcap grep head hostname "
    "id ip kill less ln ls lsns mkdir mknod mount mv nsenter ps pwd readlink rm rmdir sed setpriv "
    "sh sleep sort stat strace stty sync tail tee touch tr tty umount uname unshare wc xargs"
).split()

_SHELL = "/bin/bash"


class ShellError(Exception):
    """There is no shell to be had."""


@dataclass(frozen=True)
class Session:
    """What a person asked for; `command` runs instead of an interactive shell."""

    cgroup: str = "unified"
    command: str = ""
    gdb: bool = False
    memory_mib: int = 1024
    cpus: int = 2


def console_command(session: Session) -> list[str]:
    """Return what runs on the guest's console."""
    return [_SHELL, "-c", session.command] if session.command else [_SHELL, "-i"]


def qemu_command(machine: Machine, session: Session, program: str) -> list[str]:
    """Return the machine's command line with the console on this terminal, and nothing recorded."""
    ports = {
        "id=console": "stdio,id=console,signal=off",
        "id=results": "null,id=results",
        "id=control": "null,id=control",
    }
    words = []
    for word in qemu.command(machine, program):
        port = next((new for name, new in ports.items() if name in word.split(",")), word)
        words.append(port)
    return [*words, "-gdb", f"tcp:127.0.0.1:{GDB_PORT}"] if session.gdb else words


def host_programs() -> list[Path]:
    """Return the programs of this machine that go along."""
    found = (shutil.which(name) for name in _PROGRAMS)
    real = [Path(path) for path in found if path]
    return [path for path in real if path.read_bytes()[:4] == b"\x7fELF"]


def environment() -> tuple[str, ...]:
    """Return the shell's environment: the guest's own, and what this terminal is."""
    terminal = shutil.get_terminal_size()
    return (
        *Image(Path("/")).environment,
        f"TERM={os.environ.get('TERM', 'dumb')}",
        f"COLUMNS={terminal.columns}",
        f"LINES={terminal.lines}",
        r"PS1=\u@\h:\w\$ ",
        "HISTFILE=",
    )


def run_shell(kernel: Kernel, payload: Payload, init: Path, session: Session, say: Say) -> int:
    """Run a guest until its shell ends; `payload.console_command` is the session's."""
    program = shutil.which(qemu.PROGRAM)
    if program is None:
        raise ShellError(f"{qemu.PROGRAM} is not installed: apt-get install qemu-system-x86")
    modules = list(load_order(kernel.modules, WANTED)) if kernel.modules else []
    with tempfile.TemporaryDirectory(prefix="lxcspec-shell-") as name:
        work = Path(name)
        try:
            found, _ = trial(kernel, init, cache_directory(), work, program)
            image = Image(init, modules, payload, cgroup=session.cgroup, environment=environment())
            write(image, work / "initramfs")
        except TrialFailed as error:
            raise ShellError(f"{error.ending.kind.value}: {error.ending.reason}") from error
        except (TreeError, ElfError) as error:
            raise ShellError(f"cannot make the guest's image: {error}") from error
        machine = Machine(
            kernel=kernel.image,
            initramfs=work / "initramfs",
            console=work / "console",
            results=work / "results",
            accelerator=found.accelerator,
            memory_mib=session.memory_mib,
            cpus=session.cpus,
            # Below warnings the kernel would write between what the person types.
            kernel_arguments=("quiet", *(("nokaslr",) if session.gdb else ())),
        )
        if session.gdb:
            say(f"gdb: target remote 127.0.0.1:{GDB_PORT}")
        return subprocess.run(qemu_command(machine, session, program), check=False).returncode


def payload_of(parts: Sequence[Path], session: Session) -> Payload:
    """Return what goes into the guest: launcher, suite, probe and testee, in this order."""
    launcher, suite, probe, testee = parts
    return Payload(
        launcher=launcher,
        suite=suite,
        probe=probe,
        testee=testee,
        console_command=console_command(session),
        programs=host_programs(),
    )
