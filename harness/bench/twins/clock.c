/* CLOCK with the accessed bit: at the tail a page that was used loses its bit and goes to the head. */
#define LOOKS_AT_ACCESSED 1
#include "placed.h"

enum { QUEUE = 1 };

static void start(void) { start_placed(QUEUE); }

static void touch(int32_t id) { (void)id; }

static void miss(int32_t id) { (void)id; }

static int32_t evict(void) {
  int32_t id = tail(&lists, QUEUE);
  for (; accessed[id]; id = tail(&lists, QUEUE)) {
    accessed[id] = 0;
    to_head(QUEUE, id);
  }
  leave(id);
  victims[0] = id;
  return 1;
}

static void insert(int32_t id) { put(QUEUE, id); }
