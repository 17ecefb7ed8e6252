/*
 * The pages of a cache in a ring: the next one comes in at `place`, where the oldest one is once the cache is full. The
 * classes in JavaScript, and their twins, have lists instead, as pages may leave the machine in any order. On a reference
 * string none does, and a ring touches no links of neighbours.
 */
#ifndef RING_H
#define RING_H

#include "../bench/twins/twin.h"

static int32_t *ring;
static int32_t place;

static inline void lay_out_ring(void) { ring = by_place(sizeof(int32_t)); }

static inline void start_ring(void) { place = 0; }

static inline void step_on(void) { place = place + 1 == capacity ? 0 : place + 1; }

/* In the place of the page that has just been evicted, or behind those that are in. */
static inline void put_in(int32_t id) {
  ring[place] = id;
  step_on();
}

#endif
