/*
 * Lists of pages, resident ones and ghosts, that know where each page is and how long each list is: a byte a page, as
 * in harness/policy/reclaim/placed-lists.ts. Lists are numbered from 1; bits from OWN_BIT on are the policy's, and 0
 * after each move.
 */
#ifndef PLACED_H
#define PLACED_H

#include "lists.h"

enum { NOWHERE = 0, MOST_LISTS = 12, PLACE = 15, OWN_BIT = 16 };

static struct lists lists;
static uint8_t *flags_of;
static int32_t size[MOST_LISTS];

/* `last`: the highest number of a list. */
static inline void lay_out_placed(int32_t last) {
  lay_out_lists(&lists, last + 1);
  flags_of = by_id(0, 1, 0);
}

static inline void start_placed(void) {
  start_lists(&lists);
  for (int list = 0; list < MOST_LISTS; list++) size[list] = 0;
}

static inline int place_of(int32_t id) { return flags_of[id] & PLACE; }

static inline void put(int list, int32_t id) {
  add_head(&lists, list, id);
  size[list]++;
  flags_of[id] = (uint8_t)list;
}

static inline void leave(int32_t id) {
  const int list = place_of(id);
  take_off(&lists, id);
  size[list]--;
  flags_of[id] = NOWHERE;
}

static inline void to_head(int list, int32_t id) {
  leave(id);
  put(list, id);
}

/* Takes the oldest page off a list that is not empty. */
static inline int32_t take_tail(int list) {
  const int32_t id = tail(&lists, list);
  leave(id);
  return id;
}

/* Drops the oldest pages of a list until it has `most` at most. */
static inline void trim(int list, int32_t most) {
  while (size[list] > most) leave(tail(&lists, list));
}

#endif
