/*
 * CLOCK: at the tail a page that was used has one use less and goes to the head. Parameter: bits of the counter of uses; one
 * is the accessed bit.
 */
#include "placed.h"

enum { QUEUE = 1 };

static uint8_t *uses_of;
static int most_uses;

static void lay_out(void) {
  lay_out_placed(QUEUE);
  uses_of = by_id(0, 1, 0);
}

static void start(void) {
  start_placed();
  most_uses = (1 << (int)parameter(0, 1)) - 1;
}

static void touch(int32_t id) {
  if (uses_of[id] < most_uses) uses_of[id]++;
}

static void miss(int32_t id) { (void)id; }

static int32_t evict(void) {
  int32_t id = tail(&lists, QUEUE);
  for (; uses_of[id]; id = tail(&lists, QUEUE)) {
    uses_of[id]--;
    to_head(QUEUE, id);
  }
  leave(id);
  victims[0] = id;
  return 1;
}

static void insert(int32_t id) {
  uses_of[id] = 0;
  put(QUEUE, id);
}
