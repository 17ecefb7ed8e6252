/*
 * CLOCK: the hand stands at the oldest page. One that was used has one use less, and the hand passes it: it is the newest
 * then. Parameter: bits of the counter of uses; one is the accessed bit.
 */
#include "ring.h"

static uint8_t *uses_of;
static int most_uses;

static void lay_out(void) {
  lay_out_ring();
  uses_of = by_id(0, 1, 0);
}

static void start(void) {
  start_ring();
  most_uses = (1 << (int)parameter(0, 1)) - 1;
}

static void touch(int32_t id) {
  if (uses_of[id] < most_uses) uses_of[id]++;
}

static void miss(int32_t id) { (void)id; }

static int32_t evict(void) {
  for (; uses_of[ring[place]]; step_on()) uses_of[ring[place]]--;
  victims[0] = ring[place];
  return 1;
}

static void insert(int32_t id) {
  uses_of[id] = 0;
  put_in(id);
}
