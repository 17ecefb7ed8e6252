/*
 * ARC: pages used once and pages used again, each with a list of ghosts; hits on ghosts move the target size of the
 * first list, which is a real number.
 */
#include "placed.h"

enum { T1 = 1, T2, B1, B2 };

static double target;
/* The page that comes in was a ghost, and of which list; NOWHERE: of none. */
static int ghost;
/* The first list fills the cache: its oldest page goes without a ghost. */
static int forget;

static void lay_out(void) { lay_out_placed(B2); }

static void start(void) {
  start_placed();
  target = 0;
}

static void touch(int32_t id) { to_head(T2, id); }

static double step(int32_t other, int32_t own) { return other > own ? (double)other / own : 1; }

static void adapt(void) {
  if (ghost == B1) {
    target += step(size[B2], size[B1]);
    if (target > capacity) target = capacity;
  } else {
    target -= step(size[B1], size[B2]);
    if (target < 0) target = 0;
  }
}

/* Case IV: a page that is not known makes room for itself in the directory. */
static void trim_ghosts(void) {
  const int32_t first = size[T1] + size[B1];
  if (first >= capacity) {
    forget = size[T1] >= capacity;
    if (!forget) leave(tail(&lists, B1));
  } else if (first + size[T2] + size[B2] >= 2 * capacity) {
    leave(tail(&lists, B2));
  }
}

static void miss(int32_t id) {
  forget = 0;
  ghost = place_of(id);
  if (ghost == NOWHERE) {
    trim_ghosts();
  } else {
    adapt();
    leave(id);
  }
}

static int32_t evict(void) {
  if (forget) {
    victims[0] = take_tail(T1);
    return 1;
  }
  const int beyond = size[T1] > target || (size[T1] == target && ghost == B2) || size[T2] == 0;
  const int first = size[T1] > 0 && beyond;
  victims[0] = tail(&lists, first ? T1 : T2);
  to_head(first ? B1 : B2, victims[0]);
  return 1;
}

static void insert(int32_t id) { put(ghost == NOWHERE ? T1 : T2, id); }
