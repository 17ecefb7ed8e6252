/* A memory group (cgroup v1 or v2) that all spaces and the keeper are in, and the leader is not. Who leads has made it. */
#ifndef RECLAIM_GROUP_H
#define RECLAIM_GROUP_H

#include "system.h"

static int group_processes = -1, group_limit = -1;

static int open_line(char **rest, int mode) {
  const char *path = next_line(rest);
  return *path ? open(path, mode) : -1;
}

static void close_descriptor(int *fd) {
  if (*fd >= 0) close(*fd);
  *fd = -1;
}

/* An empty text: no group. */
static int choose_group(void) {
  char *rest = take_text();
  int statistics = arena->statistics > 0 ? arena->statistics : -1;
  close_descriptor(&group_processes);
  close_descriptor(&group_limit);
  close_descriptor(&statistics);
  arena->statistics = 0;
  if (!*rest) return 0;
  group_processes = open_line(&rest, O_WRONLY | O_CLOEXEC);
  group_limit = open_line(&rest, O_WRONLY | O_CLOEXEC);
  if (group_processes < 0 || group_limit < 0) return errno;
  statistics = open_line(&rest, O_RDONLY | O_CLOEXEC);
  if (statistics > 0) arena->statistics = statistics;
  return 0;
}

/* A space that cannot join does not run: its memory would be on another account. */
static void join_group(void) {
  if (group_processes >= 0 && write(group_processes, "0", 1) != 1) _exit(72);
}

/* Moves a process to another group. What it has is charged where it was. */
static int move_process(int pid) {
  int fd = open(take_text(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  int error = pid <= 0 ? ESRCH : dprintf(fd, "%d", pid) < 0 ? errno : 0;
  close(fd);
  return error;
}

static int set_limit(uint64_t bytes) {
  char value[32];
  int length = snprintf(value, sizeof value, "%lu", bytes);
  return write(group_limit, value, (size_t)length) < 0 ? errno : 0;
}

/* ---- Time of the trace ---- */

static int64_t now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000l + now.tv_nsec / 1000;
}

/* Waits until `microseconds` of the trace have passed; 0 begins. */
static void keep_pace(uint64_t microseconds) {
  static int64_t began;
  if (microseconds == 0) began = now_us();
  int64_t left = began + (int64_t)microseconds - now_us();
  if (left > 0) rest_for((uint64_t)left);
}

/* ---- Files of the trace ---- */

/* Pages of one write. */
#define BATCH 64

static int write_file(int fd, const struct op *op) {
  static uint64_t pages[BATCH][PAGE / 8];
  struct op contents = {.code = op->code & FLAG_CONTENT ? op->code : FLAG_UNIQUE, .a = op->b};
  for (int64_t i = 0; i < op->count; i += BATCH) {
    int64_t count = op->count - i < BATCH ? op->count - i : BATCH;
    for (int64_t j = 0; j < count; j++) pages[j][0] = content_of(&contents, (uint64_t)(i + j));
    if (write(fd, pages, (size_t)count * PAGE) != count * (int64_t)PAGE) return errno ? errno : ENOSPC;
  }
  return 0;
}

/* Writes a file that the trace begins with. None of it is in memory afterwards. */
static int prepare_file(const struct op *op) {
  int fd = open(file_path(op->page), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return errno;
  int error = write_file(fd, op);
  if (error == 0 && fsync(fd)) error = errno;
  posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
  close(fd);
  return error;
}

static int choose_files(void) {
  struct stat info;
  snprintf(arena->files, sizeof arena->files, "%s", take_text());
  arena->disk = arena->files[0] && stat(arena->files, &info) == 0 ? info.st_dev : 0;
  DIR *folder = arena->files[0] ? opendir(arena->files) : NULL;
  if (arena->files[0] && !folder) return errno;
  for (struct dirent *entry; folder && (entry = readdir(folder));)
    if (entry->d_name[0] >= '0' && entry->d_name[0] <= '9') unlinkat(dirfd(folder), entry->d_name, 0);
  if (folder) closedir(folder);
  return 0;
}

#endif
