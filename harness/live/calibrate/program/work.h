/* What kernels do to pages besides: comparing, copying, hashing, looking addresses up. */
#ifndef RECLAIM_WORK_H
#define RECLAIM_WORK_H

#include <sys/ioctl.h>

#include "measure.h"

/* XXH64 of a page. Source: the specification of xxHash; lib/xxhash.c of the kernel has the same rounds. */
#define P1 11400714785074694791ull
#define P2 14029467366897019727ull
#define P3 1609587929392839161ull
#define P4 9650029242287828579ull

static uint64_t turned(uint64_t x, int bits) { return x << bits | x >> (64 - bits); }

static uint64_t mixed(uint64_t sum, uint64_t word) { return turned(sum + word * P2, 31) * P1; }

static uint64_t hash_page(const uint64_t *words) {
  uint64_t v[4] = {P1 + P2, P2, 0, -P1};
  for (size_t i = 0; i < PAGE / 8; i += 4)
    for (int j = 0; j < 4; j++) v[j] = mixed(v[j], words[i + (size_t)j]);
  uint64_t hash = turned(v[0], 1) + turned(v[1], 7) + turned(v[2], 12) + turned(v[3], 18);
  for (int j = 0; j < 4; j++) hash = (hash ^ mixed(0, v[j])) * P1 + P4;
  hash = ((hash + PAGE) ^ (hash + PAGE) >> 33) * P2;
  hash = (hash ^ hash >> 29) * P3;
  return hash ^ hash >> 32;
}

static volatile uint64_t sink;

/* Pages in turn, so that they come from memory as ksmd's do, and not from the nearest cache. */
static char *next_page(char *at) {
  static size_t page;
  page = (page + 1) % (PAGES - 1);
  return at + page * PAGE;
}

static void hashes(char *at) {
  begin();
  for (size_t i = 0; i < PAGES; i++) {
    const uint64_t *page = (const uint64_t *)next_page(at);
    double start = now();
    sink = hash_page(page);
    sample(now() - start);
  }
  report("checksum");
}

static void comparisons(char *at) {
  begin();
  for (size_t i = 0; i < PAGES; i++) {
    const char *page = next_page(at);
    double start = now();
    sink = (uint64_t)memcmp(page, page + PAGE, PAGE);
    sample(now() - start);
  }
  report("compare");
}

static void copies_of_pages(char *at) {
  begin();
  for (size_t i = 0; i < PAGES; i++) {
    char *page = next_page(at);
    double start = now();
    memcpy(page, page + PAGE, PAGE);
    sample(now() - start);
  }
  report("copy_page");
}

static void page_work(void) {
  char *at = map_private(PAGES);
  memset(at, 7, PAGES * PAGE);
  hashes(at);
  comparisons(at);
  copies_of_pages(at);
  unmap(at, PAGES);
}

/* ioctl PROCMAP_QUERY of /proc/PID/maps, since Linux 6.11. Source: include/uapi/linux/fs.h. */
struct procmap_query {
  uint64_t size, flags, address;
  uint64_t start, end, vma_flags, page_size, offset, inode;
  uint32_t major, minor, name_size, build_id_size;
  uint64_t name, build_id;
};
#define PROCMAP_QUERY _IOWR('f', 17, struct procmap_query)

/* Mappings that do not merge: every second page has other rights. */
static char *many_mappings(size_t mappings) {
  char *at = map_private(mappings);
  for (size_t i = 0; i < mappings; i += 2) mprotect(at + i * PAGE, PAGE, PROT_READ);
  return at;
}

static void look_up(const char *name, size_t mappings) {
  char *at = many_mappings(mappings);
  int maps = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
  begin();
  for (size_t i = 0; i < 2000; i++) {
    struct procmap_query query = {.size = sizeof query, .address = (uint64_t)at + i * 7919 % mappings * PAGE};
    double start = now();
    int failed = ioctl(maps, PROCMAP_QUERY, &query);
    double end = now();
    if (!failed) sample(end - start);
  }
  if (count == 0) fail("lookup", "no PROCMAP_QUERY before Linux 6.11");
  report(name);
  close(maps);
  unmap(at, mappings);
}

static void look_ups(void) {
  look_up("lookup_100", 100);
  look_up("lookup_1000", 1000);
  look_up("lookup_4000", 4000);
}

/* Looking at each page of a range, as mincore does. */
static void residency(void) {
  static unsigned char in_memory[PAGES];
  char *at = map_private(PAGES);
  write_pages(at, PAGES, 1);
  begin();
  for (int i = 0; i < 50; i++) {
    double start = now();
    mincore(at, PAGES * PAGE, in_memory);
    sample(now() - start);
  }
  for (int i = 0; i < count; i++) samples[i] /= PAGES;
  report("mincore");
  unmap(at, PAGES);
}

#endif
