/*
 * LIRS: pages with short reuse distances (LIR) keep nearly the whole cache; the others (HIR) pass through a queue of a
 * hundredth. A stack orders pages by last use down to the last LIR page; it also remembers HIR pages that have gone.
 */
#include "lists.h"

/* Lists of `waiting`: resident HIR pages, and those that have gone and are remembered on the stack. */
enum { QUEUE, GONE };

static struct lists stack;
static struct lists waiting;
static uint8_t *lir;
static int32_t lir_pages;
static int32_t lir_limit;
static int32_t stacked;

static void start(void) {
  const int32_t hir = capacity / 100 > 1 ? capacity / 100 : 1;
  start_lists(&stack, 1);
  start_lists(&waiting, 2);
  lir = state(count, 1);
  lir_pages = 0;
  lir_limit = capacity - hir;
  stacked = 0;
}

static void off_stack(int32_t id) {
  take_off(&stack, id);
  stacked--;
}

/* Puts a page on top of the stack; where it grows too long, the oldest page that has gone is forgotten. */
static void to_top(int32_t id) {
  if (on_list(&stack, id)) off_stack(id);
  add_head(&stack, 0, id);
  stacked++;
}

static void limit_stack(void) {
  while (stacked > 2 * capacity) {
    const int32_t oldest = tail(&waiting, GONE);
    if (oldest < 0) return;
    take_off(&waiting, oldest);
    off_stack(oldest);
  }
}

/* The bottom of the stack is a LIR page. */
static void prune(void) {
  for (int32_t id = tail(&stack, 0); id >= 0 && !lir[id]; id = tail(&stack, 0)) {
    off_stack(id);
    if (!resident[id]) take_off(&waiting, id);
  }
}

/* The LIR page at the bottom of the stack joins the queue. */
static void demote_bottom(void) {
  const int32_t id = tail(&stack, 0);
  off_stack(id);
  lir[id] = 0;
  lir_pages--;
  add_head(&waiting, QUEUE, id);
  prune();
}

static void promote(int32_t id) {
  lir[id] = 1;
  lir_pages++;
  to_top(id);
  if (lir_pages > lir_limit) demote_bottom();
}

static void touch(int32_t id) {
  if (lir[id]) {
    to_top(id);
    prune();
    return;
  }
  if (on_list(&stack, id)) {
    take_off(&waiting, id);
    promote(id);
    return;
  }
  /* As libCacheSim has it: a LIR page makes room though the page does not become one. */
  if (lir_pages >= lir_limit && lir_pages > 0) demote_bottom();
  take_off(&waiting, id);
  add_head(&waiting, QUEUE, id);
  to_top(id);
  limit_stack();
}

static void miss(int32_t id) { (void)id; }

static int32_t evict(void) {
  const int32_t id = tail(&waiting, QUEUE);
  take_off(&waiting, id);
  if (on_list(&stack, id)) add_head(&waiting, GONE, id);
  victims[0] = id;
  return 1;
}

static void insert(int32_t id) {
  if (on_list(&stack, id)) {
    take_off(&waiting, id);
    promote(id);
  } else if (lir_pages < lir_limit) {
    promote(id);
  } else {
    add_head(&waiting, QUEUE, id);
    to_top(id);
  }
  limit_stack();
}
