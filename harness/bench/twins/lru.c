/* Exact least recently used: every touch moves a page to the head. */
#include "lists.h"

static struct lists lists;

static void lay_out(void) { lay_out_lists(&lists, 1); }

static void start(void) { start_lists(&lists); }

static void touch(int32_t id) {
  take_off(&lists, id);
  add_head(&lists, 0, id);
}

static void miss(int32_t id) { (void)id; }

static int32_t evict(void) {
  victims[0] = tail(&lists, 0);
  take_off(&lists, victims[0]);
  return 1;
}

static void insert(int32_t id) { add_head(&lists, 0, id); }
