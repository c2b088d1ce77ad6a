# SPDX-License-Identifier: Apache-2.0
"""Where downloaded kernels and remembered facts about this machine live."""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping
from pathlib import Path


def cache_directory(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the folder for what can be had again: ${XDG_CACHE_HOME:-~/.cache}/lxcspec."""
    base = environment.get("XDG_CACHE_HOME", "")
    if base.startswith("/"):
        return Path(base) / "lxcspec"
    # Bazel runs tests without HOME.
    home = environment.get("HOME") or pwd.getpwuid(os.getuid()).pw_dir
    return Path(home) / ".cache" / "lxcspec"
