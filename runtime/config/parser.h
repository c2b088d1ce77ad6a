// SPDX-License-Identifier: Apache-2.0
//
// The only parser of configuration files: lines `key = value`, blank lines, lines that begin with
// `#`, and lxc.include of a file or of the *.conf files of a folder (lxc.container.conf(5)).

#ifndef LXCSPEC_RUNTIME_CONFIG_PARSER_H_
#define LXCSPEC_RUNTIME_CONFIG_PARSER_H_

#include <string>
#include <string_view>

#include "runtime/base/result.h"
#include "runtime/config/config.h"

namespace lxcspec::runtime {

// Applies one line to the configuration. EINVAL for a line that is neither empty, nor a comment,
// nor an assignment; ELOOP for includes that go too deep.
Status ApplyLine(std::string_view line, Config& config);

// Adds what a file says to the configuration; the error names the file and line. On failure the
// configuration is as it was.
Status LoadFile(const std::string& path, Config& config);

// The same for text that stands in no file.
Status LoadText(std::string_view text, Config& config);

// Includes a file or folder.
Status Include(const std::string& path, Config& config);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONFIG_PARSER_H_
