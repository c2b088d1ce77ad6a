// SPDX-License-Identifier: Apache-2.0

#include "conformance/differential/steps.h"

#include <fmt/format.h>

#include <cerrno>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <utility>

namespace lxcspec {
namespace {

constexpr std::string_view kFolder = "$DIR";

std::string Replaced(std::string text, std::string_view from, std::string_view to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
  return text;
}

MaybeString Argument(const std::string& word) {
  if (word == std::string(1, '\0')) return std::nullopt;
  return word;
}

Answer Failed(const Error& error) {
  return {.ok = false, .value = "", .error = ErrnoName(error.code)};
}

Answer Of(const Status& status) {
  return status ? Answer{.ok = true, .value = "", .error = ""} : Failed(status.error());
}

Answer Of(Result<std::string> result) {
  if (!result) return Failed(result.error());
  return {.ok = true, .value = *std::move(result), .error = ""};
}

Answer Of(bool yes) { return {.ok = true, .value = yes ? "true" : "false", .error = ""}; }

std::string Content(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

Player::Player(Testee* testee, std::filesystem::path folder)
    : testee_(testee), folder_(std::move(folder)), opened_(Open()) {}

Status Player::Open() {
  auto container = testee_->NewContainer("c", folder_ / "lxc");
  if (!container) return tl::unexpected(container.error());
  container_ = *std::move(container);
  return {};
}

Answer Player::Save() {
  const std::filesystem::path file = folder_ / "saved";
  const Status saved = container_->SaveConfig(file);
  if (!saved) return Failed(saved.error());
  return {.ok = true, .value = Content(file), .error = ""};
}

Answer Player::Load(const std::string& text) {
  const std::filesystem::path file = folder_ / "given";
  std::ofstream(file, std::ios::binary) << text;
  return Of(container_->LoadConfig(file));
}

Answer Player::SaveAndReopen() {
  const Status saved = container_->SaveConfig(std::nullopt);
  if (!saved) return Failed(saved.error());
  container_.reset();
  return Of(Open());
}

Result<Answer> Player::Play(const Step& step) {
  if (!opened_) return Failed(opened_.error());
  if (step.empty()) return tl::unexpected(Error{EINVAL, "an empty step"});
  std::vector<std::string> words;
  for (const std::string& word : step) words.push_back(Replaced(word, kFolder, folder_.string()));
  const auto key = [&] { return words[1]; };
  using Call = std::pair<size_t, std::function<Answer()>>;
  const std::map<std::string, Call> calls = {
      {"set", {2, [&] { return Of(container_->SetConfigItem(key(), Argument(words[2]))); }}},
      {"get", {1, [&] { return Of(container_->GetConfigItem(key())); }}},
      {"clear", {1, [&] { return Of(container_->ClearConfigItem(key())); }}},
      {"clear_config",
       {0,
        [&] {
          container_->ClearConfig();
          return Of(Status());
        }}},
      {"keys", {1, [&] { return Of(container_->GetKeys(Argument(words[1]))); }}},
      {"load", {1, [&] { return Load(words[1]); }}},
      {"save", {0, [&] { return Save(); }}},
      {"reopen", {0, [&] { return SaveAndReopen(); }}},
      {"supported", {1, [&] { return Of(testee_->ConfigItemIsSupported(Argument(words[1]))); }}},
      {"extension", {1, [&] { return Of(testee_->HasApiExtension(Argument(words[1]))); }}},
      {"defined", {0, [&] { return Of(container_->IsDefined()); }}},
      {"running", {0, [&] { return Of(container_->IsRunning()); }}},
      {"state", {0, [&] { return Of(Result<std::string>(container_->State())); }}},
      {"config_file", {0, [&] { return Of(container_->ConfigFileName()); }}},
  };
  const auto found = calls.find(words[0]);
  if (found == calls.end() || found->second.first != words.size() - 1) {
    return tl::unexpected(
        Error{EINVAL, fmt::format("step {} with {} arguments", words[0], words.size() - 1)});
  }
  Answer answer = found->second.second();
  answer.value = Replaced(answer.value, folder_.string(), kFolder);
  return answer;
}

}  // namespace lxcspec
