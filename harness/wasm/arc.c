/*
 * ARC: pages used once and pages used again, each with ghosts; hits on ghosts move the target size of the first queue, which
 * is a real number.
 */
#include "queues.h"

static double target;

static void lay_out(void) { lay_out_queues(); }

static void start(void) {
  start_queues();
  target = 0;
}

static void use(int of, int32_t stamp, int32_t id) {
  leave(of, stamp);
  put(AGAIN, id);
}

static double step(int32_t other, int32_t own) { return other > own ? (double)other / own : 1; }

static void adapt(int of) {
  if (of == ONCE) {
    target += step(queues[AGAIN].ghosts, queues[ONCE].ghosts);
    if (target > capacity) target = capacity;
  } else {
    target -= step(queues[ONCE].ghosts, queues[AGAIN].ghosts);
    if (target < 0) target = 0;
  }
}

/* `of`: as in `come_in`. */
static inline void evict(int of) {
  const int32_t once = queues[ONCE].resident;
  const int beyond = once > target || (once == target && of == AGAIN) || queues[AGAIN].resident == 0;
  evict_from(once > 0 && beyond ? ONCE : AGAIN);
}

/* Case IV: a page that is not known makes room for itself in the directory. Returns whether that was in the cache, too. */
static inline int trim_ghosts(void) {
  const struct queue *once = &queues[ONCE];
  const struct queue *again = &queues[AGAIN];
  const int32_t first = once->resident + once->ghosts;
  if (once->resident >= capacity) {
    forget_from(ONCE);
    return 1;
  }
  if (first >= capacity) drop_ghost(ONCE);
  else if (first + again->resident + again->ghosts >= 2 * capacity) drop_ghost(AGAIN);
  return 0;
}

static void come_in(int of, int32_t stamp, int32_t id, int full) {
  if (of < 0) {
    if (!trim_ghosts() && full) evict(of);
    put(ONCE, id);
    return;
  }
  adapt(of);
  leave_ghosts(of, stamp);
  if (full) evict(of);
  put(AGAIN, id);
}
