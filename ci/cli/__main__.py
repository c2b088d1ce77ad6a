# SPDX-License-Identifier: Apache-2.0
"""Entry of ./lxcspec: puts the top of the tree, not this folder, first on the import path."""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])
    from ci.cli.main import main

    sys.exit(main(sys.argv[1:]))
