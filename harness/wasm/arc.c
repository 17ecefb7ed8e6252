/*
 * ARC: pages used once and pages used again, each in the order of their stamps, ghosts before resident ones: a page that is
 * evicted is the oldest resident one of its queue, and so its newest ghost. Hits on ghosts move the target size of the first
 * queue, which is a real number.
 */
#include "stamps.h"

enum { ONCE = 0, AGAIN = 1 };

struct queue {
  struct stamps stamps;
  /* Pages of earlier stamps are forgotten; of those from here on, those of stamps before `resident_from` are ghosts. */
  int32_t ghosts_from;
  int32_t resident_from;
  int32_t ghosts;
  int32_t resident;
};

static struct queue queues[2];
/* By id: twice the stamp, and the queue; -1 of none. */
static int32_t *place_of;
static double target;

static int32_t at_most(int64_t pages) { return count < pages ? count : (int32_t)pages; }

static void lay_out(void) {
  place_of = by_id(0, sizeof(int32_t), -1);
  lay_out_stamps(&queues[ONCE].stamps, at_most(capacity));
  lay_out_stamps(&queues[AGAIN].stamps, at_most(2 * (int64_t)capacity));
}

static void start(void) {
  for (int at = ONCE; at <= AGAIN; at++) {
    struct queue *q = &queues[at];
    q->stamps.next = q->ghosts_from = q->resident_from = q->ghosts = q->resident = 0;
  }
  target = 0;
}

static void renumber(void) {
  for (int at = ONCE; at <= AGAIN; at++) count_earlier(&queues[at].stamps, queues[at].ghosts_from);
  for (int32_t id = 0; id < count; id++) {
    const int32_t place = place_of[id];
    const struct queue *q = &queues[place & 1];
    const int32_t stamp = place >> 1;
    place_of[id] =
        stamp < q->ghosts_from ? -1 : 2 * renumbered(&q->stamps, stamp, q->ghosts_from) + (place & 1);
  }
  for (int at = ONCE; at <= AGAIN; at++) {
    struct queue *q = &queues[at];
    start_again(&q->stamps, q->ghosts + q->resident);
    q->ghosts_from = 0;
    q->resident_from = q->ghosts;
  }
}

static inline void put(int at, int32_t id) {
  struct queue *q = &queues[at];
  place_of[id] = 2 * q->stamps.next++ + at;
  q->resident++;
}

static inline void drop_ghost(struct queue *q) {
  q->ghosts_from = first_from(&q->stamps, q->ghosts_from) + 1;
  q->ghosts--;
}

/* The oldest resident page is its queue's newest ghost. */
static inline void evict_from(struct queue *q) {
  q->resident_from = first_from(&q->stamps, q->resident_from) + 1;
  q->resident--;
  q->ghosts++;
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

/* `of_again`: for a ghost of that queue. */
static inline void evict(int of_again) {
  const struct queue *once = &queues[ONCE];
  const int beyond =
      once->resident > target || (once->resident == target && of_again) || queues[AGAIN].resident == 0;
  evict_from(&queues[once->resident > 0 && beyond ? ONCE : AGAIN]);
}

/* Case IV: a page that is not known makes room for itself, also in the directory. */
static inline void make_room(int full) {
  struct queue *once = &queues[ONCE];
  struct queue *again = &queues[AGAIN];
  const int32_t first = once->resident + once->ghosts;
  if (once->resident >= capacity) {
    /* The first queue fills the cache: its oldest page goes, and there are no ghosts before it. */
    evict_from(once);
    drop_ghost(once);
    return;
  }
  if (first >= capacity) drop_ghost(once);
  else if (first + again->resident + again->ghosts >= 2 * capacity) drop_ghost(again);
  if (full) evict(0);
}

static inline void come_back(int of, int32_t stamp, int full) {
  struct queue *q = &queues[of];
  adapt(of);
  go_on(&q->stamps, stamp);
  q->ghosts--;
  if (full) evict(of == AGAIN);
}

static inline int32_t use(int32_t id, int32_t cached) {
  const int of = place_of[id] & 1;
  const int32_t stamp = place_of[id] >> 1;
  struct queue *q = &queues[of];
  if (stamp >= q->resident_from) {
    go_on(&q->stamps, stamp);
    q->resident--;
    put(AGAIN, id);
    return 0;
  }
  if (stamp >= q->ghosts_from) {
    come_back(of, stamp, cached >= capacity);
    put(AGAIN, id);
  } else {
    make_room(cached >= capacity);
    put(ONCE, id);
  }
  return 1;
}

static int32_t replay(const int32_t *ids, int32_t length, int32_t *pages) {
  int32_t misses = 0;
  for (int32_t from = 0; from < length; from += AHEAD) {
    const int32_t to = from + AHEAD < length ? from + AHEAD : length;
    if (stamps_left(&queues[ONCE].stamps) < AHEAD || stamps_left(&queues[AGAIN].stamps) < AHEAD) renumber();
    load_ahead(place_of, ids + from, to - from);
    for (int32_t i = from; i < to; i++) misses += use(ids[i], queues[ONCE].resident + queues[AGAIN].resident);
  }
  *pages = queues[ONCE].resident + queues[AGAIN].resident;
  return misses;
}
