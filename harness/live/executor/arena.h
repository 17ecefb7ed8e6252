/*
 * Memory that the leader and all spaces share, and how they take turns: one runs at a time, in the order of the trace.
 * The leader touches all of it first, so that it is on no space's account.
 */
#ifndef RECLAIM_ARENA_H
#define RECLAIM_ARENA_H

#include <errno.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "protocol.h"

/* Ops that a space gets at a time. */
#define WINDOW 1024u
/* Touches between two reads of the group's statistics, where these are to be fresh. */
#define FRESH_EVERY 16u

struct seat {
  _Atomic uint32_t turn;  /* 1: the space runs the window */
  _Atomic uint32_t ready; /* 1: it waits for its first turn */
  uint64_t minor, major;  /* faults of its touches */
  uint64_t touches;
  int32_t pid;
};

struct arena {
  _Atomic uint32_t back; /* 1: the space has done the window */
  uint32_t count;
  int32_t keeper; /* process that holds the objects */
  int32_t huge;   /* whether spaces may have huge pages */
  int32_t statistics; /* descriptor of the group's, which spaces read every FRESH_EVERY touches; 0: they do not */
  char files[256];    /* folder of files */
  uint64_t disk;      /* device that it is on; 0 without */
  int32_t fd[MOST_OBJECTS], readers[MOST_OBJECTS];
  struct op ops[WINDOW];
  struct answer answers[WINDOW];
  struct seat seats[MOST_SLOTS];
};

static struct arena *arena;

static void make_arena(void) {
  int prot = PROT_READ | PROT_WRITE, flags = MAP_SHARED | MAP_ANONYMOUS;
  arena = mmap(NULL, sizeof *arena, prot, flags, -1, 0);
  if (arena == MAP_FAILED) exit(70);
  memset(arena, 0, sizeof *arena);
}

/* Waits until a word is not 0, and makes it 0 again. Returns 0 after about `ms` without. */
static int await(_Atomic uint32_t *word, int ms) {
  struct timespec time = {ms / 1000, ms % 1000 * 1000000l};
  for (;;) {
    if (atomic_exchange(word, 0)) return 1;
    long done = syscall(SYS_futex, word, FUTEX_WAIT, 0, ms < 0 ? NULL : &time, NULL, 0);
    if (done < 0 && errno == ETIMEDOUT) return atomic_exchange(word, 0);
  }
}

static void signal_word(_Atomic uint32_t *word) {
  atomic_store(word, 1);
  syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

#endif
