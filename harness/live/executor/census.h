/* What is resident, as /proc says exactly: smaps by mapping, st_blocks of objects, page frames of anonymous memory by number. */
#ifndef RECLAIM_CENSUS_H
#define RECLAIM_CENSUS_H

#include <dirent.h>
#include <stdarg.h>
#include <sys/sysmacros.h>

#include "space.h"

#define PRESENT (1ul << 63)
#define OF_OBJECT (1ul << 61)
#define FRAME ((1ul << 55) - 1)
/* Frames that can be told apart: 1 TiB of memory. */
#define MOST_FRAMES (1ul << 28)

static char *text;
static uint32_t text_length;

static __attribute__((format(printf, 1, 2))) void say(const char *format, ...) {
  va_list args;
  va_start(args, format);
  size_t room = TEXT_BYTES - text_length;
  int length = vsnprintf(text + text_length, room, format, args);
  va_end(args);
  if (length > 0) text_length += (size_t)length < room ? (uint32_t)length : (uint32_t)room - 1;
}

/* A mapping of a space in the range of the trace. */
struct mapping {
  uint64_t start, end, offset;
  char flags[5];
  /* 0: no object. */
  uint32_t object;
  long rss, swap, lazyfree, huge;
  int may_write;
};

/* Reads the mappings of a process from smaps, calling `see` for each. Returns 0 where the process is gone. */
static int each_mapping(int pid, void (*see)(const struct mapping *, void *), void *with) {
  char path[64], line[512];
  snprintf(path, sizeof path, "/proc/%d/smaps", pid);
  FILE *file = fopen(path, "r");
  if (!file) return 0;
  struct mapping m = {0};
  unsigned long start, end, offset, inode;
  unsigned int major, minor;
  char flags[8];
  while (fgets(line, sizeof line, file)) {
    if (sscanf(line, "%lx-%lx %7s %lx %x:%x %lu", &start, &end, flags, &offset, &major, &minor, &inode) == 7) {
      m = (struct mapping){.start = start / PAGE, .end = end / PAGE, .offset = offset / PAGE};
      if (inode) m.object = identity_of(makedev(major, minor), inode);
      memcpy(m.flags, flags, 4);
    }
    sscanf(line, "Rss: %ld", &m.rss);
    sscanf(line, "Swap: %ld", &m.swap);
    sscanf(line, "LazyFree: %ld", &m.lazyfree);
    sscanf(line, "AnonHugePages: %ld", &m.huge);
    if (strncmp(line, "VmFlags:", 8)) continue;
    m.may_write = strstr(line, " mw ") != NULL;
    if (m.start >= FIRST_PAGE && m.end <= LAST_PAGE) see(&m, with);
  }
  fclose(file);
  return 1;
}

struct count {
  int pid, pagemap;
  long rss, swap, lazyfree, huge, vmas;
};

#define MOST_SEEN 65536

/* What the leader alone needs; no space has it. */
struct leader {
  int pids[MOST_SLOTS];
  /* Objects that were counted already. */
  uint32_t seen[MOST_SEEN];
  uint64_t entries[4096];
  /* A bit a page frame that was counted already. */
  _Alignas(4096) unsigned char frames[MOST_FRAMES / 8];
};
static struct leader *leader;
static size_t seen_objects;
static uint64_t anonymous, zero_frame;
/* Whether pages of memfds are looked for one by one: the number of their blocks says nothing where some are in swap. */
static int may_swap;

/* Pages of an object in memory, by page. Pages that fallocate made and nothing has used are not among them. */
static long pages_in_memory(const char *path, size_t bytes) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  size_t pages = (bytes + PAGE - 1) / PAGE;
  void *at = pages ? mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;
  unsigned char *in_memory = malloc(pages);
  long count = 0;
  if (at != MAP_FAILED && in_memory && mincore(at, bytes, in_memory) == 0)
    for (size_t i = 0; i < pages; i++) count += in_memory[i] & 1;
  free(in_memory);
  if (at != MAP_FAILED) munmap(at, bytes);
  close(fd);
  return count;
}

static void see_object(const char *path, const struct stat *info) {
  uint32_t identity = identity_of(info->st_dev, info->st_ino);
  for (size_t i = 0; i < seen_objects; i++)
    if (leader->seen[i] == identity) return;
  if (seen_objects < MOST_SEEN) leader->seen[seen_objects++] = identity;
  int by_page = may_swap || identity & ON_DISK;
  long pages = by_page ? pages_in_memory(path, (size_t)info->st_size) : (long)info->st_blocks / 8;
  say("object %u %ld\n", identity, pages);
}

static void see_frames(int pagemap, uint64_t start, uint64_t end) {
  uint64_t *entries = leader->entries;
  unsigned char *frames = leader->frames;
  while (start < end) {
    uint64_t count = end - start < 4096 ? end - start : 4096;
    ssize_t bytes = pread(pagemap, entries, count * 8, (off_t)(start * 8));
    if (bytes <= 0) return;
    for (ssize_t i = 0; i < bytes / 8; i++) {
      uint64_t frame = entries[i] & FRAME;
      if (!(entries[i] & PRESENT) || entries[i] & OF_OBJECT || frame == zero_frame) continue;
      if (frame == 0 || frame >= MOST_FRAMES || frames[frame / 8] & 1 << frame % 8) continue;
      frames[frame / 8] |= (unsigned char)(1 << frame % 8);
      anonymous++;
    }
    start += (uint64_t)bytes / 8;
  }
}

static void count_mapping(const struct mapping *m, void *with) {
  struct count *count = with;
  count->rss += m->rss / 4;
  count->swap += m->swap / 4;
  count->lazyfree += m->lazyfree / 4;
  count->huge += m->huge / 4;
  count->vmas++;
  if (m->object) {
    char path[96];
    struct stat info;
    snprintf(path, sizeof path, "/proc/%d/map_files/%lx-%lx", count->pid, m->start * PAGE, m->end * PAGE);
    if (stat(path, &info) == 0) see_object(path, &info);
  }
  if (m->flags[3] == 'p' && count->pagemap >= 0) see_frames(count->pagemap, m->start, m->end);
}

static int open_pagemap(int pid) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/pagemap", pid);
  return open(path, O_RDONLY | O_CLOEXEC);
}

/* The frame of the shared zero page; 0 where the host has none. Two pages that were only read have it in common. */
static void find_zero_frame(void) {
  volatile char *pages = mmap(NULL, 2 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  volatile char sum = pages[0];
  sum += pages[PAGE];
  int pagemap = open_pagemap(getpid());
  uint64_t entries[2] = {0, 1};
  if (pread(pagemap, entries, sizeof entries, (off_t)((uint64_t)pages / PAGE * 8)) == sizeof entries)
    zero_frame = (entries[0] & FRAME) == (entries[1] & FRAME) ? entries[0] & FRAME : 0;
  close(pagemap);
  munmap((void *)pages, 2 * PAGE);
}

static void make_leader(void) {
  int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  leader = mmap(NULL, sizeof *leader, PROT_READ | PROT_WRITE, flags, -1, 0);
  if (leader == MAP_FAILED) exit(70);
  madvise(leader, sizeof *leader, MADV_DONTFORK);
  madvise(leader, sizeof *leader, MADV_NOHUGEPAGE);
  find_zero_frame();
}

/* Files keep their pages without a descriptor or mapping. */
static void see_files(void) {
  DIR *folder = arena->files[0] ? opendir(arena->files) : NULL;
  for (struct dirent *entry; folder && (entry = readdir(folder));) {
    char path[sizeof arena->files + sizeof entry->d_name + 2];
    struct stat info;
    snprintf(path, sizeof path, "%s/%s", arena->files, entry->d_name);
    if (stat(path, &info) == 0 && S_ISREG(info.st_mode)) see_object(path, &info);
  }
  if (folder) closedir(folder);
}

static void census(int swapping) {
  const int *pids = leader->pids;
  may_swap = swapping;
  seen_objects = 0;
  anonymous = 0;
  /* The bitmap is sparse. */
  madvise(leader->frames, sizeof leader->frames, MADV_DONTNEED);
  for (uint32_t slot = 0; slot < MOST_SLOTS; slot++) {
    if (pids[slot] <= 0) continue;
    struct count count = {.pid = pids[slot], .pagemap = open_pagemap(pids[slot])};
    if (slot != KEEPER && each_mapping(pids[slot], count_mapping, &count)) {
      struct seat *seat = &arena->seats[slot];
      say("space %u %ld %ld %ld %ld %lu %lu %lu %ld\n", slot, count.rss, count.swap, count.vmas, count.lazyfree,
          seat->minor, seat->major, seat->touches, count.huge);
    }
    if (count.pagemap >= 0) close(count.pagemap);
  }
  for (uint32_t object = 0; object < MOST_OBJECTS; object++) {
    char path[64];
    struct stat info;
    if (arena->fd[object] <= 0) continue;
    snprintf(path, sizeof path, "/proc/%d/fd/%d", pids[KEEPER], arena->fd[object]);
    if (stat(path, &info) == 0) see_object(path, &info);
  }
  see_files();
  say("anon %lu\n", anonymous);
}

static void tell_mapping(const struct mapping *m, void *with) {
  const struct op *op = with;
  uint64_t end = op->page + (uint64_t)op->count;
  if (m->start >= end || m->end <= op->page) return;
  uint64_t from = m->start > op->page ? m->start : op->page, to = m->end < end ? m->end : end;
  say("%lu %lu %lu %s %u %d\n", from, to - from, m->offset + (from - m->start), m->flags, m->object, m->may_write);
}

struct search {
  uint64_t page, start, end;
};

static void find_mapping(const struct mapping *m, void *with) {
  struct search *search = with;
  if (m->start > search->page || m->end <= search->page) return;
  search->start = m->start;
  search->end = m->end;
}

/* Changes an object that a space has mapped and the keeper has closed, as who kept a descriptor of it can. */
static int change_mapped(const struct op *op) {
  int pid = leader->pids[op->slot];
  struct search found = {.page = op->a};
  char path[96];
  if (pid <= 0 || !each_mapping(pid, find_mapping, &found) || found.end == 0) return EBADF;
  snprintf(path, sizeof path, "/proc/%d/map_files/%lx-%lx", pid, found.start * PAGE, found.end * PAGE);
  int fd = open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) return errno;
  int is_truncate = (op->code & 0xff) == OP_TRUNCATE;
  int failed = is_truncate ? ftruncate(fd, (off_t)op->b) : fallocate(fd, (int)op->count, (off_t)op->page, (off_t)op->b);
  int error = failed ? errno : 0;
  close(fd);
  return error;
}

#endif
