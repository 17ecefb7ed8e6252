/* SIEVE: pages come in at the head and stay in place; a hand goes from the tail to newer pages and clears bits. */
#include "placed.h"

enum { QUEUE = 1, VISITED = OWN_BIT };

/* Where the next search starts; -1: at the tail. */
static int32_t hand;

static void lay_out(void) { lay_out_placed(QUEUE); }

static void start(void) {
  start_placed();
  hand = -1;
}

static void touch(int32_t id) { flags_of[id] |= VISITED; }

static void miss(int32_t id) { (void)id; }

static int32_t evict(void) {
  int32_t id = hand < 0 ? tail(&lists, QUEUE) : hand;
  while (flags_of[id] & VISITED) {
    flags_of[id] &= ~VISITED;
    id = newer_page(&lists, id);
    if (id < 0) id = tail(&lists, QUEUE);
  }
  hand = newer_page(&lists, id);
  leave(id);
  victims[0] = id;
  return 1;
}

static void insert(int32_t id) { put(QUEUE, id); }
