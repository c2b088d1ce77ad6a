// SPDX-License-Identifier: Apache-2.0
//
// What runs in the containers of the tests: prints what it is asked about, one fact a line.
//
//   read:<file> list:<folder> kind:<path> open:<file> write:<file> exec:<file>
//   args environ cwd ids name signals terminal

#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

extern char** environ;

static void print_result(const char* what, const char* path, int failed) {
  printf("%s %s: %s\n", what, path, failed ? strerrorname_np(errno) : "ok");
}

static void print_file(const char* path) {
  char text[65536];
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t count;
  if (fd < 0) {
    print_result("read", path, 1);
    return;
  }
  while ((count = read(fd, text, sizeof text)) > 0) fwrite(text, 1, (size_t)count, stdout);
  close(fd);
}

static void print_folder(const char* path) {
  DIR* folder = opendir(path);
  struct dirent* entry;
  if (folder == NULL) {
    print_result("list", path, 1);
    return;
  }
  while ((entry = readdir(folder)) != NULL) {
    if (entry->d_name[0] != '.' || strlen(entry->d_name) > 2) printf("entry %s\n", entry->d_name);
  }
  closedir(folder);
}

static void print_kind(const char* path) {
  char target[4096] = "";
  struct stat status;
  if (lstat(path, &status) != 0) {
    print_result("kind", path, 1);
    return;
  }
  if (S_ISLNK(status.st_mode)) {
    if (readlink(path, target, sizeof target - 1) < 0) strcpy(target, "?");
    printf("kind %s: link %s\n", path, target);
    return;
  }
  printf("kind %s: %s %o %u:%u owner %u:%u\n", path,
         S_ISDIR(status.st_mode)   ? "folder"
         : S_ISCHR(status.st_mode) ? "device"
                                   : "file",
         status.st_mode & 07777, major(status.st_rdev), minor(status.st_rdev), status.st_uid,
         status.st_gid);
}

static void try_open(const char* what, const char* path, int flags) {
  const int fd = open(path, flags | O_CLOEXEC | O_NOCTTY, 0600);
  print_result(what, path, fd < 0);
  if (fd >= 0) close(fd);
}

static void print_signals(void) {
  sigset_t blocked;
  sigprocmask(SIG_SETMASK, NULL, &blocked);
  for (int number = 1; number < NSIG; ++number) {
    struct sigaction action;
    if (sigismember(&blocked, number) == 1) printf("blocked %d\n", number);
    if (sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN) {
      printf("ignored %d\n", number);
    }
  }
}

int main(int count, char** words) {
  for (int i = 1; i < count; ++i) {
    const char* word = words[i];
    const char* colon = strchr(word, ':');
    const char* path = colon != NULL ? colon + 1 : "";
    char text[4096];
    if (strncmp(word, "read:", 5) == 0) print_file(path);
    if (strncmp(word, "list:", 5) == 0) print_folder(path);
    if (strncmp(word, "kind:", 5) == 0) print_kind(path);
    if (strncmp(word, "open:", 5) == 0) try_open("open", path, O_RDWR);
    if (strncmp(word, "write:", 6) == 0) try_open("write", path, O_WRONLY | O_CREAT);
    if (strcmp(word, "args") == 0) {
      for (int j = 0; j < count; ++j) printf("arg %s\n", words[j]);
    }
    if (strcmp(word, "environ") == 0) {
      for (char** one = environ; *one != NULL; ++one) printf("env %s\n", *one);
    }
    if (strcmp(word, "cwd") == 0) printf("cwd %s\n", getcwd(text, sizeof text));
    if (strcmp(word, "ids") == 0)
      printf("ids %u:%u groups %d\n", getuid(), getgid(), getgroups(0, NULL));
    if (strcmp(word, "name") == 0 && gethostname(text, sizeof text) == 0) printf("name %s\n", text);
    if (strcmp(word, "signals") == 0) print_signals();
    if (strcmp(word, "terminal") == 0) printf("terminal %s\n", ttyname(STDIN_FILENO));
  }
  return fflush(stdout) == 0 ? 0 : 1;
}
