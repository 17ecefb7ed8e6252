/*
 * 2Q: new pages go through a FIFO of a quarter; those it gives up leave ghosts, up to half the cache, and come back to
 * an LRU of the rest.
 */
#include "lists.h"

static struct lists lists;

enum { IN, OUT, AM, QUEUES };

static uint8_t *place;
static int32_t size[QUEUES];
static int32_t in_limit;
static int32_t out_limit;
static int to_am;

static void start(void) {
  start_lists(&lists, QUEUES);
  place = state(count, 1);
  memset(size, 0, sizeof size);
  in_limit = capacity / 4;
  out_limit = capacity / 2;
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
  if (place[id] != AM) return;
  take_off(&lists, id);
  add_head(&lists, AM, id);
}

static void miss(int32_t id) {
  to_am = on_list(&lists, id);
  if (to_am) leave(OUT, id);
}

static int32_t evict(void) {
  const int queue = size[IN] > in_limit || size[AM] == 0 ? IN : AM;
  const int32_t id = tail(&lists, queue);
  leave(queue, id);
  if (queue == IN && out_limit > 0) {
    if (size[OUT] >= out_limit) leave(OUT, tail(&lists, OUT));
    put(OUT, id);
  }
  victims[0] = id;
  return 1;
}

static void insert(int32_t id) { put(to_am ? AM : IN, id); }
