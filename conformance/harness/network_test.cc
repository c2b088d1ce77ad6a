// SPDX-License-Identifier: Apache-2.0

#include "conformance/harness/network_test.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fstream>
#include <utility>

#include "conformance/harness/processes.h"

namespace lxcspec {
namespace {

constexpr int kStopSeconds = 10;

std::string ErrorLines(const std::string& file) {
  std::ifstream stream(file);
  std::string errors;
  for (std::string line; std::getline(stream, line);) {
    for (const char* level : {" ERROR ", " CRIT ", " ALERT ", " FATAL "}) {
      if (line.find(level) != std::string::npos) errors += line + "\n";
    }
  }
  return errors;
}

}  // namespace

void NetworkTest::SetUp() {
  ProbedContainerTest::SetUp();
  if (HasFatalFailure()) return;
  if (const Status prepared = Prepare(); !prepared) Broken(prepared.error().ToString());
}

Status NetworkTest::Prepare() {
  ASSIGN_OR_RETURN(host_, NetNamespace::OfThisProcess());
  ASSIGN_OR_RETURN(third_, NetNamespace::MakeNew());
  for (const NetNamespace* each : {&*host_, &*third_}) {
    for (const std::string devices : {"default", "all"}) {
      // Nothing waits for duplicates on this side.
      RETURN_IF_ERROR(each->WriteSysctl("net/ipv6/conf/" + devices + "/accept_dad", "0"));
    }
  }
  return {};
}

void NetworkTest::TearDown() {
  // What has gone already, such as a device that its parent took along, needs nothing.
  for (const std::string& name : made_) static_cast<void>(host_->DeleteLink(name));
  third_.reset();
  host_.reset();
  ProbedContainerTest::TearDown();
}

Status NetworkTest::MakeWire(const std::string& name, const std::string& far) {
  RETURN_IF_ERROR(host().AddVeth(name, far, third()));
  made_.push_back(name);
  RETURN_IF_ERROR(host().SetUp(name));
  return third().SetUp(far);
}

Status NetworkTest::MakeBridge(const std::string& name) {
  RETURN_IF_ERROR(host().AddBridge(name));
  made_.push_back(name);
  return host().SetUp(name);
}

Status NetworkTest::MakeFilteringBridge(const std::string& name, uint16_t default_pvid) {
  RETURN_IF_ERROR(host().AddBridge(name, true, default_pvid));
  made_.push_back(name);
  return host().SetUp(name);
}

Status NetworkTest::StopAndWait(Container& container) {
  RETURN_IF_ERROR(container.Stop());
  return container.Wait("STOPPED", kStopSeconds);
}

Status NetworkTest::KillAndWait(const ProbedContainer& container) {
  ASSIGN_OR_RETURN(const UniqueFd init, OpenPidfd(container.init()));
  RETURN_IF_ERROR(SendSignal(init, SIGKILL));
  return container->Wait("STOPPED", kStopSeconds);
}

Result<std::vector<std::string>> NetworkTest::HostDevices() const {
  ASSIGN_OR_RETURN(const std::vector<Link> links, host().Links());
  std::vector<std::string> names;
  for (const Link& link : links) names.push_back(link.name);
  std::sort(names.begin(), names.end());
  return names;
}

Status NetworkTest::StartBriefly(const ConfigItems& config) {
  auto container = Configure({"pause"}, config);
  if (!container) {
    ADD_FAILURE() << "the configuration is refused: " << container.error();
    return Propagate(std::move(container).error());
  }
  return StartBriefly(**container);
}

Status NetworkTest::StartBriefly(Container& container) {
  RETURN_IF_ERROR(container.Start({}));
  return StopAndWait(container);
}

Result<std::string> NetworkTest::ErrorsOfFailingStart(const ConfigItems& config) {
  const std::string log = (scratch() / "start.log").string();
  ASSIGN_OR_RETURN(auto container, Configure({"pause"}, config));
  RETURN_IF_ERROR(container->SetConfigItem("lxc.log.file", log));
  RETURN_IF_ERROR(container->SetConfigItem("lxc.log.level", "ERROR"));
  if (container->Start({})) {
    static_cast<void>(container->Stop());
    return Fail(EEXIST, "have the start fail: the container runs");
  }
  return ErrorLines(log);
}

ConfigItems InterfaceItems(int index, const ConfigItems& items) {
  ConfigItems result;
  for (const auto& [key, value] : items) {
    result.emplace_back("lxc.net." + std::to_string(index) + "." + key, value);
  }
  return result;
}

ConfigItems Joined(ConfigItems first, const ConfigItems& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

}  // namespace lxcspec
