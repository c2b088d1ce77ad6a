# SPDX-License-Identifier: Apache-2.0
"""The specification as a bundle carries it: what verdicts were made with, and nothing else."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import Any, Type, TypeVar

from ci.bundle.errors import Refused
from ci.reports import model

_Value = TypeVar("_Value", model.Extension, model.Requirement, model.Test)


def dump(catalogue: model.Catalogue) -> bytes:
    """The text. Files of tests are there, so that a report can say where a test is."""
    document = {
        "extensions": [asdict(each) for each in catalogue.extensions.values()],
        "requirements": [asdict(each) for each in catalogue.requirements.values()],
        "tests": [asdict(each) for each in catalogue.tests.values()],
    }
    return (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode()


def _one(kind: Type[_Value], value: Any, where: str) -> _Value:
    """A value whose fields have the types that its class says."""
    if not isinstance(value, dict):
        raise Refused(f"{where} is not an object")
    names = {each.name: str(each.type) for each in fields(kind)}
    if set(value) != set(names):
        odd = sorted(set(value) ^ set(names))
        raise Refused(f"{where}: '{odd[0]}' should not be there, or is missing")
    checked: dict[str, Any] = {}
    for name, said in names.items():
        given = value[name]
        if said.startswith("tuple"):
            if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
                raise Refused(f"{where}: '{name}' is not a list of texts")
            checked[name] = tuple(given)
        elif type(given).__name__ != said:
            raise Refused(f"{where}: '{name}' is of another type")
        else:
            checked[name] = given
    return kind(**checked)


def parse(content: bytes, where: str) -> model.Catalogue:
    """Reads it back. Refused says what does not fit together."""
    try:
        document = json.loads(content)
        parts = [document[name] for name in ("extensions", "requirements", "tests")]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Refused(f"{where} cannot be read: {error!r}") from error
    if not all(isinstance(part, list) for part in parts) or len(document) != len(parts):
        raise Refused(f"{where} is not extensions, requirements and tests")
    extensions = [
        _one(model.Extension, e, f"{where}, extension {n}") for n, e in enumerate(parts[0])
    ]
    known = [
        _one(model.Requirement, r, f"{where}, requirement {n}") for n, r in enumerate(parts[1])
    ]
    tests = [_one(model.Test, t, f"{where}, test {n}") for n, t in enumerate(parts[2])]
    found = model.Catalogue(
        {each.name: each for each in extensions},
        {each.id: each for each in known},
        {each.name: each for each in tests},
    )
    _check(found, where)
    return found


def _check(found: model.Catalogue, where: str) -> None:
    for requirement in found.requirements.values():
        if requirement.extension not in found.extensions:
            raise Refused(f"{where}: {requirement.id} is of an extension that is not there")
    for test in found.tests.values():
        for id_ in test.requirements:
            if id_ not in found.requirements:
                raise Refused(f"{where}: {test.name} covers {id_}, which is not there")
    covered = {id_ for test in found.tests.values() for id_ in test.requirements}
    for requirement in found.requirements.values():
        if not requirement.retired and requirement.id not in covered:
            raise Refused(f"{where}: no test covers {requirement.id}")
