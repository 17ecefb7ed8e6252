/*
 * ARC: pages used once and pages used again, each with a list of ghosts; hits on ghosts move the target size p of the
 * first list. p is a real number.
 */
#include "lists.h"

static struct lists lists;

enum { T1, T2, B1, B2, QUEUES };

static uint8_t *place;
static int32_t size[QUEUES];
static double p;
/* The page that comes in was a ghost, and of which list; -1: of none. */
static int ghost;
/* The first list fills the cache: its oldest page goes without a ghost. */
static int forget;

static void start(void) {
  start_lists(&lists, QUEUES);
  place = state(count, 1);
  memset(size, 0, sizeof size);
  p = 0;
}

static void put(int queue, int32_t id) {
  add_head(&lists, queue, id);
  place[id] = queue;
  size[queue]++;
}

static void leave(int queue, int32_t id) {
  take_off(&lists, id);
  size[queue]--;
}

static void touch(int32_t id) {
  leave(place[id], id);
  put(T2, id);
}

static double at_least_1(double x) { return x > 1 ? x : 1; }

static void adapt(void) {
  if (ghost == B1) {
    p += at_least_1((double)size[B2] / size[B1]);
    if (p > capacity) p = capacity;
  } else {
    p -= at_least_1((double)size[B1] / size[B2]);
    if (p < 0) p = 0;
  }
}

static void miss(int32_t id) {
  forget = 0;
  ghost = on_list(&lists, id) ? place[id] : -1;
  if (ghost >= 0) {
    adapt();
    leave(ghost, id);
    return;
  }
  const int32_t first = size[T1] + size[B1];
  if (first >= capacity) {
    if (size[T1] < capacity) leave(B1, tail(&lists, B1));
    else forget = 1;
  } else if (first + size[T2] + size[B2] >= 2 * capacity) {
    leave(B2, tail(&lists, B2));
  }
}

static int32_t evict(void) {
  int32_t id;
  if (forget) {
    id = tail(&lists, T1);
    leave(T1, id);
  } else {
    const int from_first = size[T1] > 0 && (size[T1] > p || (size[T1] == p && ghost == B2) || size[T2] == 0);
    const int queue = from_first ? T1 : T2;
    id = tail(&lists, queue);
    leave(queue, id);
    put(from_first ? B1 : B2, id);
  }
  victims[0] = id;
  return 1;
}

static void insert(int32_t id) { put(ghost >= 0 ? T2 : T1, id); }
