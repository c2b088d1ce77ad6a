// SPDX-License-Identifier: Apache-2.0
//
// How long a configuration takes to load: the same files through the same Testee interface, one
// benchmark per implementation, and beside them the floor, which is reading the file's bytes.

#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "bench/harness/comparison.h"
#include "conformance/posix/unique_fd.h"
#include "conformance/testee/testee.h"

namespace lxcspec {
namespace {

namespace fs = std::filesystem;

// A configuration like those that templates write, `blocks` times its list-valued part.
std::string Configuration(int blocks) {
  std::string text =
      "# A container\n"
      "lxc.uts.name = c\n"
      "lxc.arch = x86_64\n"
      "lxc.rootfs.path = dir:/var/lib/lxc/c/rootfs\n"
      "lxc.init.cmd = /sbin/init\n"
      "lxc.console.buffer.size = 1MB\n"
      "lxc.signal.halt = SIGPWR\n"
      "lxc.net.0.type = veth\n"
      "lxc.net.0.link = lxcbr0\n"
      "lxc.net.0.flags = up\n"
      "lxc.mount.auto = proc:mixed sys:ro\n";
  for (int i = 0; i < blocks; ++i) {
    text += fmt::format("lxc.environment = NAME{0}=value{0}\n", i);
    text += fmt::format("lxc.mount.entry = /srv/{0} srv/{0} none bind,create=dir 0 0\n", i);
    text += fmt::format("lxc.cgroup2.devices.allow = c 10:{} rwm\n", i % 256);
    text += fmt::format("lxc.prlimit.nofile = {}\n", 1024 + i);
  }
  return text;
}

void LoadConfiguration(benchmark::State& state, Testee* testee, const std::string& file) {
  auto container = testee->NewContainer("c", "/nonexistent");
  if (!container) return state.SkipWithError(container.error().ToString().c_str());
  for ([[maybe_unused]] auto _ : state) {
    (*container)->ClearConfig();
    const Status loaded = (*container)->LoadConfig(file);
    if (!loaded) return state.SkipWithError(loaded.error().ToString().c_str());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(fs::file_size(file)));
}

void ReadBytes(benchmark::State& state, const std::string& file) {
  std::array<char, 1 << 16> buffer;
  for ([[maybe_unused]] auto _ : state) {
    UniqueFd fd(open(file.c_str(), O_RDONLY | O_CLOEXEC));
    while (read(fd.get(), buffer.data(), buffer.size()) > 0) benchmark::DoNotOptimize(buffer);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(fs::file_size(file)));
}

// Files that are gone with their owner.
class ConfigurationFiles {
 public:
  ConfigurationFiles() {
    std::string folder = fs::temp_directory_path() / "lxcspec-bench.XXXXXX";
    if (mkdtemp(folder.data()) != nullptr) folder_ = folder;
  }
  ~ConfigurationFiles() {
    std::error_code ignored;
    if (!folder_.empty()) fs::remove_all(folder_, ignored);
  }
  ConfigurationFiles(const ConfigurationFiles&) = delete;
  ConfigurationFiles& operator=(const ConfigurationFiles&) = delete;

  bool ok() const { return !folder_.empty(); }

  std::string Write(int blocks) const {
    const fs::path file = folder_ / std::to_string(blocks);
    std::ofstream(file) << Configuration(blocks);
    return file;
  }

 private:
  fs::path folder_;
};

Status Measure(Testee& testee, Testee& against) {
  const ConfigurationFiles files;
  if (!files.ok()) return Fail(EIO, "cannot make a folder for the configurations");
  for (const int blocks : {1, 16, 256}) {
    const std::string file = files.Write(blocks);
    const std::string name = fmt::format("BM_ConfigParse/{}", blocks);
    benchmark::RegisterBenchmark((name + "/testee").c_str(), LoadConfiguration, &testee, file);
    benchmark::RegisterBenchmark((name + "/against").c_str(), LoadConfiguration, &against, file);
    benchmark::RegisterBenchmark((name + "/floor").c_str(), ReadBytes, file);
  }
  return RunRegistered();
}

}  // namespace
}  // namespace lxcspec

int main(int argc, char** argv) {
  return lxcspec::RunComparison(argc, argv,
                                {.description = "Loads configurations with two implementations.",
                                 .options = {},
                                 .measure = lxcspec::Measure});
}
