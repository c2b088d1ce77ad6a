# SPDX-License-Identifier: Apache-2.0
"""Puts a series' kernel and the modules that guests load into a folder, for Bazel to take in.

`python3 -m vmtests.kernels.export SERIES FOLDER` writes FOLDER/vmlinuz and FOLDER/modules/*.ko.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from vmtests.kernels.errors import KernelError
from vmtests.kernels.fetch import default_fetcher
from vmtests.kernels.modules import WANTED, ModuleError, load_order


def export(series: str, folder: Path) -> None:
    """Fill `folder`, which must exist."""
    kernel = default_fetcher(lambda line: print(line, file=sys.stderr)).get(series)
    shutil.copyfile(kernel.image, folder / "vmlinuz")
    modules = folder / "modules"
    modules.mkdir(exist_ok=True)
    if kernel.modules is not None:
        for module in load_order(kernel.modules, WANTED):
            (modules / f"{module.name}.ko").write_bytes(module.content)


def main() -> int:
    """Exit 3 where the kernel cannot be had."""
    if len(sys.argv) != 3:
        print("usage: python3 -m vmtests.kernels.export SERIES FOLDER", file=sys.stderr)
        return 2
    try:
        export(sys.argv[1], Path(sys.argv[2]))
    except (KernelError, ModuleError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
