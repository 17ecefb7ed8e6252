/*
 * S3-FIFO: a small queue of a tenth, a main queue, and a ghost queue of nine tenths. A page used twice in the small
 * queue goes to the main one; others leave a ghost, and come back to the main queue.
 */
#include "lists.h"

static struct lists lists;

enum { SMALL, MAIN, GHOST, QUEUES };
#define THRESHOLD 2
#define MOST_USES 3

static uint8_t *place;
static uint8_t *uses;
static int32_t size[QUEUES];
static int32_t main_limit;
static int32_t ghost_limit;
static int to_main;

static void start(void) {
  start_lists(&lists, QUEUES);
  place = state(count, 1);
  uses = state(count, 1);
  memset(size, 0, sizeof size);
  main_limit = capacity - capacity / 10;
  ghost_limit = (int32_t)((int64_t)capacity * 9 / 10);
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
  if (uses[id] < MOST_USES) uses[id]++;
}

/* A page that is not resident is on a list only as a ghost. */
static void miss(int32_t id) {
  to_main = on_list(&lists, id);
  if (to_main) leave(GHOST, id);
}

static void remember(int32_t id) {
  if (ghost_limit == 0) return;
  if (size[GHOST] >= ghost_limit) leave(GHOST, tail(&lists, GHOST));
  put(GHOST, id);
}

static int32_t evict_small(void) {
  while (size[SMALL] > 0) {
    const int32_t id = tail(&lists, SMALL);
    leave(SMALL, id);
    if (uses[id] < THRESHOLD) {
      remember(id);
      return id;
    }
    uses[id] = 0;
    put(MAIN, id);
  }
  return -1;
}

static int32_t evict_main(void) {
  for (;;) {
    const int32_t id = tail(&lists, MAIN);
    leave(MAIN, id);
    if (uses[id] == 0) return id;
    uses[id]--;
    put(MAIN, id);
  }
}

static int32_t evict(void) {
  int32_t id = -1;
  if (size[MAIN] <= main_limit && size[SMALL] > 0) id = evict_small();
  victims[0] = id < 0 ? evict_main() : id;
  return 1;
}

static void insert(int32_t id) {
  uses[id] = 0;
  put(to_main ? MAIN : SMALL, id);
}
