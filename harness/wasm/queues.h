/*
 * Two queues of pages, each in the order of their stamps, ghosts before resident ones: a page that is evicted is the oldest
 * resident one of its queue, and so its newest ghost.
 */
#ifndef QUEUES_H
#define QUEUES_H

#include "stamps.h"

/* Pages used once, and pages used again. */
enum { ONCE = 0, AGAIN = 1, QUEUES };

struct queue {
  struct stamps stamps;
  /* Pages of earlier stamps are forgotten; of those from here on, those of stamps before `resident_from` are ghosts. */
  int32_t ghosts_from;
  int32_t resident_from;
  int32_t ghosts;
  int32_t resident;
};

static struct queue queues[QUEUES];
/* By id: twice the stamp, and the queue; -1 of none. */
static int32_t *place_of;

static inline void lay_out_queues(void) {
  place_of = by_id(0, sizeof(int32_t), -1);
  for (int of = 0; of < QUEUES; of++) lay_out_stamps(&queues[of].stamps);
}

static inline void start_queues(void) {
  for (int of = 0; of < QUEUES; of++) {
    struct queue *q = &queues[of];
    q->stamps.next = q->ghosts_from = q->resident_from = q->ghosts = q->resident = 0;
  }
}

static void renumber_queues(void) {
  for (int of = 0; of < QUEUES; of++) count_earlier(&queues[of].stamps, queues[of].ghosts_from);
  for (int32_t id = 0; id < count; id++) {
    const int of = place_of[id] & 1;
    const int32_t stamp = place_of[id] >> 1;
    const struct queue *q = &queues[of];
    place_of[id] = stamp < q->ghosts_from ? -1 : 2 * renumbered(&q->stamps, stamp, q->ghosts_from) + of;
  }
  for (int of = 0; of < QUEUES; of++) {
    struct queue *q = &queues[of];
    start_again(&q->stamps, q->ghosts + q->resident);
    q->ghosts_from = 0;
    q->resident_from = q->ghosts;
  }
}

static inline int32_t resident_pages(void) { return queues[ONCE].resident + queues[AGAIN].resident; }

/* A page comes in, as the newest one of a queue. */
static inline void put(int of, int32_t id) {
  struct queue *q = &queues[of];
  place_of[id] = 2 * q->stamps.next++ + of;
  q->resident++;
}

/* A resident page goes on to another place. */
static inline void leave(int of, int32_t stamp) {
  go_on(&queues[of].stamps, stamp);
  queues[of].resident--;
}

static inline void leave_ghosts(int of, int32_t stamp) {
  go_on(&queues[of].stamps, stamp);
  queues[of].ghosts--;
}

static inline void drop_ghost(int of) {
  struct queue *q = &queues[of];
  q->ghosts_from = first_from(&q->stamps, q->ghosts_from) + 1;
  q->ghosts--;
}

static inline void evict_from(int of) {
  struct queue *q = &queues[of];
  q->resident_from = first_from(&q->stamps, q->resident_from) + 1;
  q->resident--;
  q->ghosts++;
}

/* A page of a queue without ghosts is evicted, and leaves none. */
static inline void forget_from(int of) {
  evict_from(of);
  drop_ghost(of);
}

/*
 * What the policy does: a resident page of a queue is used; or one that is not resident comes in, `of` the queue that it is a
 * ghost of, or -1. `full`: another page has to go.
 */
static void use(int of, int32_t stamp, int32_t id);
static void come_in(int of, int32_t stamp, int32_t id, int full);

static int32_t replay(const int32_t *ids, int32_t length, int32_t *pages) {
  int32_t misses = 0;
  for (int32_t from = 0; from < length; from += AHEAD) {
    const int32_t to = from + AHEAD < length ? from + AHEAD : length;
    if (stamps_left(&queues[ONCE].stamps) < AHEAD || stamps_left(&queues[AGAIN].stamps) < AHEAD) renumber_queues();
    load_ahead(place_of, ids + from, to - from);
    for (int32_t i = from; i < to; i++) {
      const int32_t id = ids[i];
      const int of = place_of[id] & 1;
      const int32_t stamp = place_of[id] >> 1;
      const struct queue *q = &queues[of];
      if (stamp >= q->resident_from) {
        use(of, stamp, id);
        continue;
      }
      misses++;
      come_in(stamp >= q->ghosts_from ? of : -1, stamp, id, resident_pages() >= capacity);
    }
  }
  *pages = resident_pages();
  return misses;
}

#endif
