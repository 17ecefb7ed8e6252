/*
 * S3-FIFO: a small queue of a tenth, a main queue, and a ghost queue of nine tenths. A page used twice in the small
 * queue goes to the main one; others leave a ghost, and come back to the main queue. Resident pages are in rings, ghosts
 * have stamps. Parameters: small, ghost, threshold.
 */
#include "stamps.h"

/* Where a page is, in the lowest bits of its word; then its uses, or the stamp of a ghost. */
enum { NOWHERE = 0, SMALL, MAIN, GHOST, PLACE = 3, SHIFT = 2, USE = 1 << SHIFT, MOST_USES = 3 };

/* Pages of a queue: the next one comes in at `head`. */
struct ring {
  int32_t *ids;
  int32_t head;
  int32_t tail;
  int32_t size;
};

static struct ring rings[MAIN + 1];
/* By id. */
static uint32_t *word_of;
static struct stamps stamps;
/* Ghosts of earlier stamps are forgotten. */
static int32_t ghosts_from;
static int32_t ghosts;
static int32_t main_pages;
static int32_t ghost_pages;
static uint32_t threshold;

static void lay_out(void) {
  word_of = by_id(0, sizeof(uint32_t), 0);
  /* Until the cache is full no page leaves, and no place is used a second time. */
  for (int of = SMALL; of <= MAIN; of++) rings[of].ids = by_place(sizeof(int32_t));
  lay_out_stamps(&stamps);
}

static void start(void) {
  const double ghost = parameter(1, 0.9);
  for (int of = SMALL; of <= MAIN; of++) rings[of].head = rings[of].tail = rings[of].size = 0;
  stamps.next = ghosts_from = ghosts = 0;
  main_pages = capacity - at_least_1(share_of(parameter(0, 0.1)));
  ghost_pages = ghost > 0 ? at_least_1(share_of(ghost)) : 0;
  threshold = (uint32_t)parameter(2, 2);
}

static inline int32_t after(int32_t place) { return place + 1 == capacity ? 0 : place + 1; }

static inline void put(int of, int32_t id, uint32_t uses) {
  struct ring *ring = &rings[of];
  ring->ids[ring->head] = id;
  ring->head = after(ring->head);
  ring->size++;
  word_of[id] = (uint32_t)of | uses << SHIFT;
}

static inline int32_t take_tail(int of) {
  struct ring *ring = &rings[of];
  const int32_t id = ring->ids[ring->tail];
  ring->tail = after(ring->tail);
  ring->size--;
  return id;
}

static inline void leave_ghost(int32_t id) {
  word_of[id] = GHOST | (uint32_t)stamps.next++ << SHIFT;
  if (ghosts < ghost_pages) ghosts++;
  else ghosts_from = first_from(&stamps, ghosts_from) + 1;
}

/* Returns 0 when all pages of the small queue have moved to the main one. */
static inline int evict_from_small(void) {
  while (rings[SMALL].size > 0) {
    const int32_t id = take_tail(SMALL);
    if (word_of[id] >> SHIFT < threshold) {
      leave_ghost(id);
      return 1;
    }
    put(MAIN, id, 0);
  }
  return 0;
}

static inline void evict_from_main(void) {
  int32_t id = take_tail(MAIN);
  for (; word_of[id] >= USE; id = take_tail(MAIN)) put(MAIN, id, (word_of[id] >> SHIFT) - 1);
  word_of[id] = NOWHERE;
}

static inline void evict(void) {
  if (rings[MAIN].size <= main_pages && evict_from_small()) return;
  evict_from_main();
}

static inline void come_in(int32_t id, int full) {
  const int32_t stamp = (int32_t)(word_of[id] >> SHIFT);
  const int returning = (word_of[id] & PLACE) == GHOST && stamp >= ghosts_from;
  if (returning) {
    go_on(&stamps, stamp);
    ghosts--;
  }
  if (full) evict();
  put(returning ? MAIN : SMALL, id, 0);
}

static void renumber(void) {
  count_earlier(&stamps, ghosts_from);
  for (int32_t id = 0; id < count; id++) {
    if ((word_of[id] & PLACE) != GHOST) continue;
    const int32_t stamp = (int32_t)(word_of[id] >> SHIFT);
    word_of[id] =
        stamp < ghosts_from ? NOWHERE : GHOST | (uint32_t)renumbered(&stamps, stamp, ghosts_from) << SHIFT;
  }
  start_again(&stamps, ghosts);
  ghosts_from = 0;
}

static int32_t replay(const int32_t *ids, int32_t length, int32_t *pages) {
  int32_t misses = 0;
  int32_t cached = *pages;
  for (int32_t from = 0; from < length; from += AHEAD) {
    const int32_t to = from + AHEAD < length ? from + AHEAD : length;
    if (stamps_left(&stamps) < AHEAD) renumber();
    load_ahead((const int32_t *)word_of, ids + from, to - from);
    for (int32_t i = from; i < to; i++) {
      const int32_t id = ids[i];
      const uint32_t word = word_of[id];
      if ((word & PLACE) == SMALL || (word & PLACE) == MAIN) {
        if (word >> SHIFT < MOST_USES) word_of[id] = word + USE;
        continue;
      }
      misses++;
      come_in(id, cached == capacity);
      if (cached < capacity) cached++;
    }
  }
  *pages = cached;
  return misses;
}
