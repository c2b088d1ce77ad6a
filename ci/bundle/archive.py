# SPDX-License-Identifier: Apache-2.0
"""Files to one tar and back. The same files are always the same bytes, and what is read must be
exactly what pack() writes, so that a bundle has no room for anything unseen."""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import tarfile
import zlib
from typing import Mapping

from ci.bundle.errors import Refused

MANIFEST = "MANIFEST"
# A bundle holds texts; more than this is an attempt to fill memory.
LARGEST = 512 * 2**20
_GZIP = b"\x1f\x8b"
_NAME = re.compile(r"[A-Za-z0-9_~-][A-Za-z0-9_.~-]*(/[A-Za-z0-9_~-][A-Za-z0-9_.~-]*)*")
_LINE = re.compile(r"([0-9a-f]{64})  (.+)")


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def manifest(files: Mapping[str, bytes]) -> bytes:
    """A line for each file, as `sha256sum -c` reads them."""
    lines = [f"{digest(content)}  {name}\n" for name, content in sorted(files.items())]
    return "".join(lines).encode()


def _tar(files: Mapping[str, bytes]) -> bytes:
    """The files in the order given, with nothing that depends on when, where or by whom."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            member.mode = 0o644
            tar.addfile(member, io.BytesIO(content))
    return out.getvalue()


def pack(files: Mapping[str, bytes], compressed: bool = True) -> bytes:
    """The archive, its manifest first."""
    ordered = {MANIFEST: manifest(files), **dict(sorted(files.items()))}
    content = _tar(ordered)
    return gzip.compress(content, 9, mtime=0) if compressed else content


def _expanded(data: bytes) -> bytes:
    if not data.startswith(_GZIP):
        return data
    reader = zlib.decompressobj(wbits=31)
    try:
        content = reader.decompress(data, LARGEST + 1)
    except zlib.error as error:
        raise Refused(f"the compression is damaged: {error}") from error
    if len(content) > LARGEST:
        raise Refused(f"the archive holds more than {LARGEST >> 20} MiB")
    if not reader.eof:
        raise Refused("the archive ends too early")
    if reader.unused_data:
        raise Refused(f"{len(reader.unused_data)} bytes follow the archive")
    return content


def _members(content: bytes) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as tar:
            for member in tar:
                name = member.name
                if not member.isreg() or member.sparse is not None:
                    raise Refused(f"{name!r} is no plain file")
                if not _NAME.fullmatch(name):
                    raise Refused(f"{name!r} is no name that a bundle uses")
                if name in files:
                    raise Refused(f"{name} is there twice")
                file = tar.extractfile(member)
                files[name] = file.read() if file else b""
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise Refused(f"this is no archive that can be read: {error}") from error
    return files


def _check_manifest(listed: bytes, files: Mapping[str, bytes]) -> None:
    expected: dict[str, str] = {}
    for number, line in enumerate(listed.decode("utf-8", errors="replace").splitlines(), 1):
        match = _LINE.fullmatch(line)
        if not match:
            raise Refused(f"{MANIFEST}, line {number}, is no line of a manifest")
        if match[2] in expected:
            raise Refused(f"{MANIFEST} lists {match[2]} twice")
        expected[match[2]] = match[1]
    for name in sorted(set(expected) - set(files)):
        raise Refused(f"{name} is listed in {MANIFEST} and is not there")
    for name in sorted(set(files) - set(expected)):
        raise Refused(f"{name} is there and is not listed in {MANIFEST}")
    for name, content in files.items():
        if digest(content) != expected[name]:
            raise Refused(f"{name} is not what {MANIFEST} lists: its SHA-256 is {digest(content)}")


def unpack(data: bytes) -> tuple[str, dict[str, bytes]]:
    """The bundle's identity, which is the SHA-256 of its manifest, and its files. Refused says what
    is not as pack() writes it."""
    content = _expanded(data)
    if len(content) > LARGEST:
        raise Refused(f"the archive holds more than {LARGEST >> 20} MiB")
    members = _members(content)
    if MANIFEST not in members:
        raise Refused(f"there is no {MANIFEST}")
    listed = members.pop(MANIFEST)
    _check_manifest(listed, members)
    if pack(members, compressed=False) != content:
        raise Refused(
            "the archive holds the files in another way than 'report --bundle' packs them"
        )
    return digest(listed), members
