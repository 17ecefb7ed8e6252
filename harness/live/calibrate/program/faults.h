/* What accesses cost: a mapped page, faults on private, shared and file memory, copies on write. */
#ifndef RECLAIM_FAULTS_H
#define RECLAIM_FAULTS_H

#include "measure.h"

/* Pages that a read fault maps at once. */
#define AROUND 16

static void touch(void) {
  char *at = map_private(PAGES);
  write_pages(at, PAGES, 1);
  begin();
  for (int i = 0; i < 50; i++) {
    double start = now();
    read_pages(at, PAGES);
    sample(now() - start);
  }
  for (int i = 0; i < count; i++) samples[i] /= PAGES;
  report("touch");
  unmap(at, PAGES);
}

static void anon_faults(void) {
  char *at = map_private(PAGES);
  begin();
  time_writes(at, PAGES, 1);
  report("anon_write");
  unmap(at, PAGES);
  at = map_private(PAGES);
  begin();
  time_reads(at, PAGES, 1);
  report("anon_read");
  begin();
  time_writes(at, PAGES, 1);
  report("cow_zero");
  unmap(at, PAGES);
}

static void shared_faults(void) {
  int fd = make_object(PAGES);
  char *at = map(PAGES, MAP_SHARED, fd);
  begin();
  time_writes(at, PAGES, 1);
  report("shmem_write");
  madvise(at, PAGES * PAGE, MADV_DONTNEED);
  begin();
  time_reads(at, PAGES, AROUND);
  report("around_16");
  unmap(at, PAGES);
  close(fd);
}

/* Alone in its neighbourhood, so that a fault maps one page. */
static void single_faults(void) {
  int fd = make_object(PAGES * AROUND);
  char *at = map(PAGES * AROUND, MAP_SHARED, fd);
  begin();
  time_reads(at, PAGES * AROUND, AROUND);
  report("shmem_read");
  madvise(at, PAGES * AROUND * PAGE, MADV_DONTNEED);
  begin();
  time_reads(at, PAGES * AROUND, AROUND);
  report("cached");
  unmap(at, PAGES * AROUND);
  close(fd);
}

static void copies(void) {
  char *at = map_private(PAGES);
  write_pages(at, PAGES, 1);
  int child = fork();
  if (child == 0) {
    pause();
    _exit(0);
  }
  begin();
  time_writes(at, PAGES / 2, 1);
  report("cow_copy");
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
  begin();
  time_writes(at + PAGES / 2 * PAGE, PAGES / 2, 1);
  report("cow_reuse");
  unmap(at, PAGES);
}

static sigjmp_buf beyond;

static void caught(int sig) { siglongjmp(beyond, sig); }

static void signals(void) {
  struct sigaction action = {.sa_handler = caught, .sa_flags = SA_NODEFER}, old;
  int fd = make_object(1);
  char *at = map(2, MAP_SHARED, fd);
  sigaction(SIGBUS, &action, &old);
  begin();
  for (volatile int i = 0; i < 2000; i++) {
    double start = now();
    if (sigsetjmp(beyond, 1) == 0) (void)*(volatile char *)(at + PAGE);
    sample(now() - start);
  }
  report("sigbus");
  sigaction(SIGBUS, &old, NULL);
  unmap(at, 2);
  close(fd);
}

#endif
