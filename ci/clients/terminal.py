# SPDX-License-Identifier: Apache-2.0
"""A program on a terminal of its own, and what a user would see and type there."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import time
from collections.abc import Sequence


class Terminal:
    """Runs a program until it ends or is left; use it in a with statement."""

    def __init__(self, command: Sequence[str]) -> None:
        self._master, peer = pty.openpty()
        self._seen = b""
        self._process = subprocess.Popen(
            command, stdin=peer, stdout=peer, stderr=peer, start_new_session=True
        )
        os.close(peer)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *unused: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        os.close(self._master)

    def type(self, text: bytes) -> None:
        """Type into the terminal."""
        os.write(self._master, text)

    def wait_for(self, text: bytes, seconds: float) -> bool:
        """Wait until the text has appeared; what came before it is forgotten."""
        deadline = time.monotonic() + seconds
        while text not in self._seen:
            left = deadline - time.monotonic()
            ready, _, _ = select.select([self._master], [], [], max(left, 0))
            if not ready:
                return False
            try:
                self._seen += os.read(self._master, 4096)
            except OSError:
                return text in self._seen
        self._seen = self._seen.split(text, 1)[1]
        return True

    def wait_for_end(self, seconds: float) -> int | None:
        """Wait for the program's exit status; None if it goes on."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    @property
    def seen(self) -> str:
        """What stands on the terminal since the last text that was waited for."""
        return self._seen.decode(errors="replace")
