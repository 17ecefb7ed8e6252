/*
 * A twin as a program: reading the reference string, and the clock.
 *
 * Usage: twin FILE CAPACITY REPEATS [VALUE...]. FILE holds the ids as int32 in the host's byte order, dense from 0; VALUEs
 * are those of the policy's parameters. Every repeat starts with an empty cache and prints a line: its misses, and the ns
 * of the loop for each PART_REQUESTS of them. The first one warms up.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Requests a part: as in harness/bench/time-policy.ts. */
#define PART_REQUESTS 16384

static void fail(const char *what, const char *name) {
  fprintf(stderr, "%s: %s\n", name, what);
  exit(1);
}

/* Memory as it was before the first use: every repeat gets the same again, so that its pages are there. */
static void clear_areas(void) {
  lay_out_all();
  for (int32_t i = 0; i < used_areas; i++) {
    struct area *area = &areas[i];
    if (!area->at) area->at = malloc(area->bytes);
    if (!area->at) fail("no memory", "twin");
    memset(area->at, area->fill, area->bytes);
  }
  lay_out_all();
}

static int64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* One repeat, with an empty cache. */
static void repeat(const int32_t *ids, size_t length, int64_t *parts_ns) {
  clear_areas();
  start();
  int64_t misses = 0;
  int32_t cached = 0;
  size_t parts = 0;
  int64_t before = now_ns();
  for (size_t at = 0; at < length; at += PART_REQUESTS) {
    const size_t left = length - at;
    misses += replay(ids + at, (int32_t)(left < PART_REQUESTS ? left : PART_REQUESTS), &cached);
    const int64_t now = now_ns();
    parts_ns[parts++] = now - before;
    before = now;
  }
  printf("%lld", (long long)misses);
  for (size_t part = 0; part < parts; part++) printf(" %lld", (long long)parts_ns[part]);
  printf("\n");
}

static int32_t *read_ids(const char *name, size_t *length) {
  FILE *file = fopen(name, "rb");
  if (!file || fseek(file, 0, SEEK_END) != 0) fail("cannot be read", name);
  *length = (size_t)ftell(file) / sizeof(int32_t);
  rewind(file);
  int32_t *ids = malloc((*length + 1) * sizeof(int32_t));
  if (!ids || fread(ids, sizeof(int32_t), *length, file) != *length) fail("cannot be read", name);
  fclose(file);
  return ids;
}

int main(int argc, char **argv) {
  if (argc < 4 || argc > 4 + MOST_PARAMETERS) fail("expected FILE CAPACITY REPEATS [VALUE...]", argv[0]);
  size_t length;
  int32_t *ids = read_ids(argv[1], &length);
  capacity = atoi(argv[2]);
  if (capacity < 1) fail("expected a capacity of at least 1", argv[2]);
  for (int i = 4; i < argc; i++) values[given_values++] = atof(argv[i]);
  for (size_t i = 0; i < length; i++)
    if (ids[i] >= count) count = ids[i] + 1;
  int64_t *parts_ns = malloc((length / PART_REQUESTS + 1) * sizeof(int64_t));
  if (!parts_ns) fail("no memory", argv[0]);
  for (int left = atoi(argv[3]); left > 0; left--) repeat(ids, length, parts_ns);
  free(parts_ns);
  free(ids);
  return 0;
}
