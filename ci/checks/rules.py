# SPDX-License-Identifier: Apache-2.0
"""All house rules by name. A new one needs a line here, and examples in examples/<name>/."""

from __future__ import annotations

from typing import Mapping

from ci.checks import definition_rules, generated_rules, structure_rules, test_rules, text_rules
from ci.checks.tree import Rule

RULES: Mapping[str, Rule] = {
    "licence": text_rules.licence,
    "length": text_rules.length,
    "left_open": text_rules.left_open,
    "registry_hosts": text_rules.registry_hosts,
    "machine_paths": text_rules.machine_paths,
    "skips": test_rules.skips,
    "sleeps": test_rules.sleeps,
    "judges_blindly": test_rules.judges_blindly,
    "parts": structure_rules.parts,
    "rooms": structure_rules.rooms,
    "islands": structure_rules.islands,
    "one_type_a_name": definition_rules.one_type_a_name,
    "complete": structure_rules.complete,
    "fresh": generated_rules.fresh,
}
