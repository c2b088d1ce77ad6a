# SPDX-License-Identifier: Apache-2.0
"""Takes kernel image and modules out of Debian packages, without root or installing."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from vmtests.kernels.errors import KernelError


def unpack(packages: Iterable[Path], target: Path) -> None:
    """Fill `target` with `vmlinuz` and `modules/` from package files."""
    tree = target / "tree"
    tree.mkdir()
    for package in packages:
        result = subprocess.run(
            ["dpkg-deb", "--extract", str(package), str(tree)],
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode != 0:
            full = "No space left" in result.stderr
            advice = "; free space or set XDG_CACHE_HOME" if full else ""
            raise KernelError(f"cannot unpack {package.name}: {result.stderr.strip()}{advice}")
    # Newer packages keep the image with the modules, and all of it below /usr.
    images = [*tree.glob("boot/vmlinuz-*"), *tree.glob("usr/lib/modules/*/vmlinuz")]
    modules = [
        path
        for pattern in ("lib/modules/*/kernel", "usr/lib/modules/*/kernel")
        for path in tree.glob(pattern)
    ]
    if len(images) != 1 or len(modules) != 1:
        raise KernelError(
            f"{target.name}: the packages have {len(images)} kernel images and "
            f"{len(modules)} module folders, not one each"
        )
    images[0].rename(target / "vmlinuz")
    modules[0].rename(target / "modules")
    shutil.rmtree(tree)
