/*
 * 2Q: new pages go through a FIFO of a quarter; those it gives up leave ghosts, up to half the cache, and come back to
 * an LRU of the rest. Parameters: kin, kout.
 */
#include "placed.h"

enum { A1IN = 1, AM, A1OUT };

static int32_t in_pages;
static int32_t out_pages;
static int returning;

static void lay_out(void) { lay_out_placed(A1OUT); }

static void start(void) {
  const double kout = parameter(1, 0.5);
  start_placed();
  in_pages = at_least_1(share_of(parameter(0, 0.25)));
  out_pages = kout > 0 ? at_least_1(share_of(kout)) : 0;
}

static void touch(int32_t id) {
  if (place_of(id) == AM) to_head(AM, id);
}

static void miss(int32_t id) {
  returning = place_of(id) == A1OUT;
  if (returning) leave(id);
}

static int32_t evict(void) {
  if (size[A1IN] <= in_pages && size[AM] > 0) {
    victims[0] = take_tail(AM);
    return 1;
  }
  victims[0] = take_tail(A1IN);
  put(A1OUT, victims[0]);
  trim(A1OUT, out_pages);
  return 1;
}

static void insert(int32_t id) { put(returning ? AM : A1IN, id); }
