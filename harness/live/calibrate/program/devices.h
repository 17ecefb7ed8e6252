/* Latencies of devices, as quantiles over whole major faults; calls that write to swap. */
#ifndef RECLAIM_DEVICES_H
#define RECLAIM_DEVICES_H

#include <sys/resource.h>
#include <sys/vfs.h>

#include "calls.h"

#define MADVISE_PAGEOUT 21
#define FILE_PAGES 4096ul
/* Faults of one round. */
#define READS 400
#define TMPFS 0x01021994
#define RAMFS 0x858458f6
#define OVERLAY 0x794c7630

/* Where page `i` of a random order of `pages`, a power of 2, is: each comes once. */
static size_t scattered(size_t i, size_t pages) { return (i * 2654435761ul + 12345) % pages; }

static void report_device(const char *name) {
  static const double shares[] = {0, 0.1, 0.5, 0.9, 0.99};
  double sum = 0;
  if (count < READS / 4) {
    fail(name, "too few faults read from it");
    return;
  }
  for (int i = 0; i < count; i++) sum += samples[i];
  printf("device_%s", name);
  for (int i = 0; i < 5; i++) printf(" %.1f", quantile(shares[i]));
  printf(" %.1f\n", sum / count);
}

static long major_faults(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_majflt;
}

/* Reads pages in a random order; a sample for each major fault. */
static void time_major_faults(const char *at, size_t pages, size_t reads) {
  static size_t first;
  begin();
  for (size_t i = 0; i < reads; i++) {
    const volatile char *page = at + scattered(first++, pages) * PAGE;
    long before = major_faults();
    double start = now();
    (void)*page;
    double end = now();
    if (major_faults() > before) sample(end - start);
  }
}

/* A file of this round: written, on its device, and removed already. -1 where the folder is in memory. */
static int make_file(const char *folder) {
  static uint64_t page[PAGE / 8];
  char path[4096];
  struct statfs system;
  snprintf(path, sizeof path, "%s/calibrate-%d", folder, getpid());
  int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0 || fstatfs(fd, &system)) return -1;
  unlink(path);
  if (system.f_type == TMPFS || system.f_type == RAMFS || system.f_type == OVERLAY) {
    close(fd);
    return -1;
  }
  for (uint64_t i = 0; i < FILE_PAGES; i++) {
    page[0] = i;
    if (write(fd, page, PAGE) != (ssize_t)PAGE) exit(71);
  }
  fsync(fd);
  return fd;
}

static void file_faults(const char *folder) {
  int fd = make_file(folder);
  if (fd < 0) {
    fail("file_write", "the folder is on no file system of a device");
    fail("disk", "the folder is on no file system of a device");
    return;
  }
  char *at = map(FILE_PAGES, MAP_SHARED, fd);
  read_pages(at, FILE_PAGES);
  begin();
  time_writes(at, FILE_PAGES / 4, 1);
  report("file_write");
  unmap(at, FILE_PAGES);
  fsync(fd);
  posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
  at = map(FILE_PAGES, MAP_SHARED, fd);
  madvise(at, FILE_PAGES * PAGE, MADV_RANDOM);
  time_major_faults(at, FILE_PAGES, READS);
  report_device("disk");
  unmap(at, FILE_PAGES);
  close(fd);
}

/* ---- Swap: who runs this has put it into a group with a limit ---- */

/* Twice what the group may have. */
static char *over_limit(size_t limit_pages) {
  char *at = map_private(limit_pages * 2);
  write_pages(at, limit_pages * 2, 1);
  return at;
}

static void swap_round(const char *device, size_t limit_pages) {
  for (int i = 0; i < SIZE_COUNT - 1; i++) anon_advice("pageout", MADVISE_PAGEOUT, SIZES[i]);
  char *at = map_private(MOST_CALL_PAGES);
  begin();
  for (int i = 0; i < 2; i++) {
    write_pages(at, MOST_CALL_PAGES, 1);
    sample(time_advice(at, MOST_CALL_PAGES, MADVISE_PAGEOUT));
  }
  report_at("pageout", MOST_CALL_PAGES);
  unmap(at, MOST_CALL_PAGES);
  at = over_limit(limit_pages);
  time_major_faults(at, limit_pages * 2, READS * 2);
  report_device(device);
  unmap(at, limit_pages * 2);
}

#endif
