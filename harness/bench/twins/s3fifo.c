/*
 * S3-FIFO: a small queue of a tenth, a main queue, and a ghost queue of nine tenths. A page used twice in the small
 * queue goes to the main one; others leave a ghost, and come back to the main queue.
 */
#include "placed.h"

enum { SMALL = 1, MAIN, GHOST };
/* Uses are counted in the policy's bits of a page's byte. */
enum { USE = OWN_BIT, THRESHOLD = 2 * USE, MOST_USES = 3 * USE };

static int32_t main_pages;
static int32_t ghost_pages;
static int returning;

static void start(void) {
  start_placed(GHOST);
  main_pages = capacity - at_least_1((int32_t)(capacity * 0.1));
  ghost_pages = at_least_1((int32_t)(capacity * 0.9));
}

static void touch(int32_t id) {
  if (flags_of[id] < MOST_USES) flags_of[id] += USE;
}

static void miss(int32_t id) {
  returning = place_of(id) == GHOST;
  if (returning) leave(id);
}

/* -1 when all pages of the small queue have moved to the main one. */
static int32_t from_small(void) {
  while (size[SMALL] > 0) {
    const int32_t id = tail(&lists, SMALL);
    if (flags_of[id] < THRESHOLD) {
      to_head(GHOST, id);
      trim(GHOST, ghost_pages);
      return id;
    }
    to_head(MAIN, id);
  }
  return -1;
}

static int32_t from_main(void) {
  for (;;) {
    const int32_t id = tail(&lists, MAIN);
    const int uses = flags_of[id] & ~PLACE;
    if (uses == 0) break;
    to_head(MAIN, id);
    flags_of[id] = (uint8_t)(MAIN + uses - USE);
  }
  return take_tail(MAIN);
}

static int32_t evict(void) {
  int32_t id = -1;
  if (size[MAIN] <= main_pages) id = from_small();
  victims[0] = id < 0 ? from_main() : id;
  return 1;
}

static void insert(int32_t id) { put(returning ? MAIN : SMALL, id); }
