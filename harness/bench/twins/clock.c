/* CLOCK with one bit: at the tail a page that was used loses its bit and goes to the head. */
#include "lists.h"

static struct lists lists;

static uint8_t *used;

static void start(void) {
  start_lists(&lists, 1);
  used = state(count, 1);
}

static void touch(int32_t id) { used[id] = 1; }

static void miss(int32_t id) { (void)id; }

static int32_t evict(void) {
  int32_t id = tail(&lists, 0);
  for (; used[id]; id = tail(&lists, 0)) {
    used[id] = 0;
    take_off(&lists, id);
    add_head(&lists, 0, id);
  }
  take_off(&lists, id);
  victims[0] = id;
  return 1;
}

static void insert(int32_t id) {
  used[id] = 0;
  add_head(&lists, 0, id);
}
