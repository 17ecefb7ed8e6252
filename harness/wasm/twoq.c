/*
 * 2Q: new pages go through a FIFO of a quarter; those it gives up leave ghosts, up to half the cache, and come back to
 * an LRU of the rest. Parameters: kin, kout.
 */
#include "queues.h"

static int32_t in_pages;
static int32_t out_pages;

static void lay_out(void) { lay_out_queues(); }

static void start(void) {
  const double kout = parameter(1, 0.5);
  start_queues();
  in_pages = at_least_1(share_of(parameter(0, 0.25)));
  out_pages = kout > 0 ? at_least_1(share_of(kout)) : 0;
}

static void use(int of, int32_t stamp, int32_t id) {
  if (of == ONCE) return;
  leave(of, stamp);
  put(AGAIN, id);
}

static inline void evict(void) {
  if (queues[ONCE].resident <= in_pages && queues[AGAIN].resident > 0) {
    forget_from(AGAIN);
    return;
  }
  evict_from(ONCE);
  while (queues[ONCE].ghosts > out_pages) drop_ghost(ONCE);
}

static void come_in(int of, int32_t stamp, int32_t id, int full) {
  if (of == ONCE) leave_ghosts(of, stamp);
  if (full) evict();
  put(of == ONCE ? AGAIN : ONCE, id);
}
