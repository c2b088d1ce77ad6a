# SPDX-License-Identifier: Apache-2.0
"""From what --testee says to a shared object on disk, or to the command of a program."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Sequence

from ci.cli import progress
from ci.cli.errors import InfrastructureError, UsageError, did_you_mean

REFERENCE = "reference"
SYSTEM = "liblxc"
DEFAULTS = (REFERENCE, SYSTEM)
EXEC = "exec:"
REFERENCE_TARGET = "//runtime:liblxc.so.1"
_SYMBOL = b"lxc_has_api_extension"
_USUAL_FOLDERS = ("/usr/lib/*-linux-gnu*", "/usr/lib64", "/usr/lib", "/usr/local/lib*", "/lib64")


@dataclass(frozen=True)
class Testee:
    """`path` is None for the reference, which is there only after the build. A release of Debian's
    is in `folder`, with what it needs; the suite is started by `loader` then. One with a `command`
    is a program that speaks the testee protocol; its path is the program's."""

    name: str
    path: Path | None
    loader: tuple[str, ...] = ()
    folder: Path | None = None
    command: tuple[str, ...] = ()

    @property
    def word(self) -> str:
        """What to say after --testee to get this one."""
        if self.command:
            return EXEC + shlex.join(self.command)
        return self.name if self.folder or self.name in DEFAULTS else str(self.path)

    def located(self, bazel_bin: Path) -> Path:
        return self.path or bazel_bin / "runtime" / "liblxc.so.1"


def find_system() -> Path | None:
    """The liblxc.so.1 that the dynamic linker would take."""
    for ldconfig in ("/sbin/ldconfig", "/usr/sbin/ldconfig", "ldconfig"):
        try:
            listing = subprocess.run([ldconfig, "-p"], capture_output=True, text=True, check=False)
        except OSError:
            continue
        found = re.search(r"^\s*liblxc\.so\.1 .*=> (\S+)$", listing.stdout, re.MULTILINE)
        if found:
            return Path(found.group(1))
        break
    for pattern in _USUAL_FOLDERS:
        for folder in sorted(Path("/").glob(pattern.lstrip("/"))):
            if (folder / "liblxc.so.1").exists():
                return folder / "liblxc.so.1"
    return None


def _of_path(path: Path) -> Testee:
    if not path.is_file():
        raise UsageError(f"there is no file {path}")
    content = path.read_bytes()
    if not content.startswith(b"\x7fELF"):
        raise UsageError(f"{path} is not a shared object")
    if _SYMBOL not in content:
        raise UsageError(f"{path} does not have liblxc's ABI: no {_SYMBOL.decode()}() is in it")
    path = path.absolute()
    system = find_system()
    is_system = system is not None and path.resolve() == system.resolve()
    return Testee(SYSTEM if is_system else path.name, path)


def release(name: str) -> Testee:
    """A release of liblxc, fetched where it is not there yet."""
    from vmtests.kernels.errors import KernelError
    from vmtests.testees import releases

    try:
        found = releases.fetch(name, progress.say)
    except KernelError as error:
        raise InfrastructureError(str(error)) from error
    return Testee(name, found.library, found.loader, found.folder)


def is_release(word: str) -> bool:
    from vmtests.testees import releases

    return word in releases.RELEASES


def _of_command(command: str) -> Testee:
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise UsageError(f"{EXEC}{command}: {error}") from error
    if not words:
        raise UsageError(f"{EXEC} wants a command: --testee 'exec:/opt/testee --verbose'")
    if any(blank in word for word in words for blank in " \t\n"):
        raise UsageError(f"{EXEC} takes no word with a blank in it: put the command into a script")
    program = shutil.which(words[0])
    if program is None:
        hint = f"it is not executable: chmod +x {words[0]}" if Path(words[0]).is_file() else ""
        raise UsageError(f"there is no program {words[0]}{': ' if hint else ''}{hint}")
    rest = [str(Path(word).absolute()) if Path(word).is_file() else word for word in words[1:]]
    full = (str(Path(program).absolute()), *rest)
    files = [Path(word) for word in full if word.startswith("/") and Path(word).is_file()]
    return Testee(files[-1].stem, files[0], command=full)


def require_travelling(testee: Testee) -> None:
    """A guest has a program's libraries, but neither interpreters nor tools."""
    if testee.command and testee.path and not testee.path.read_bytes().startswith(b"\x7fELF"):
        raise UsageError(
            f"{testee.path} is a script, and the guest of a VM has no interpreter: run as root on "
            f"this machine without --vm, or give {EXEC} a compiled program"
        )


def resolve(words: Sequence[str], programs: bool = False) -> list[Testee]:
    """The testees in order, each with a name of its own; only where asked for, programs too."""
    testees: list[Testee] = []
    for word in words or DEFAULTS:
        if word == REFERENCE:
            testee = Testee(REFERENCE, None)
        elif word == SYSTEM:
            path = find_system()
            if path is None:
                raise UsageError(
                    "no liblxc.so.1 is installed. 'apt-get install liblxc1' installs Debian's; "
                    "--testee=PATH takes any other, --testee=reference ours"
                )
            testee = Testee(SYSTEM, path)
        elif is_release(word):
            testee = release(word)
        elif word.startswith(EXEC):
            if not programs:
                raise UsageError(
                    f"{word}: a program can be verified with 'run' only; here it takes a shared "
                    f"object with liblxc's ABI"
                )
            testee = _of_command(word.removeprefix(EXEC))
        elif "/" in word or Path(word).is_file():
            testee = _of_path(Path(word))
        else:
            from vmtests.testees import releases

            known = (*DEFAULTS, *releases.RELEASES)
            raise UsageError(
                f"there is no testee '{word}': give a path, or one of {', '.join(known)}."
                f"{did_you_mean(word, known)}"
            )
        taken = {other.name for other in testees}
        name, number = testee.name, 2
        while name in taken:
            name, number = f"{testee.name}-{number}", number + 1
        testees.append(replace(testee, name=name))
    return testees
