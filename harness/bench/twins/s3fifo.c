/*
 * S3-FIFO: a small queue of a tenth, a main queue, and a ghost queue of nine tenths. A page used twice in the small
 * queue goes to the main one; others leave a ghost, and come back to the main queue. Parameters: small, ghost, threshold.
 */
#include "placed.h"

enum { SMALL = 1, MAIN, GHOST };
/* Uses are counted in the policy's bits of a page's byte. */
enum { USE = OWN_BIT, MOST_USES = 3 * USE };

static int32_t main_pages;
static int32_t ghost_pages;
static int threshold;
static int returning;

static void lay_out(void) { lay_out_placed(GHOST); }

static void start(void) {
  const double ghost = parameter(1, 0.9);
  start_placed();
  main_pages = capacity - at_least_1(share_of(parameter(0, 0.1)));
  ghost_pages = ghost > 0 ? at_least_1(share_of(ghost)) : 0;
  threshold = (int)parameter(2, 2) * USE;
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
    if (flags_of[id] < threshold) {
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
