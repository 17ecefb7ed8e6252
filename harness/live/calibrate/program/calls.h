/* What system calls cost, by the pages that they find. */
#ifndef RECLAIM_CALLS_H
#define RECLAIM_CALLS_H

#include "measure.h"

#define MADVISE_COLD 20
#define MOST_CALL_PAGES 16384ul
static const size_t SIZES[] = {1, 16, 512, MOST_CALL_PAGES};
#define SIZE_COUNT 4

/* Calls that are timed at a size: few of the large ones, which take milliseconds. */
static int calls_of(size_t pages) { return pages == 1 ? 400 : pages == 16 ? 200 : pages == 512 ? 32 : 4; }

static double time_advice(char *at, size_t pages, int advice) {
  double start = now();
  int failed = madvise(at, pages * PAGE, advice);
  double end = now();
  return failed ? -1 : end - start;
}

/* The range of call `i`. Each is used once: when all are, the mapping is made again. */
static char *range_of(char **at, int i, size_t pages, int fd) {
  size_t room = MOST_CALL_PAGES / pages, place = (size_t)i % room;
  if (place == 0 && i > 0) {
    unmap(*at, MOST_CALL_PAGES);
    *at = fd < 0 ? map_private(MOST_CALL_PAGES) : map(MOST_CALL_PAGES, MAP_SHARED, fd);
  }
  return *at + place * pages * PAGE;
}

/* Advice on private memory that has all its pages. */
static void anon_advice(const char *name, int advice, size_t pages) {
  char *at = map_private(MOST_CALL_PAGES);
  begin();
  for (int i = 0; i < calls_of(pages); i++) {
    char *range = range_of(&at, i, pages, -1);
    write_pages(range, pages, 1);
    double ns = time_advice(range, pages, advice);
    if (ns >= 0) sample(ns);
  }
  report_at(name, pages);
  unmap(at, MOST_CALL_PAGES);
}

static void absent_advice(size_t pages) {
  char *at = map_private(MOST_CALL_PAGES);
  begin();
  for (int i = 0; i < 200; i++) sample(time_advice(at, pages, MADV_DONTNEED));
  report_at("absent", pages);
  unmap(at, MOST_CALL_PAGES);
}

static void shared_dontneed(size_t pages) {
  int fd = make_object(MOST_CALL_PAGES);
  char *at = map(MOST_CALL_PAGES, MAP_SHARED, fd);
  begin();
  for (int i = 0; i < calls_of(pages); i++) {
    char *range = range_of(&at, i, pages, fd);
    write_pages(range, pages, 1);
    sample(time_advice(range, pages, MADV_DONTNEED));
  }
  report_at("dontneed_shared", pages);
  unmap(at, MOST_CALL_PAGES);
  close(fd);
}

/* FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE */
#define PUNCH 3

static double time_punch(int fd, size_t page, size_t pages) {
  double start = now();
  int failed = fallocate(fd, PUNCH, (off_t)(page * PAGE), (off_t)(pages * PAGE));
  double end = now();
  return failed ? -1 : end - start;
}

static void punches(size_t pages, int mapped) {
  int fd = make_object(MOST_CALL_PAGES);
  char *at = map(MOST_CALL_PAGES, MAP_SHARED, fd);
  size_t room = MOST_CALL_PAGES / pages;
  begin();
  for (int i = 0; i < calls_of(pages); i++) {
    size_t page = (size_t)i % room * pages;
    write_pages(at + page * PAGE, pages, 1);
    if (!mapped) madvise(at + page * PAGE, pages * PAGE, MADV_DONTNEED);
    double ns = time_punch(fd, page, pages);
    if (ns >= 0) sample(ns);
  }
  report_at(mapped ? "punch_mapped" : "punch", pages);
  if (!mapped) {
    begin();
    for (int i = 0; i < 200; i++) sample(time_punch(fd, 0, pages));
    report_at("punch_absent", pages);
  }
  unmap(at, MOST_CALL_PAGES);
  close(fd);
}

/* In pairs, so that what else runs is in both. */
static void removes(void) {
  int fd = make_object(PAGES);
  char *at = map(PAGES, MAP_SHARED, fd);
  begin();
  write_pages(at, PAGES, 1);
  for (size_t i = 0; i + 1 < PAGES; i += 2) {
    double removed = time_advice(at + i * PAGE, 1, MADV_REMOVE);
    double punched = time_punch(fd, i + 1, 1);
    /* Differences: the clock is in both. */
    if (count < MOST_SAMPLES) samples[count++] = removed - punched;
  }
  report("remove_extra");
  unmap(at, PAGES);
  close(fd);
}

static void drops(void) {
  const size_t pages = 512;
  char *at = map_private(pages);
  begin();
  for (int i = 0; i < 24; i++) {
    write_pages(at, pages, 1);
    madvise(at, pages * PAGE, MADV_FREE);
    sample(time_advice(at, pages, MADV_DONTNEED));
  }
  for (int i = 0; i < count; i++) samples[i] /= (double)pages;
  report("drop");
  unmap(at, pages);
}

/* A change of flags that splits a mapping in three, and the one that makes it whole again. */
static void flags(void) {
  static double merged[1000];
  char *at = map_private(PAGES);
  write_pages(at, PAGES, 1);
  begin();
  for (int i = 0; i < 1000; i++) {
    double start = now();
    mprotect(at + PAGE * 8, PAGE, PROT_READ);
    double middle = now();
    mprotect(at + PAGE * 8, PAGE, PROT_READ | PROT_WRITE);
    double end = now();
    sample(middle - start);
    merged[i] = end - middle;
  }
  report("split");
  begin();
  for (int i = 0; i < 1000; i++) sample(merged[i]);
  report("merge");
  unmap(at, PAGES);
}

static void all_sizes(void) {
  for (int i = 0; i < SIZE_COUNT; i++) {
    size_t pages = SIZES[i];
    anon_advice("dontneed_anon", MADV_DONTNEED, pages);
    anon_advice("free", MADV_FREE, pages);
    anon_advice("cold", MADVISE_COLD, pages);
    absent_advice(pages);
    shared_dontneed(pages);
    punches(pages, 0);
    punches(pages, 1);
  }
}

#endif
