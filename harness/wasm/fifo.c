/* First in, first out. */
#include "ring.h"

static void lay_out(void) { lay_out_ring(); }

static void start(void) { start_ring(); }

static void touch(int32_t id) { (void)id; }

static void miss(int32_t id) { (void)id; }

static int32_t evict(void) {
  victims[0] = ring[place];
  return 1;
}

static void insert(int32_t id) { put_in(id); }
