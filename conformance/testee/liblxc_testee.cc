// SPDX-License-Identifier: Apache-2.0

#include "conformance/testee/liblxc_testee.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <cerrno>
#include <utility>

#include "conformance/testee/liblxc_abi.h"
#include "conformance/testee/liblxc_container.h"
#include "conformance/testee/liblxc_layout.h"

namespace lxcspec {
namespace {

const char* PointerOf(const MaybeString& text) { return text ? text->c_str() : nullptr; }

MaybeString TextAt(const char* pointer) {
  if (pointer == nullptr) return std::nullopt;
  return pointer;
}

class LiblxcTestee final : public Testee {
 public:
  LiblxcTestee(const abi::Library& library, const AbiVersion& abi) : library_(library), abi_(abi) {}

  std::string Version() override { return library_.get_version(); }

  bool HasApiExtension(const MaybeString& extension) override {
    return library_.has_api_extension != nullptr &&
           library_.has_api_extension(PointerOf(extension));
  }

  bool ConfigItemIsSupported(const MaybeString& key) override {
    return library_.config_item_is_supported != nullptr &&
           library_.config_item_is_supported(PointerOf(key));
  }

  Result<LogSettings> LogInit(const std::optional<LogSettings>& settings) override {
    if (library_.log_init == nullptr) return Fail(ENOSYS, "lxc_log_init: not exported");
    abi::Log log{};
    if (settings) {
      log = {.name = PointerOf(settings->name),
             .lxcpath = PointerOf(settings->lxcpath),
             .file = PointerOf(settings->file),
             .level = PointerOf(settings->level),
             .prefix = PointerOf(settings->prefix),
             .quiet = settings->quiet};
    }
    errno = 0;
    const int returned = library_.log_init(settings ? &log : nullptr);
    if (returned < 0) return Fail(returned < -1 ? -returned : errno, "lxc_log_init()");
    return LogSettings{.name = TextAt(log.name),
                       .lxcpath = TextAt(log.lxcpath),
                       .file = TextAt(log.file),
                       .level = TextAt(log.level),
                       .prefix = TextAt(log.prefix),
                       .quiet = log.quiet};
  }

  void LogClose() override {
    if (library_.log_close != nullptr) library_.log_close();
  }

  Result<std::unique_ptr<Container>> NewContainer(const MaybeString& name,
                                                  const MaybeString& lxcpath) override {
    errno = 0;
    abi::Container* raw = library_.container_new(PointerOf(name), PointerOf(lxcpath));
    if (raw == nullptr) {
      return Fail(errno, fmt::format("lxc_container_new({})", name.value_or("NULL")));
    }
    return MakeLiblxcContainer(raw, ReadMembers(raw, abi_), library_.container_put);
  }

  Result<std::unique_ptr<Container>> NullContainer() override {
    // The members are the same for every object; a short-lived one lends them.
    abi::Container* raw = library_.container_new("null", "/nonexistent");
    if (raw == nullptr) return FailErrno("lxc_container_new(null, /nonexistent)");
    const abi::Container members = ReadMembers(raw, abi_);
    library_.container_put(raw);
    return MakeLiblxcContainer(nullptr, members, library_.container_put);
  }

 private:
  const abi::Library library_;
  const AbiVersion abi_;
};

template <typename Function>
void Resolve(void* handle, const char* symbol, Function*& function) {
  function = reinterpret_cast<Function*>(dlsym(handle, symbol));
}

}  // namespace

Result<std::unique_ptr<Testee>> LoadLiblxc(const std::string& path, const LiblxcOptions& options) {
  void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return Fail(ELIBACC, dlerror());

  abi::Library library{};
  Resolve(handle, "lxc_get_version", library.get_version);
  Resolve(handle, "lxc_has_api_extension", library.has_api_extension);
  Resolve(handle, "lxc_config_item_is_supported", library.config_item_is_supported);
  Resolve(handle, "lxc_log_init", library.log_init);
  Resolve(handle, "lxc_log_close", library.log_close);
  Resolve(handle, "lxc_container_new", library.container_new);
  Resolve(handle, "lxc_container_put", library.container_put);

  // Without these three there is nothing to verify; what else is missing is for tests to find.
  for (const auto& [present, symbol] :
       {std::pair(library.get_version != nullptr, "lxc_get_version"),
        std::pair(library.container_new != nullptr, "lxc_container_new"),
        std::pair(library.container_put != nullptr, "lxc_container_put")}) {
    if (!present) return Fail(ENOSYS, fmt::format("{} does not export {}", path, symbol));
  }

  const std::string version =
      options.abi_version.empty() ? library.get_version() : options.abi_version;
  const auto abi = ParseAbiVersion(version);
  if (!abi) {
    return Fail(EPROTO, fmt::format("{}: the version \"{}\" says nothing about the layout of "
                                    "struct lxc_container; name the release it follows",
                                    path, version));
  }
  return std::make_unique<LiblxcTestee>(library, *abi);
}

}  // namespace lxcspec
