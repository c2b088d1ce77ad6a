# SPDX-License-Identifier: Apache-2.0
"""Why a bundle is not accepted."""

from __future__ import annotations


class Refused(Exception):
    """The bundle is not what it says it is, or cannot be read; the message names what is wrong."""


class NotBundled(Exception):
    """A bundle cannot be made of this; the message says why."""
