/* What same-page merging costs: a write to a merged page, a visit of ksmd to one that stays. Who runs this has started ksmd. */
#ifndef RECLAIM_MERGING_H
#define RECLAIM_MERGING_H

#include <dirent.h>

#include "measure.h"

#define KSM "/sys/kernel/mm/ksm/"
/* Contents, and pages of each: fewer than may share one page. */
#define CONTENTS 256ul
#define MERGED (CONTENTS * 64)
#define LONGEST_S 20

static double number_in(const char *path) {
  char text[64] = {0};
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || read(fd, text, sizeof text - 1) <= 0) text[0] = 0;
  if (fd >= 0) close(fd);
  return text[0] ? strtod(text, NULL) : -1;
}

/* CPU time of ksmd in ns; -1 where it is not found. */
static double daemon_ns(void) {
  DIR *processes = opendir("/proc");
  double ns = -1;
  for (struct dirent *entry; processes && ns < 0 && (entry = readdir(processes));) {
    char path[300], name[16] = {0};
    snprintf(path, sizeof path, "/proc/%s/comm", entry->d_name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) continue;
    ssize_t bytes = read(fd, name, sizeof name - 1);
    close(fd);
    if (bytes <= 0 || strcmp(name, "ksmd\n")) continue;
    snprintf(path, sizeof path, "/proc/%s/schedstat", entry->d_name);
    ns = number_in(path);
  }
  if (processes) closedir(processes);
  return ns;
}

static int await_merged(double pages) {
  for (int i = 0; i < LONGEST_S * 100; i++) {
    if (number_in("/proc/self/ksm_merging_pages") >= pages) return 1;
    usleep(10000);
  }
  return 0;
}

/* ksmd's time for a page that is merged and stays so. */
static void visits(void) {
  double pages = number_in(KSM "pages_scanned"), ns = daemon_ns();
  usleep(1000000);
  double scanned = number_in(KSM "pages_scanned") - pages;
  begin();
  clock_ns = 0;
  if (ns < 0 || pages < 0) fail("visit", "the kernel does not say what ksmd scans");
  else if (scanned > 0) sample((daemon_ns() - ns) / scanned);
  report("visit");
  find_clock();
}

static void merge_and_write(void) {
  char *at = map_private(MERGED);
  for (size_t i = 0; i < MERGED; i++) memset(at + i * PAGE, (int)(1 + i % CONTENTS), PAGE);
  if (madvise(at, MERGED * PAGE, MADV_MERGEABLE)) {
    fail("cow_ksm", "no same-page merging here");
  } else if (!await_merged(MERGED * 0.9)) {
    fail("cow_ksm", "ksmd has not merged pages in time");
  } else {
    visits();
    begin();
    time_writes(at, MERGED, 1);
    report("cow_ksm");
  }
}

/* In a process of its own, whose pages the kernel counts from zero. */
static void merge_round(void) {
  fflush(stdout);
  int child = fork();
  if (child == 0) {
    merge_and_write();
    fflush(stdout);
    _exit(0);
  }
  waitpid(child, NULL, 0);
}

#endif
