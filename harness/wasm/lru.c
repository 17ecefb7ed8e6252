/* Exact least recently used: every use moves a page to the head, and gets the next stamp. */
#include "stamps.h"

static struct stamps stamps;
/* By id: the stamp of its last use, -1 of none. */
static int32_t *stamp_of;
/* The pages of earlier stamps have left. */
static int32_t oldest;

static void lay_out(void) {
  stamp_of = by_id(0, sizeof(int32_t), -1);
  lay_out_stamps(&stamps);
}

static void start(void) { stamps.next = oldest = 0; }

static void renumber(int32_t pages) {
  count_earlier(&stamps, oldest);
  for (int32_t id = 0; id < count; id++)
    stamp_of[id] = stamp_of[id] < oldest ? -1 : renumbered(&stamps, stamp_of[id], oldest);
  start_again(&stamps, pages);
  oldest = 0;
}

static int32_t replay(const int32_t *ids, int32_t length, int32_t *pages) {
  int32_t misses = 0;
  int32_t cached = *pages;
  for (int32_t from = 0; from < length; from += AHEAD) {
    const int32_t to = from + AHEAD < length ? from + AHEAD : length;
    if (stamps_left(&stamps) < AHEAD) renumber(cached);
    load_ahead(stamp_of, ids + from, to - from);
    for (int32_t i = from; i < to; i++) {
      const int32_t id = ids[i];
      const int32_t last = stamp_of[id];
      stamp_of[id] = stamps.next++;
      if (last >= oldest) {
        go_on(&stamps, last);
        continue;
      }
      misses++;
      if (cached < capacity) cached++;
      else oldest = first_from(&stamps, oldest) + 1;
    }
  }
  *pages = cached;
  return misses;
}
