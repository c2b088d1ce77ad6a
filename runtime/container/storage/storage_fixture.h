// SPDX-License-Identifier: Apache-2.0
//
// A path for containers that is gone after each test, and templates to make them with.

#ifndef LXCSPEC_RUNTIME_CONTAINER_STORAGE_STORAGE_FIXTURE_H_
#define LXCSPEC_RUNTIME_CONTAINER_STORAGE_STORAGE_FIXTURE_H_

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "runtime/container/container.h"
#include "runtime/container/storage/create.h"

namespace lxcspec::runtime {

class StorageFixture : public ::testing::Test {
 protected:
  StorageFixture() {
    std::string name = ::testing::TempDir() + "/storage.XXXXXX";
    top_ = std::filesystem::canonical(mkdtemp(name.data()));
    Program(
        "fill",
        "for a; do case $a in --rootfs=*) r=${a#*=};; --path=*) p=${a#*=};; esac; done\n"
        "mkdir -p \"$r\"/etc && echo host > \"$r\"/etc/hostname && echo \"$@\" > \"$r\"/arguments\n"
        "echo lxc.tty.max = 3 >> \"$p\"/config\n");
    Program("fail",
            "for a; do case $a in --rootfs=*) r=${a#*=};; esac; done\n"
            "echo half > $r/half; exit 3\n");
  }
  ~StorageFixture() override { std::filesystem::remove_all(top_); }

  const std::filesystem::path& top() const { return top_; }
  std::string lxcpath() const { return top_ / "lxc"; }
  std::string Folder(const std::string& name) const { return lxcpath() + "/" + name; }

  std::string Program(const std::string& name, const std::string& script) const {
    const std::string path = top_ / name;
    std::ofstream(path) << "#!/bin/sh\nset -e\n" << script;
    chmod(path.c_str(), 0755);
    return path;
  }

  Container Opened(const std::string& name) const {
    return Container::Open(name, lxcpath()).value();
  }

  CreateRequest By(const std::string& program) const {
    return {.template_name = (top_ / program).string(),
            .backing = "dir",
            .directory = std::nullopt,
            .arguments = {},
            .quiet = false,
            .default_config = ""};
  }

  // A container that the template `fill` made.
  Container Made(const std::string& name) const {
    Container container = Opened(name);
    const auto made = Create(container, By("fill"));
    EXPECT_TRUE(made) << made.error().ToString();
    return container;
  }

  static std::string Read(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static void Write(const std::string& path, const std::string& text) {
    std::ofstream(path) << text;
  }
  static bool Exists(const std::string& path) {
    return std::filesystem::exists(std::filesystem::symlink_status(path));
  }
  static std::string Value(const Container& container, const std::string& key) {
    return container.config().Get(key).value_or("");
  }
  // What is in a folder, sorted.
  static std::vector<std::string> Names(const std::string& folder) {
    std::vector<std::string> names;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
      names.push_back(entry.path().filename());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

 private:
  std::filesystem::path top_;
};

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_STORAGE_STORAGE_FIXTURE_H_
