// SPDX-License-Identifier: Apache-2.0

#include "conformance/testee/protocol_testee.h"

#include <fmt/format.h>

#include <cstdint>
#include <utility>

#include "conformance/testee/protocol_container.h"

namespace lxcspec {
namespace {

using nlohmann::json;

json JsonOf(const MaybeString& text) { return text ? json(*text) : json(nullptr); }

class ProtocolTestee final : public Testee {
 public:
  explicit ProtocolTestee(std::shared_ptr<Connection> connection)
      : connection_(std::move(connection)) {}

  ~ProtocolTestee() override { connection_->Close(); }

  std::string Version() override { return connection_->version(); }

  bool HasApiExtension(const MaybeString& extension) override {
    return Ask("has_api_extension", {{"extension", JsonOf(extension)}});
  }

  bool ConfigItemIsSupported(const MaybeString& key) override {
    return Ask("config_item_is_supported", {{"key", JsonOf(key)}});
  }

  Result<LogSettings> LogInit(const std::optional<LogSettings>& settings) override {
    json wanted;
    if (settings) {
      wanted = {{"name", JsonOf(settings->name)},     {"lxcpath", JsonOf(settings->lxcpath)},
                {"file", JsonOf(settings->file)},     {"level", JsonOf(settings->level)},
                {"prefix", JsonOf(settings->prefix)}, {"quiet", settings->quiet}};
    }
    RETURN_IF_ERROR(Do("log_init", {{"settings", std::move(wanted)}}));
    return settings.value_or(LogSettings{});
  }

  void LogClose() override { static_cast<void>(Do("log_close", json::object())); }

  Result<std::unique_ptr<Container>> NewContainer(const MaybeString& name,
                                                  const MaybeString& lxcpath) override {
    ASSIGN_OR_RETURN(
        const json result,
        connection_->Call("container_new", {{"name", JsonOf(name)}, {"lxcpath", JsonOf(lxcpath)}},
                          fmt::format("container_new({})", name.value_or("null"))));
    const auto object = ReadNumber(result, 0, INT64_MAX);
    if (!object) return Propagate(connection_->Lost(object.error()));
    return MakeProtocolContainer(connection_, *object);
  }

  Result<std::unique_ptr<Container>> NullContainer() override {
    return Propagate(connection_->NotOffered("not in the testee protocol: a NULL container"));
  }

 private:
  bool Ask(const char* call, json arguments) {
    const auto result = connection_->Call(call, std::move(arguments), call);
    if (!result) return false;
    const auto answer = ReadBool(*result);
    if (!answer) connection_->Lost(answer.error());
    return answer && *answer;
  }

  Status Do(const char* call, json arguments) {
    ASSIGN_OR_RETURN(const json result, connection_->Call(call, std::move(arguments), call));
    if (const Status nothing = ReadNothing(result); !nothing) {
      return Propagate(connection_->Lost(nothing.error()));
    }
    return {};
  }

  const std::shared_ptr<Connection> connection_;
};

}  // namespace

Result<std::unique_ptr<Testee>> StartProtocolTestee(const std::vector<std::string>& command,
                                                    ConnectionEvents events,
                                                    std::chrono::milliseconds patience) {
  ASSIGN_OR_RETURN(std::shared_ptr<Connection> connection,
                   Connection::Open(command, std::move(events), patience));
  return std::make_unique<ProtocolTestee>(std::move(connection));
}

}  // namespace lxcspec
