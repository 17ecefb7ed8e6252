/* Time, samples and memory. All times are in ns of CLOCK_MONOTONIC, what reading the clock takes is subtracted. */
#ifndef RECLAIM_MEASURE_H
#define RECLAIM_MEASURE_H

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096ul
/* Pages of a mapping that faults are measured on, and samples at most. */
#define PAGES 4096ul
#define MOST_SAMPLES 16384

static double samples[MOST_SAMPLES];
static int count;
static double clock_ns;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static int by_value(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

static void begin(void) { count = 0; }

static void sample(double ns) {
  if (count < MOST_SAMPLES) samples[count++] = ns > clock_ns ? ns - clock_ns : 0;
}

static double quantile(double share) {
  qsort(samples, (size_t)count, sizeof *samples, by_value);
  return samples[(int)(share * (count - 1))];
}

/* A line for a thing that was measured: its name and the median of its samples. */
static void report(const char *name) {
  if (count > 0) printf("%s %.2f\n", name, quantile(0.5));
}

static void report_at(const char *name, size_t pages) {
  if (count > 0) printf("%s_%zu %.2f\n", name, pages, quantile(0.5));
}

static void fail(const char *name, const char *why) { printf("failed %s: %s\n", name, why); }

static void find_clock(void) {
  clock_ns = 0;
  begin();
  for (int i = 0; i < 10000; i++) {
    double start = now();
    sample(now() - start);
  }
  clock_ns = quantile(0.5);
}

/* ---- Memory ---- */

static char *map(size_t pages, int flags, int fd) {
  char *at = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, flags, fd, 0);
  if (at == MAP_FAILED) exit(70);
  madvise(at, pages * PAGE, MADV_NOHUGEPAGE);
  return at;
}

static char *map_private(size_t pages) { return map(pages, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1); }

static void unmap(char *at, size_t pages) { munmap(at, pages * PAGE); }

static int make_object(size_t pages) {
  int fd = memfd_create("calibrate", MFD_CLOEXEC);
  if (fd < 0 || ftruncate(fd, (off_t)(pages * PAGE))) exit(70);
  return fd;
}

static void write_pages(char *at, size_t pages, size_t step) {
  for (size_t i = 0; i < pages; i += step) *(volatile uint64_t *)(at + i * PAGE) = i + 1;
}

static void read_pages(const char *at, size_t pages) {
  for (size_t i = 0; i < pages; i++) (void)*(const volatile char *)(at + i * PAGE);
}

/* A sample for each `step`-th page. */
static void time_writes(char *at, size_t pages, size_t step) {
  for (size_t i = 0; i < pages; i += step) {
    double start = now();
    *(volatile uint64_t *)(at + i * PAGE) = i;
    sample(now() - start);
  }
}

static void time_reads(const char *at, size_t pages, size_t step) {
  for (size_t i = 0; i < pages; i += step) {
    double start = now();
    (void)*(const volatile char *)(at + i * PAGE);
    sample(now() - start);
  }
}

#endif
