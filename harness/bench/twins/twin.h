/*
 * What every twin shares: its memory, and the loop over the reference string. A twin includes this file and defines the
 * functions of its policy. As in harness/mrc/simulate.ts:
 *
 *     resident: touch(id)
 *     otherwise: miss(id); while full: evict; insert(id)
 *
 * It becomes a program (program.h), which `reclaim bench` builds and compares with ours, and a WebAssembly module
 * (module.h), which `reclaim mrc` runs.
 */
#ifndef TWIN_H
#define TWIN_H

/* For the clock of program.h. */
#define _POSIX_C_SOURCE 200809L
#include <stddef.h>
#include <stdint.h>

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
/* It has a loop of its own, `replay`, and knows itself what is resident. */
#ifndef OWN_REPLAY
#define OWN_REPLAY 0
#endif

/* Room for victims: as VICTIMS in harness/mrc/simulation.ts. */
#define VICTIMS 64

/* Pages that fit: below 2^30, so that twice as many are an int32. */
static int32_t capacity;
/* Ids are below this; it may rise between two parts of the string. */
static int32_t count;

/* Sets the pointers to the policy's memory from `by_id`, in the same order every time; again whenever `count` has risen. */
static void lay_out(void);
/* An empty cache, in memory that has just been laid out. */
static void start(void);
/* Replays a part of the reference string; returns its misses. `pages` is how many are in the cache. */
static int32_t replay(const int32_t *ids, int32_t length, int32_t *pages);

/* Values of the policy's parameters in the order of the registry, a choice by its place; those not given have their default. */
#define MOST_PARAMETERS 4
static double values[MOST_PARAMETERS];
static int32_t given_values;

static inline double parameter(int32_t at, double by_default) { return at < given_values ? values[at] : by_default; }

/* A share of the capacity, rounded down. */
static inline int32_t share_of(double share) { return (int32_t)(capacity * share); }

static inline int32_t at_least_1(int32_t n) { return n > 1 ? n : 1; }

/* Memory with something for each id. Areas lie one after the other, in the order in which they are laid out. */
#define MOST_AREAS 8
struct area {
  uint8_t *at;
  uint64_t bytes;
  /* What the bytes hold that no one has written. */
  int fill;
};
static struct area areas[MOST_AREAS];
static int32_t used_areas;

/* Ends the program: a defect of the twin. */
static void fail(const char *what, const char *name);

static void *next_area(uint64_t elements, size_t size, int fill) {
  if (used_areas == MOST_AREAS) fail("too many areas", "twin");
  struct area *area = &areas[used_areas++];
  /* Whole words; one element more, so that no area is empty. */
  area->bytes = ((elements + 1) * size + 7) & ~(uint64_t)7;
  area->fill = fill;
  return area->at;
}

/* Memory for `extra` elements and one for each id. */
static inline void *by_id(size_t extra, size_t size, int fill) {
  return next_area((uint64_t)extra + (uint64_t)count, size, fill);
}

/* Memory for an element for each page that can be in the cache at once. */
static inline void *by_place(size_t size) { return next_area((uint64_t)(count < capacity ? count : capacity), size, 0); }

#if OWN_REPLAY

static void lay_out_all(void) {
  used_areas = 0;
  lay_out();
}

#else

static uint8_t *resident;
static uint8_t *accessed;
static int32_t victims[VICTIMS];
static int32_t given_up;

/* A resident page is used. */
static void touch(int32_t id);
/* A page that is not resident is about to come in. */
static void miss(int32_t id);
/* Writes victims, and returns how many: at least one. */
static int32_t evict(void);
/* A page has come in. */
static void insert(int32_t id);

static void lay_out_all(void) {
  used_areas = 0;
  resident = by_id(0, 1, 0);
  if (LOOKS_AT_ACCESSED) accessed = by_id(0, 1, 0);
  lay_out();
}

static int32_t replay(const int32_t *ids, int32_t length, int32_t *pages) {
  int32_t misses = 0;
  int32_t cached = *pages;
  for (int32_t i = 0; i < length; i++) {
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

#endif

#ifdef __wasm__
#include "module.h"
#else
#include "program.h"
#endif

#endif
