// SPDX-License-Identifier: Apache-2.0
//
// One container as a client holds it: where it is defined, and its configuration.

#ifndef LXCSPEC_RUNTIME_CONTAINER_CONTAINER_H_
#define LXCSPEC_RUNTIME_CONTAINER_CONTAINER_H_

#include <optional>
#include <string>

#include "runtime/base/result.h"
#include "runtime/config/config.h"

namespace lxcspec::runtime {

class Container {
 public:
  // A container of that name below the path. Its configuration is read if there is one; one that
  // cannot be read or understood fails.
  static Result<Container> Open(std::string name, std::string lxcpath);

  const std::string& name() const { return name_; }
  const std::string& lxcpath() const { return lxcpath_; }
  // <lxcpath>/<name>/config
  std::string ConfigFile() const;

  // Whether the configuration file is there.
  bool IsDefined() const;

  Config& config() { return config_; }
  const Config& config() const { return config_; }

  // Adds what a file says, by default the container's own, to the configuration.
  Status Load(const std::optional<std::string>& file);

  // Writes the configuration to a file, by default the container's own, whose folder is then made.
  Status Save(const std::optional<std::string>& file) const;

  // Sets one item; lxc.include includes.
  Status SetItem(const std::string& key, const std::string& value);

  // From now on the container of the same name below another path, with that one's configuration.
  // Fails without a change where that cannot be read.
  Status MoveTo(const std::string& lxcpath);

 private:
  Container(std::string name, std::string lxcpath);

  std::string name_;
  std::string lxcpath_;
  Config config_;
};

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_CONTAINER_H_
