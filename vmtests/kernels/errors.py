# SPDX-License-Identifier: Apache-2.0
"""What goes wrong with kernels, in words that say what to do about it."""


class KernelError(Exception):
    """A kernel cannot be had."""


class NotOnMirror(KernelError):
    """A mirror does not have a file (any more)."""
