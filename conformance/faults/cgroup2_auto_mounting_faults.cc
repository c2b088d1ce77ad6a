// SPDX-License-Identifier: Apache-2.0

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sstream>
#include <string>
#include <vector>

#include "conformance/faults/cgroup_ways.h"

namespace lxcspec::faults {
namespace {

constexpr char kKey[] = "lxc.mount.auto";
constexpr char kWord[] = "cgroup2";

std::vector<std::string> WordsOf(const std::string& value) {
  std::istringstream words(value);
  std::vector<std::string> found;
  for (std::string word; words >> word;) found.push_back(word);
  return found;
}

// A copy of the value without its words about the unified hierarchy but the one at this place among
// them.
std::string WithOnly(const std::string& value, int kept) {
  std::string text;
  int place = 0;
  for (const std::string& word : WordsOf(value)) {
    if (word.starts_with(kWord) && place++ != kept) continue;
    text += (text.empty() ? "" : " ") + word;
  }
  return text;
}

std::string WithNone(const std::string& value) { return WithOnly(value, -1); }

// Containers start with what `kChange` makes of the words.
template <auto kChange>
void ChangesWordsAtStart(Broken& broken) {
  broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
    const std::string words = Item(c, kKey);
    if (words.empty()) return Original().start(c, use_init, argv);
    return StartWith(c, use_init, argv, kKey, kChange(words));
  };
}

// They start with one word for another.
template <Text kOne, Text kInstead>
void MistakesWordAtStart(Broken& broken) {
  ChangesWordsAtStart<[](const std::string& value) {
    std::string text;
    for (const std::string& word : WordsOf(value)) {
      text += (text.empty() ? "" : " ") + (word == kOne.value ? kInstead.value : word);
    }
    return text;
  }>(broken);
}

// A start that fails is tried again without the words.
void StartsWithoutMount(Broken& broken) {
  StartsOtherwise<[](abi::Container* c) {
    return Changes{{kKey, WithNone(Item(c, kKey))}};
  }>(broken);
}

// What is mounted in the container is seen from outside of its cgroup namespace.
void MountsFromOutside(abi::Container* c) {
  if (Item(c, kKey).find(kWord) == std::string::npos) return;
  const std::string process = "/proc/" + std::to_string(InitOf(c));
  const pid_t child = fork();
  if (child == 0) {
    const int mounts = open((process + "/ns/mnt").c_str(), O_RDONLY | O_CLOEXEC);
    const bool done = setns(mounts, CLONE_NEWNS) == 0 &&
                      umount2("/sys/fs/cgroup", MNT_DETACH) == 0 &&
                      mount("cgroup2", "/sys/fs/cgroup", "cgroup2", 0, nullptr) == 0;
    _exit(done ? 0 : 1);
  }
  waitpid(child, nullptr, 0);
}

const Faults kFaults{
    {spec::cgroup2_auto_mounting::kAnnounced, "denied", "the extension is not announced",
     Denies<"cgroup2_auto_mounting">},
    {spec::cgroup2_auto_mounting::kWordsTaken, "not-plain", "cgroup2 is refused",
     Refuses<"lxc.mount.auto", "cgroup2">},
    {spec::cgroup2_auto_mounting::kWordsTaken, "not-ro", "cgroup2:ro is refused",
     Refuses<"lxc.mount.auto", "cgroup2:ro">},
    {spec::cgroup2_auto_mounting::kWordsTaken, "not-force", "cgroup2:force is refused",
     Refuses<"lxc.mount.auto", "cgroup2:force">},
    {spec::cgroup2_auto_mounting::kWordsTaken, "not-ro-force", "cgroup2:ro:force is refused",
     Refuses<"lxc.mount.auto", "cgroup2:ro:force">},
    {spec::cgroup2_auto_mounting::kWordsTaken, "alone-only", "it is refused among other words",
     Refuses<"lxc.mount.auto", "proc cgroup2:ro sys:ro">},
    {spec::cgroup2_auto_mounting::kWordReadsBack, "shortened", "cgroup2:ro:force reads as cgroup2",
     ReadsBackAs<"lxc.mount.auto", "cgroup2">},
    {spec::cgroup2_auto_mounting::kMounted, "ignored", "nothing is mounted",
     ChangesWordsAtStart<WithNone>},
    {spec::cgroup2_auto_mounting::kMounted, "no-force", "with force nothing is mounted",
     MistakesWordAtStart<"cgroup2:force", "">},
    {spec::cgroup2_auto_mounting::kMounted, "no-ro-force", "with ro:force nothing is mounted",
     MistakesWordAtStart<"cgroup2:ro:force", "">},
    {spec::cgroup2_auto_mounting::kMounted, "like-cgroup", "it is as cgroup:rw:force",
     MistakesWordAtStart<"cgroup2", "cgroup:rw:force">},
    {spec::cgroup2_auto_mounting::kMounted, "forced-is-writable", "ro:force is as force",
     MistakesWordAtStart<"cgroup2:ro:force", "cgroup2:force">},
    {spec::cgroup2_auto_mounting::kOwnRoot, "starters", "its root is that of the starter",
     DoesAfterStart<MountsFromOutside>},
    {spec::cgroup2_auto_mounting::kWritable, "read-only", "it is read-only",
     MistakesWordAtStart<"cgroup2", "cgroup2:ro">},
    {spec::cgroup2_auto_mounting::kReadOnly, "writable", "ro is ignored",
     MistakesWordAtStart<"cgroup2:ro", "cgroup2">},
    {spec::cgroup2_auto_mounting::kLastWord, "first", "the first word holds",
     ChangesWordsAtStart<[](const std::string& words) { return WithOnly(words, 0); }>},
    {spec::cgroup2_auto_mounting::kLastWord, "read-only", "one ro is enough",
     ChangesWordsAtStart<[](const std::string& words) {
       const bool read_only = words.find("cgroup2:ro") != std::string::npos;
       return WithNone(words) + (read_only ? " cgroup2:ro" : " cgroup2");
     }>},
    {spec::cgroup2_auto_mounting::kLastWord, "cgroup-first",
     "beside a word of cgroup it is ignored", ChangesWordsAtStart<[](const std::string& words) {
       return words.find("cgroup:") == std::string::npos ? words : WithNone(words);
     }>},
    {spec::cgroup2_auto_mounting::kNotAskedFor, "always", "it is always mounted",
     ChangesWordsAtStart<[](const std::string& words) { return WithNone(words) + " cgroup2"; }>},
    {spec::cgroup2_auto_mounting::kWordsRefused, "any", "what begins like a word is taken",
     [](Broken& broken) {
       broken.members.set_config_item = [](abi::Container* c, const char* key, const char* value) {
         return Original().set_config_item(c, key, value) ||
                (key != nullptr && value != nullptr && std::string_view(key) == kKey &&
                 std::string_view(value).starts_with(kWord));
       };
     }},
    {spec::cgroup2_auto_mounting::kNoNamespace, "not-mounted", "it starts without the mount",
     StartsWithoutMount},
    {spec::cgroup2_auto_mounting::kNoNamespace, "own", "it gets a namespace of its own",
     StartsWithout<"lxc.namespace.keep">},
    {spec::cgroup2_auto_mounting::kNoFolder, "not-mounted", "it starts without the mount",
     StartsWithoutMount},
    {spec::cgroup2_auto_mounting::kNoHierarchy, "not-mounted", "it starts without the mount",
     StartsWithoutMount},
};

}  // namespace
}  // namespace lxcspec::faults
