/*
 * LFU with counts of the time in the cache; among pages of the same count the first to reach it goes. One list in the
 * order of counts, those used least at the tail; pages of one count stand together and belong to a bucket, which knows
 * its newest page and the buckets of the next higher and lower count.
 */
#include "lists.h"

enum { QUEUE, LISTS };
/* Fields of a bucket; a free one keeps the next free one in HIGHER. */
enum { FREQUENCY, NEWEST, PAGES, HIGHER, LOWER, FIELDS };

static struct lists lists;
static int32_t *bucket_of;
static int32_t (*buckets)[FIELDS];
static int32_t made;
static int32_t free_bucket;
static int32_t lowest;

static void lay_out(void) {
  lay_out_lists(&lists, LISTS);
  bucket_of = by_id(0, sizeof(int32_t), 0);
  /* One more than pages: while a page moves from the last of its bucket to a new one. */
  buckets = by_id(1, sizeof *buckets, 0);
}

static void start(void) {
  start_lists(&lists);
  made = 0;
  free_bucket = -1;
  lowest = -1;
}

static void tie(int32_t lower, int32_t higher) {
  if (lower >= 0) buckets[lower][HIGHER] = higher;
  else lowest = higher;
  if (higher >= 0) buckets[higher][LOWER] = lower;
}

static int32_t make(int32_t frequency, int32_t lower, int32_t higher) {
  int32_t bucket = free_bucket;
  if (bucket >= 0) free_bucket = buckets[bucket][HIGHER];
  else bucket = made++;
  buckets[bucket][FREQUENCY] = frequency;
  buckets[bucket][PAGES] = 0;
  tie(lower, bucket);
  tie(bucket, higher);
  return bucket;
}

static void join(int32_t bucket, int32_t id) {
  bucket_of[id] = bucket;
  buckets[bucket][NEWEST] = id;
  buckets[bucket][PAGES]++;
}

/* A page that is still in its place leaves its bucket. */
static void part(int32_t bucket, int32_t id) {
  int32_t *fields = buckets[bucket];
  if (--fields[PAGES] == 0) {
    tie(fields[LOWER], fields[HIGHER]);
    fields[HIGHER] = free_bucket;
    free_bucket = bucket;
  } else if (fields[NEWEST] == id) {
    fields[NEWEST] = older_page(&lists, id);
  }
}

static void touch(int32_t id) {
  const int32_t bucket = bucket_of[id];
  const int32_t frequency = buckets[bucket][FREQUENCY] + 1;
  const int32_t higher = buckets[bucket][HIGHER];
  const int exists = higher >= 0 && buckets[higher][FREQUENCY] == frequency;
  if (buckets[bucket][PAGES] == 1 && !exists) {
    buckets[bucket][FREQUENCY] = frequency;
    return;
  }
  const int32_t behind = buckets[exists ? higher : bucket][NEWEST];
  const int32_t next = exists ? higher : make(frequency, bucket, higher);
  part(bucket, id);
  if (behind != id) {
    take_off(&lists, id);
    add_newer(&lists, behind, id);
  }
  join(next, id);
}

static void miss(int32_t id) { (void)id; }

static int32_t evict(void) {
  const int32_t id = tail(&lists, QUEUE);
  part(bucket_of[id], id);
  take_off(&lists, id);
  victims[0] = id;
  return 1;
}

static void insert(int32_t id) {
  int32_t bucket = lowest;
  if (bucket < 0 || buckets[bucket][FREQUENCY] != 1) {
    bucket = make(1, -1, lowest);
    add_tail(&lists, QUEUE, id);
  } else {
    add_newer(&lists, buckets[bucket][NEWEST], id);
  }
  join(bucket, id);
}
