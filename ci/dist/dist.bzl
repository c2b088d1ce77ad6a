# SPDX-License-Identifier: Apache-2.0
"""The archive for machines without Bazel: the front end, the specification, and the programs, built."""

def _dist_impl(ctx):
    lines = []
    inputs = []
    for file in ctx.files.files:
        lines.append("%s=%s" % (file.short_path, file.path))
        inputs.append(file)
    for library in ctx.attr.python:
        for file in library[PyInfo].transitive_sources.to_list() + library[DefaultInfo].default_runfiles.files.to_list():
            if file.is_source and not file.short_path.startswith("../"):
                lines.append("%s=%s" % (file.short_path, file.path))
                inputs.append(file)
    for program in ctx.files.programs:
        lines.append("built/%s=%s" % (program.short_path, program.path))
        inputs.append(program)
    for target, place in ctx.attr.places.items():
        for file in target[DefaultInfo].files.to_list():
            lines.append("%s/%s=%s" % (place, file.basename, file.path))
            inputs.append(file)
    listing = ctx.actions.declare_file(ctx.label.name + ".files")
    ctx.actions.write(listing, "".join([line + "\n" for line in lines]))
    ctx.actions.run(
        executable = ctx.executable._pack,
        arguments = [listing.path, ctx.outputs.archive.path],
        inputs = inputs + [listing],
        outputs = [ctx.outputs.archive],
        mnemonic = "Pack",
    )
    return [DefaultInfo(files = depset([ctx.outputs.archive]))]

dist = rule(
    implementation = _dist_impl,
    doc = "Packs files, under their paths, into ARCHIVE. What the Python libraries need goes in as well.",
    attrs = {
        "archive": attr.output(mandatory = True),
        "files": attr.label_list(allow_files = True),
        "places": attr.label_keyed_string_dict(doc = "Folders for the files of these targets."),
        "programs": attr.label_list(doc = "Go below built/."),
        "python": attr.label_list(providers = [PyInfo]),
        "_pack": attr.label(default = "//ci/dist:pack", executable = True, cfg = "host"),
    },
)
