#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A testee that breaks the protocol in the way that its argument names.

--list prints the ways. Each must be one result of each test, and the run goes on.
"""

from __future__ import annotations

import json
import os
import signal
import struct
import sys
from typing import Any, Callable

OFFERS = ["container_new", "get_config_path", "has_api_extension", "config_item_is_supported"]


def read() -> dict[str, Any]:
    """The next request; ends the program where there is none."""
    head = sys.stdin.buffer.read(4)
    if not head:
        sys.exit(0)
    request: dict[str, Any] = json.loads(sys.stdin.buffer.read(struct.unpack(">I", head)[0]))
    return request


def write(body: bytes, length: int | None = None) -> None:
    """A frame, or something that claims to be one."""
    sys.stdout.buffer.write(struct.pack(">I", len(body) if length is None else length) + body)
    sys.stdout.buffer.flush()


def reply(**message: Any) -> None:
    write(json.dumps(message).encode())


def greet(version: int = 1, offers: list[str] | None = None) -> None:
    result = {"protocol": version, "version": "0", "offers": OFFERS if offers is None else offers}
    reply(id=read()["id"], result=result)


def greeted(act: Callable[[dict[str, Any]], Any]) -> Callable[[], Any]:
    """Misbehaves at the first request after a proper greeting."""

    def run() -> None:
        greet()
        act(read())
        read()

    return run


def endless(text: bytes, descriptor: int) -> None:
    while True:
        os.write(descriptor, text * 65536)


def wait_for_ever() -> None:
    while True:
        signal.pause()


def close_and_live(_: dict[str, Any]) -> None:
    os.close(0)
    os.close(1)
    wait_for_ever()


def half_a_frame(_: dict[str, Any]) -> None:
    write(b"{}", length=100)
    sys.exit(0)


def outlive() -> None:
    """Answers everything, and stays when it should end."""
    greet()
    while head := sys.stdin.buffer.read(4):
        request = json.loads(sys.stdin.buffer.read(struct.unpack(">I", head)[0]))
        answers = {"container_new": 1, "get_config_path": "/"}
        reply(id=request["id"], result=answers.get(request["call"], False))
    wait_for_ever()


WAYS: dict[str, Callable[[], Any]] = {
    "ends_at_once": lambda: sys.exit(0),
    "never_greets": wait_for_ever,
    "greets_with_noise": lambda: endless(b"noise\n", 1),
    "speaks_version_9": lambda: greet(version=9),
    "offers_nonsense": lambda: greet(offers=["nonsense"]),
    "ends_early": greeted(lambda request: sys.exit(3)),
    "is_killed": greeted(lambda request: os.kill(os.getpid(), signal.SIGKILL)),
    "closes_its_output": greeted(close_and_live),
    "never_answers": greeted(lambda request: wait_for_ever()),
    "frame_too_long": greeted(lambda request: write(b"{}", length=0xFFFFFFFF)),
    "frame_without_body": greeted(lambda request: write(b"")),
    "half_a_frame_and_end": greeted(half_a_frame),
    "no_json": greeted(lambda request: write(b"yes")),
    "deep_json": greeted(lambda request: write(b"[" * 1000000)),
    "another_id": greeted(lambda request: reply(id=request["id"] + 1, result=True)),
    "another_type": greeted(lambda request: reply(id=request["id"], result=[])),
    "refuses": greeted(lambda request: reply(id=request["id"], refused="not today")),
    "says_more": greeted(lambda request: write(b"{}" * 9, length=2)),
    "endless_output": greeted(lambda request: endless(b"x", 1)),
    "endless_frames": greeted(lambda request: endless(b"\0\0\0\2{}", 1)),
    "endless_errors": greeted(lambda request: endless(b"error\n", 2)),
    "outlives_its_input": outlive,
}

if sys.argv[1] == "--list":
    print("\n".join(WAYS))
else:
    WAYS[sys.argv[1]]()
