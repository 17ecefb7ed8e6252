/* SIEVE: pages come in at the head and stay in place; a hand goes from the tail to newer pages and clears bits. */
#include "lists.h"

static struct lists lists;

static uint8_t *used;
/* Where the next search starts; -1: at the tail. */
static int32_t hand;

static void start(void) {
  start_lists(&lists, 1);
  used = state(count, 1);
  hand = -1;
}

static void touch(int32_t id) { used[id] = 1; }

static void miss(int32_t id) { (void)id; }

static int32_t evict(void) {
  int32_t id = hand < 0 ? tail(&lists, 0) : hand;
  while (used[id]) {
    used[id] = 0;
    id = newer_page(&lists, id);
    if (id < 0) id = tail(&lists, 0);
  }
  hand = newer_page(&lists, id);
  take_off(&lists, id);
  victims[0] = id;
  return 1;
}

static void insert(int32_t id) {
  used[id] = 0;
  add_head(&lists, 0, id);
}
