/* What the leader does to the system that it runs on, as it is told: files, mounts, modules, swap. Text of an op comes in lines. */
#ifndef RECLAIM_SYSTEM_H
#define RECLAIM_SYSTEM_H

#include <sys/mount.h>
#include <sys/swap.h>

#include "census.h"

#define READ_BYTES 65536ul
#define SWAP_FLAGS (SWAP_FLAG_PREFER | SWAP_FLAG_PRIO_MASK)

/* The next line of the text, and moves on; empty behind the last one. */
static char *next_line(char **rest) {
  char *line = *rest, *end = strchr(line, '\n');
  *rest = end ? end + 1 : line + strlen(line);
  if (end) *end = 0;
  return line;
}

/* Takes the text of an op, which has none for its answer unless it says something. */
static char *take_text(void) {
  text[text_length < TEXT_BYTES ? text_length : TEXT_BYTES - 1] = 0;
  text_length = 0;
  return text;
}

static int put_file(uint64_t offset) {
  char *end = text + (text_length < TEXT_BYTES ? text_length : TEXT_BYTES - 1);
  char *value = take_text();
  const char *path = next_line(&value);
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  size_t bytes = (size_t)(end - value);
  ssize_t done = offset ? pwrite(fd, value, bytes, (off_t)offset) : write(fd, value, bytes);
  int error = done < 0 ? errno : 0;
  close(fd);
  return error;
}

static int get_file(void) {
  int fd = open(take_text(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  /* Files of /proc/sys are read with less than some MiB at a time. */
  for (ssize_t bytes; text_length < TEXT_BYTES; text_length += (uint32_t)bytes) {
    size_t room = TEXT_BYTES - text_length;
    bytes = read(fd, text + text_length, room < READ_BYTES ? room : READ_BYTES);
    if (bytes <= 0) break;
  }
  close(fd);
  return 0;
}

static int mount_folder(void) {
  char *rest = take_text();
  const char *type = next_line(&rest), *source = next_line(&rest), *folder = next_line(&rest);
  const char *options = next_line(&rest);
  return mount(source, folder, type, 0, *options ? options : NULL) ? errno : 0;
}

static int insert_module(uint64_t flags) {
  char *rest = take_text();
  int fd = open(next_line(&rest), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  int error = syscall(SYS_finit_module, fd, next_line(&rest), (int)flags) ? errno : 0;
  close(fd);
  return error == EEXIST ? 0 : error;
}

static int set_swap(int on) {
  const char *path = take_text();
  return (on ? swapon(path, SWAP_FLAGS) : swapoff(path)) ? errno : 0;
}

static int rest_for(uint64_t microseconds) {
  struct timespec time = {(time_t)(microseconds / 1000000), (long)(microseconds % 1000000) * 1000};
  return nanosleep(&time, NULL) ? errno : 0;
}

#endif
