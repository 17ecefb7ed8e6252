/*
 * What every twin shares: reading the reference string, the loop over it, and the clock. A twin includes this file
 * and defines the four functions of its policy, and `start`. As in harness/mrc/drive.ts:
 *
 *     resident: touch(id)
 *     otherwise: miss(id); while full: evict; insert(id)
 *
 * Usage: twin FILE CAPACITY REPEATS. FILE holds the ids as int32 in the host's byte order, dense from 0. Every repeat
 * starts with an empty cache and prints a line: its misses, and the ns of the loop for each PART_REQUESTS of them. The
 * first one warms up.
 */
#ifndef TWIN_H
#define TWIN_H

#define _POSIX_C_SOURCE 200809L
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What a twin may set to 1 before it includes this file. */
/* It looks at accessed bits instead of being told of uses. */
#ifndef LOOKS_AT_ACCESSED
#define LOOKS_AT_ACCESSED 0
#endif
/* A page that has come in counts as used. */
#ifndef ACCESSED_AT_INSERT
#define ACCESSED_AT_INSERT 0
#endif
/* It gives up pages in `touch`: makes them not resident, and counts them in `given_up`. */
#ifndef GIVES_UP_AT_TOUCH
#define GIVES_UP_AT_TOUCH 0
#endif

/* Requests a part: as in harness/bench/time-policy.ts. */
#define PART_REQUESTS 16384

/* Room for victims: as VICTIMS in harness/mrc/simulation.ts. */
#define VICTIMS 64

/* Pages that fit, and the number of distinct ids. */
static int32_t capacity;
static int32_t count;
static uint8_t *resident;
static uint8_t *accessed;
static int32_t victims[VICTIMS];
static int32_t given_up;

/* Gets the policy's memory from `state`, in the same order every time: an empty cache. */
static void start(void);
/* A resident page is used. */
static void touch(int32_t id);
/* A page that is not resident is about to come in. */
static void miss(int32_t id);
/* Writes victims, and gives how many: at least one. */
static int32_t evict(void);
/* A page has come in. */
static void insert(int32_t id);

static void fail(const char *what, const char *name) {
  fprintf(stderr, "%s: %s\n", name, what);
  exit(1);
}

/* Memory of the policy's state is handed out here: every repeat gets the same again, so that its pages are there. */
#define STATES 16
static void *states[STATES];
static int made_states;
static int used_states;

/* Zeroed memory for `n` elements. */
static void *state(size_t n, size_t size) {
  if (used_states == STATES) fail("too many arrays", "twin");
  if (used_states == made_states) states[made_states++] = malloc((n + 1) * size);
  void *memory = states[used_states++];
  if (!memory) fail("no memory", "twin");
  return memset(memory, 0, (n + 1) * size);
}

static int64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Replays a part of the reference string; gives its misses. `pages` is how many are in the cache. */
static int64_t replay(const int32_t *ids, size_t length, int32_t *pages) {
  int64_t misses = 0;
  int32_t cached = *pages;
  for (size_t i = 0; i < length; i++) {
    const int32_t id = ids[i];
    if (resident[id]) {
      if (LOOKS_AT_ACCESSED) accessed[id] = 1;
      else touch(id);
      if (GIVES_UP_AT_TOUCH) {
        cached -= given_up;
        given_up = 0;
      }
      continue;
    }
    misses++;
    miss(id);
    while (cached >= capacity) {
      const int32_t found = evict();
      for (int32_t v = 0; v < found; v++) resident[victims[v]] = 0;
      cached -= found;
    }
    resident[id] = 1;
    if (LOOKS_AT_ACCESSED) accessed[id] = ACCESSED_AT_INSERT;
    cached++;
    insert(id);
  }
  *pages = cached;
  return misses;
}

/* One repeat, with an empty cache. */
static void repeat(const int32_t *ids, size_t length, int64_t *parts_ns) {
  used_states = 0;
  resident = state(count, 1);
  accessed = state(count, 1);
  start();
  int64_t misses = 0;
  int32_t cached = 0;
  size_t parts = 0;
  int64_t before = now_ns();
  for (size_t at = 0; at < length; at += PART_REQUESTS) {
    const size_t left = length - at;
    misses += replay(ids + at, left < PART_REQUESTS ? left : PART_REQUESTS, &cached);
    const int64_t now = now_ns();
    parts_ns[parts++] = now - before;
    before = now;
  }
  printf("%lld", (long long)misses);
  for (size_t part = 0; part < parts; part++) printf(" %lld", (long long)parts_ns[part]);
  printf("\n");
}

static int32_t *read_ids(const char *name, size_t *length) {
  FILE *file = fopen(name, "rb");
  if (!file || fseek(file, 0, SEEK_END) != 0) fail("cannot be read", name);
  *length = (size_t)ftell(file) / sizeof(int32_t);
  rewind(file);
  int32_t *ids = malloc((*length + 1) * sizeof(int32_t));
  if (!ids || fread(ids, sizeof(int32_t), *length, file) != *length) fail("cannot be read", name);
  fclose(file);
  return ids;
}

int main(int argc, char **argv) {
  if (argc != 4) fail("expected FILE CAPACITY REPEATS", argv[0]);
  size_t length;
  int32_t *ids = read_ids(argv[1], &length);
  capacity = atoi(argv[2]);
  if (capacity < 1) fail("expected a capacity of at least 1", argv[2]);
  for (size_t i = 0; i < length; i++)
    if (ids[i] >= count) count = ids[i] + 1;
  int64_t *parts_ns = malloc((length / PART_REQUESTS + 1) * sizeof(int64_t));
  if (!parts_ns) fail("no memory", argv[0]);
  for (int left = atoi(argv[3]); left > 0; left--) repeat(ids, length, parts_ns);
  free(parts_ns);
  free(ids);
  return 0;
}

#endif
