// SPDX-License-Identifier: Apache-2.0

#include "conformance/launcher/options.h"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "conformance/launcher/strings.h"

namespace lxcspec::launcher {

std::variant<Options, int> ParseOptions(int argc, char** argv) {
  Options options;
  std::string shard;
  std::string loader;
  CLI::App app(
      "Runs each test of a conformance suite against an implementation (the testee), every one as "
      "a process in\n"
      "namespaces of its own, and writes what came of it to a file of JSON Lines.\n\n"
      "Exit status: 0 when it executed what was planned, whatever the verdicts; 2 bad usage;\n"
      "3 infrastructure (the message says what); 130 interrupted, to be resumed with --resume.");
  app.add_option("--suite", options.suite, "the program with the tests")->required();
  app.add_option(
         "--testee", options.testee,
         "the shared object to test, or exec:PROGRAM ARGUMENT... that speaks the testee protocol")
      ->required();
  app.add_option("--probe", options.probe, "the static program that containers run")->required();
  app.add_option("--results", options.results, "the file to write; replaced without --resume")
      ->required();
  app.add_option("--name", options.name, "what to call the testee [its file name]");
  app.add_option("--tests", options.tests_file,
                 "a file with one test name (Suite.Test) a line [all tests]");
  app.add_flag("--resume", options.resume, "keep the results in the file and run what is missing");
  app.add_option("--repeat", options.plan.repeat, "how often to run each test [1]")
      ->check(CLI::Range(1, 1000000));
  app.add_option("--shuffle", options.plan.seed,
                 "run in a random order that this number determines");
  app.add_option("--jobs", options.jobs, "how many tests to run at a time [1]")
      ->check(CLI::Range(1, 256));
  app.add_option("--shard", shard, "run only part I of N, as I/N with I from 1");
  app.add_option("--speed", options.speed, "stretch deadlines by this factor [measured]")
      ->check(CLI::Range(0.001, 10000.0));
  app.add_option("--loader", loader,
                 "run the suite through this dynamic loader: \"LD_SO --library-path DIRS\"");
  app.add_flag("--fresh", options.fresh,
               "execute the suite anew for each test instead of forking it; for loaders that take "
               "system calls away");
  app.add_option("--visible", options.visible,
                 "a directory that tests must see though it is below /run, /tmp, /var/log, "
                 "/var/lib/lxc or /dev/shm");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitDone : kExitUsage;
  }
  if (!shard.empty()) {
    auto parsed = ParseShard(shard);
    if (!parsed) {
      fprintf(stderr, "launcher: --shard: %s\n", parsed.error().attempted.c_str());
      return kExitUsage;
    }
    options.plan.shard = *parsed;
  }
  options.loader = SplitWords(loader);
  return options;
}

}  // namespace lxcspec::launcher
