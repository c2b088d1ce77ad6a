# SPDX-License-Identifier: Apache-2.0
"""static_binary: a program without sanitizers in any configuration, because a static one has nowhere to put them."""

def _keep(options):
    return [option for option in options if "sanitize" not in option]

def _without_sanitizers(settings, _attr):
    return {
        "//command_line_option:copt": _keep(settings["//command_line_option:copt"]),
        "//command_line_option:linkopt": _keep(settings["//command_line_option:linkopt"]),
    }

_uninstrumented = transition(
    implementation = _without_sanitizers,
    inputs = [
        "//command_line_option:copt",
        "//command_line_option:linkopt",
    ],
    outputs = [
        "//command_line_option:copt",
        "//command_line_option:linkopt",
    ],
)

def _static_binary_impl(ctx):
    program = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.symlink(output = program, target_file = ctx.executable.binary, is_executable = True)
    return [DefaultInfo(executable = program, files = depset([program]))]

static_binary = rule(
    implementation = _static_binary_impl,
    executable = True,
    attrs = {
        "binary": attr.label(
            cfg = _uninstrumented,
            executable = True,
            mandatory = True,
        ),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    },
)
