/*
 * Doubly linked lists of pages by id, several over one array of links; layout and rules are those of
 * harness/policy/reclaim/page-list.ts. Node `number + id` stands for a page, node `list` for a sentinel; links[2 n] is
 * the newer neighbour (towards the head), links[2 n + 1] the older one; -1 for a page that is on no list.
 */
#ifndef LISTS_H
#define LISTS_H

#include "twin.h"

struct lists {
  int32_t *links;
  int32_t number;
};

static inline void lay_out_lists(struct lists *l, int32_t number) {
  l->number = number;
  l->links = by_id((size_t)number, 2 * sizeof(int32_t), -1);
}

static inline void start_lists(struct lists *l) {
  for (int32_t list = 0; list < l->number; list++) l->links[2 * list] = l->links[2 * list + 1] = list;
}

static inline int on_list(const struct lists *l, int32_t id) { return l->links[2 * (l->number + id)] >= 0; }

static inline void add_head(struct lists *l, int32_t list, int32_t id) {
  int32_t *links = l->links;
  const int32_t node = l->number + id;
  const int32_t older = links[2 * list + 1];
  links[2 * node] = list;
  links[2 * node + 1] = older;
  links[2 * older] = node;
  links[2 * list + 1] = node;
}

static inline void add_tail(struct lists *l, int32_t list, int32_t id) {
  int32_t *links = l->links;
  const int32_t node = l->number + id;
  const int32_t newer = links[2 * list];
  links[2 * node] = newer;
  links[2 * node + 1] = list;
  links[2 * newer + 1] = node;
  links[2 * list] = node;
}

/* Puts a page next to another one, on its newer side. */
static inline void add_newer(struct lists *l, int32_t than, int32_t id) {
  int32_t *links = l->links;
  const int32_t node = l->number + id;
  const int32_t older = l->number + than;
  const int32_t newer = links[2 * older];
  links[2 * node] = newer;
  links[2 * node + 1] = older;
  links[2 * newer + 1] = node;
  links[2 * older] = node;
}

static inline void take_off(struct lists *l, int32_t id) {
  int32_t *links = l->links;
  const int32_t node = l->number + id;
  const int32_t newer = links[2 * node];
  const int32_t older = links[2 * node + 1];
  links[2 * newer + 1] = older;
  links[2 * older] = newer;
  links[2 * node] = -1;
}

/* The oldest page of a list, -1 when it is empty. */
static inline int32_t tail(const struct lists *l, int32_t list) {
  const int32_t node = l->links[2 * list];
  return node < l->number ? -1 : node - l->number;
}

/* The next page towards the head, -1 at the head. */
static inline int32_t newer_page(const struct lists *l, int32_t id) {
  const int32_t node = l->links[2 * (l->number + id)];
  return node < l->number ? -1 : node - l->number;
}

/* The next page towards the tail, -1 at the tail. */
static inline int32_t older_page(const struct lists *l, int32_t id) {
  const int32_t node = l->links[2 * (l->number + id) + 1];
  return node < l->number ? -1 : node - l->number;
}

/* A word a policy may keep for a page while it is on no list. */
static inline int32_t *note_of(struct lists *l, int32_t id) { return &l->links[2 * (l->number + id) + 1]; }

#endif
