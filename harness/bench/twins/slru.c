/*
 * Segmented LRU with equal segments, four by default: a hit moves a page up one segment, overflow cascades down, and the lowest
 * segment gives up pages. What they do not divide is room for new pages of the lowest segment, until a page that is
 * passed down to it takes it away. A cache of fewer pages than segments has as many segments. Parameter: segments.
 */
#define GIVES_UP_AT_TOUCH 1
#include "placed.h"

enum { LOWEST = 1 };

static int top;
static int32_t share;

static int32_t wanted_segments(void) { return (int32_t)parameter(0, 4); }

static void lay_out(void) { lay_out_placed(wanted_segments()); }

static void start(void) {
  const int32_t wanted = wanted_segments();
  const int32_t segments = capacity < wanted ? capacity : wanted;
  start_placed();
  share = capacity / segments;
  top = LOWEST + segments - 1;
}

static void pass_down(int from) {
  for (int list = from; list > LOWEST; list--) {
    if (size[list] <= share) return;
    to_head(list - 1, tail(&lists, list));
  }
  while (size[LOWEST] > share) {
    resident[take_tail(LOWEST)] = 0;
    given_up++;
  }
}

static void touch(int32_t id) {
  const int from = place_of(id);
  if (from == top) {
    to_head(top, id);
    return;
  }
  to_head(from + 1, id);
  pass_down(from + 1);
}

static void miss(int32_t id) { (void)id; }

static int32_t evict(void) {
  int list = LOWEST;
  while (size[list] == 0) list++;
  victims[0] = take_tail(list);
  return 1;
}

static void insert(int32_t id) {
  int list = LOWEST;
  while (list <= top && size[list] >= share) list++;
  put(list > top ? LOWEST : list, id);
}
