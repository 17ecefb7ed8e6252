/*
 * Segmented LRU with four equal segments: a hit moves a page up one segment, overflow cascades down, and the lowest
 * segment, which also holds what four does not divide, gives up pages.
 */
#include "lists.h"

static struct lists lists;

#define SEGMENTS 4

static uint8_t *segment_of;
static int32_t size[SEGMENTS];
static int32_t limit;

static void start(void) {
  start_lists(&lists, SEGMENTS);
  segment_of = state(count, 1);
  memset(size, 0, sizeof size);
  limit = capacity / SEGMENTS;
}

static void put(int segment, int32_t id) {
  add_head(&lists, segment, id);
  segment_of[id] = segment;
  size[segment]++;
}

static void leave(int segment, int32_t id) {
  take_off(&lists, id);
  size[segment]--;
}

static void touch(int32_t id) {
  int segment = segment_of[id];
  leave(segment, id);
  if (segment < SEGMENTS - 1) segment++;
  put(segment, id);
  for (; segment > 0 && size[segment] > limit; segment--) {
    const int32_t cold = tail(&lists, segment);
    leave(segment, cold);
    put(segment - 1, cold);
  }
}

static void miss(int32_t id) { (void)id; }

static int32_t evict(void) {
  int segment = 0;
  while (size[segment] == 0) segment++;
  victims[0] = tail(&lists, segment);
  leave(segment, victims[0]);
  return 1;
}

static void insert(int32_t id) {
  for (int segment = 0; segment < SEGMENTS; segment++) {
    if (size[segment] < limit) {
      put(segment, id);
      return;
    }
  }
  put(0, id);
}
