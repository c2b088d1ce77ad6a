# SPDX-License-Identifier: Apache-2.0
"""Requirement to test and back, checked while building."""

def requirement_coverage(name, srcs, requirements, **kwargs):
    """Writes `<name>.json`; the build fails for a requirement without a test or a test without one.

    Args:
      name: name of the target; its one output is `<name>.json`.
      srcs: the conformance tests, all of them: one in this folder that is missing here is an error.
      requirements: the label of requirements.json.
      **kwargs: passed on, such as visibility.
    """
    unlisted = native.glob(["*_conformance_test.cc"], exclude = srcs, allow_empty = True)
    native.genrule(
        name = name,
        srcs = srcs + [requirements],
        outs = [name + ".json"],
        cmd = " ".join([
            "$(location //spec/tools:coverage)",
            "--requirements $(location %s)" % requirements,
            "--output $@",
        ] + [
            "--unlisted=%s/%s" % (native.package_name(), file)
            for file in unlisted
        ] + ["$(location %s)" % src for src in srcs]),
        exec_tools = ["//spec/tools:coverage"],
        **kwargs
    )
