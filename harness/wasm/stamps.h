/*
 * Pages in the order of their last move to the head, without a list. Each move gets the next stamp, a page has the stamp of
 * its last one, and a bit of each stamp says that its page has gone on, to a later stamp or out. So a move reads and writes
 * one word of its page, where a list writes those of three or four neighbours, and the oldest page is the next bit that is
 * not set. No one asks which page that is: one with a stamp below the oldest has left.
 *
 * When the stamps are used up, those that pages still have are numbered from 0 on again, in the same order.
 */
#ifndef STAMPS_H
#define STAMPS_H

/* A policy with stamps has a loop of its own: what is resident is what has a stamp that is late enough. */
#define OWN_REPLAY 1
#include "../bench/twins/twin.h"

/* A word of bits, and its stamps. */
enum { WORD_STAMPS = 64, WORD_SHIFT = 6 };
/* Stamps for each id, and at least: of these a page has one at most, and renumbering, which looks at every id, is seldom. */
enum { STAMPS_AN_ID = 5, LEAST_STAMPS = 1 << 16 };
/* With a bit beside them stamps are an int32. Fewer ids than that fit into 4 GiB: after renumbering there are always some left. */
#define MOST_STAMPS ((int64_t)1 << 30)

/* Requests whose words are loaded before they are looked at: these stay within the first cache. */
enum { AHEAD = 128 };

struct stamps {
  /* A bit a stamp: its page has gone on. */
  uint64_t *gone;
  /* By word of `gone`, while stamps are renumbered: pages with earlier stamps. */
  int32_t *earlier;
  /* The next stamp, and how many there are. */
  int32_t next;
  int32_t limit;
};

static inline void lay_out_stamps(struct stamps *s) {
  const int64_t wanted = STAMPS_AN_ID * (int64_t)count + LEAST_STAMPS;
  const int64_t stamps = (wanted < MOST_STAMPS ? wanted : MOST_STAMPS) & -(int64_t)WORD_STAMPS;
  s->gone = next_area((uint64_t)stamps >> WORD_SHIFT, sizeof(uint64_t), 0);
  s->earlier = next_area((uint64_t)stamps >> WORD_SHIFT, sizeof(int32_t), 0);
  s->limit = (int32_t)stamps;
}

static inline int32_t stamps_left(const struct stamps *s) { return s->limit - s->next; }

/* The page of a stamp has gone on. */
static inline void go_on(struct stamps *s, int32_t stamp) {
  s->gone[stamp >> WORD_SHIFT] |= (uint64_t)1 << (stamp & (WORD_STAMPS - 1));
}

/* The first stamp from one on whose page still has it: there must be one. */
static inline int32_t first_from(const struct stamps *s, int32_t stamp) {
  int32_t word = stamp >> WORD_SHIFT;
  uint64_t there = ~s->gone[word] & ~(uint64_t)0 << (stamp & (WORD_STAMPS - 1));
  while (there == 0) there = ~s->gone[++word];
  return word * WORD_STAMPS + __builtin_ctzll(there);
}

/* Stamps of a word that pages still have, of those from `oldest` on. */
static inline uint64_t kept_in(const struct stamps *s, int32_t word, int32_t oldest) {
  const uint64_t kept = ~s->gone[word];
  return word == oldest >> WORD_SHIFT ? kept & ~(uint64_t)0 << (oldest & (WORD_STAMPS - 1)) : kept;
}

/* Counts the pages with earlier stamps, word by word; those below `oldest` have left. */
static inline void count_earlier(struct stamps *s, int32_t oldest) {
  int32_t pages = 0;
  for (int32_t word = oldest >> WORD_SHIFT; word <= (s->next - 1) >> WORD_SHIFT; word++) {
    s->earlier[word] = pages;
    pages += __builtin_popcountll(kept_in(s, word, oldest));
  }
}

/* What a stamp from `oldest` on becomes: after `count_earlier`. */
static inline int32_t renumbered(const struct stamps *s, int32_t stamp, int32_t oldest) {
  const int32_t word = stamp >> WORD_SHIFT;
  const uint64_t before = ((uint64_t)1 << (stamp & (WORD_STAMPS - 1))) - 1;
  return s->earlier[word] + __builtin_popcountll(kept_in(s, word, oldest) & before);
}

/* All stamps are those of `pages` pages, from 0 on. */
static inline void start_again(struct stamps *s, int32_t pages) {
  __builtin_memset(s->gone, 0, (size_t)s->limit / 8);
  s->next = pages;
}

/* Keeps the loads from being optimised away. */
static volatile int32_t loaded;

/*
 * Loads the words of some requests, and nothing else: these loads do not wait for each other, and what is then decided by
 * one is decided at once.
 */
static inline void load_ahead(const int32_t *words, const int32_t *ids, int32_t length) {
  int32_t all = 0;
  for (int32_t i = 0; i < length; i++) all ^= words[ids[i]];
  loaded = all;
}

#endif
