/*
 * LFU with counts of the time in the cache; among pages of the same count the first to reach it goes. A list for each
 * count that some page has, the lists linked in the order of their counts.
 */
#include "lists.h"

static struct lists lists;

/* Lists by number; 0 is the sentinel of their chain. */
static int32_t *uses;
static int32_t *more;
static int32_t *fewer;
static int32_t *pages;
static int32_t *list_of;
/* Lists that are not in the chain. */
static int32_t *spare;
static int32_t spares;

static void start(void) {
  const int32_t most = capacity + 2;
  start_lists(&lists, most);
  uses = state(most, sizeof(int32_t));
  more = state(most, sizeof(int32_t));
  fewer = state(most, sizeof(int32_t));
  pages = state(most, sizeof(int32_t));
  spare = state(most, sizeof(int32_t));
  list_of = state(count, sizeof(int32_t));
  spares = 0;
  for (int32_t list = most - 1; list > 0; list--) spare[spares++] = list;
}

/* The list for a count, which comes right after `before` in the chain. */
static int32_t list_after(int32_t before, int32_t wanted) {
  const int32_t next = more[before];
  if (next != 0 && uses[next] == wanted) return next;
  const int32_t list = spare[--spares];
  uses[list] = wanted;
  more[list] = next;
  fewer[list] = before;
  more[before] = list;
  fewer[next] = list;
  return list;
}

static void put(int32_t list, int32_t id) {
  add_head(&lists, list, id);
  list_of[id] = list;
  pages[list]++;
}

static void leave(int32_t id) {
  const int32_t list = list_of[id];
  take_off(&lists, id);
  if (--pages[list] > 0) return;
  more[fewer[list]] = more[list];
  fewer[more[list]] = fewer[list];
  spare[spares++] = list;
}

static void touch(int32_t id) {
  const int32_t list = list_of[id];
  const int32_t next = list_after(list, uses[list] + 1);
  leave(id);
  put(next, id);
}

static void miss(int32_t id) { (void)id; }

static int32_t evict(void) {
  victims[0] = tail(&lists, more[0]);
  leave(victims[0]);
  return 1;
}

static void insert(int32_t id) { put(list_after(0, 1), id); }
