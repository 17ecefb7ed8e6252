/*
 * LIRS: pages with short reuse distances (LIR) keep nearly the whole cache; the others (HIR) pass through a queue of a
 * hundredth. A stack orders pages by last use down to the last LIR page; it also remembers HIR pages that have gone. A
 * page is LIR when it is on the stack and on no list. Parameters: hir, variant (0: as libCacheSim has it; 1: as the authors).
 */
#define GIVES_UP_AT_TOUCH 1
#include "placed.h"

enum { QUEUE = 1, GONE };

static struct lists stack;
static int32_t stack_pages;
static int32_t lir_pages;
static int32_t most_lir;
static int32_t most_queued;
static int returning;
/* Whose variant; the page used last matters to that of the authors. */
static int authors;
static int32_t last;

static void lay_out(void) {
  lay_out_placed(GONE);
  lay_out_lists(&stack, 1);
}

static void start(void) {
  start_placed();
  start_lists(&stack);
  stack_pages = 0;
  lir_pages = 0;
  authors = parameter(1, 0) != 0;
  last = -1;
  most_queued = share_of(parameter(0, 0.01));
  if (most_queued < 1 + authors) most_queued = 1 + authors;
  most_lir = at_least_1(capacity - most_queued);
}

static void push(int32_t id) {
  add_head(&stack, 0, id);
  stack_pages++;
}

static void pull(int32_t id) {
  take_off(&stack, id);
  stack_pages--;
}

/* Takes pages off the bottom of the stack until it is a LIR page. */
static void prune(void) {
  for (int32_t id = tail(&stack, 0); id >= 0; id = tail(&stack, 0)) {
    const int list = place_of(id);
    if (list == NOWHERE) return;
    pull(id);
    if (list == GONE) leave(id);
  }
}

/* Where the stack grows too long, the pages that went first are forgotten. */
static void limit_stack(void) {
  if (authors) return;
  while (stack_pages > 2 * capacity && size[GONE] > 0) pull(take_tail(GONE));
}

/* The LIR page at the bottom of the stack joins the queue. */
static void demote_oldest(void) {
  prune();
  const int32_t id = tail(&stack, 0);
  pull(id);
  lir_pages--;
  put(QUEUE, id);
  prune();
}

static void promote(int32_t id) {
  leave(id);
  take_off(&stack, id);
  add_head(&stack, 0, id);
  lir_pages++;
  while (lir_pages > most_lir) demote_oldest();
}

/* The oldest page of the queue goes; it is remembered while it is on the stack. */
static int32_t take_queued(void) {
  const int32_t id = take_tail(QUEUE);
  if (on_list(&stack, id)) put(GONE, id);
  return id;
}

/* As libCacheSim has it: a LIR page joins the queue though the page does not leave it, and the queue's oldest goes. */
static void hit_in_queue(int32_t id) {
  int beyond = 0;
  to_head(QUEUE, id);
  if (!authors && lir_pages >= most_lir) {
    demote_oldest();
    beyond = size[QUEUE] > most_queued && tail(&lists, QUEUE) != id;
  }
  push(id);
  limit_stack();
  if (!beyond) return;
  resident[take_queued()] = 0;
  given_up++;
}

static void touch(int32_t id) {
  if (authors && id == last) return;
  last = id;
  if (place_of(id) == NOWHERE) {
    take_off(&stack, id);
    add_head(&stack, 0, id);
    prune();
  } else if (on_list(&stack, id)) {
    promote(id);
    limit_stack();
  } else {
    hit_in_queue(id);
  }
}

static void miss(int32_t id) {
  returning = place_of(id) == GONE;
  if (!returning) return;
  leave(id);
  pull(id);
  while (lir_pages >= most_lir) demote_oldest();
}

static int32_t evict(void) {
  if (size[QUEUE] == 0) demote_oldest();
  victims[0] = take_queued();
  return 1;
}

static void insert(int32_t id) {
  last = id;
  push(id);
  if (returning || lir_pages < most_lir) lir_pages++;
  else put(QUEUE, id);
  limit_stack();
}
