/*
 * Linux's two lists as harness/policy/reclaim/linux.ts has them, for anonymous memory with swap, which is what pages
 * of a reference string are: inactive and active, second chance by accessed bits, refault distances. Pages are never
 * dirty here and none is of a file, so that the lists of files stay empty.
 */
#define LOOKS_AT_ACCESSED 1
#define ACCESSED_AT_INSERT 1
#include "lists.h"

enum { INACTIVE, ACTIVE, LISTS };
/* State of a page: bit 0 its list, then flags. */
enum { LIST_MASK = 1, ON_LIST = 4, REFERENCED = 8, WORKINGSET = 16, SHADOW = 32 };

#define DEF_PRIORITY 12
#define SWAP_CLUSTER_MAX 32
#define MAX_SWAPPINESS 200
#define SWAPPINESS 60
#define MAX_RECLAIM_RETRIES 16

static struct lists lists;
static uint8_t *flags_of;
static int32_t size[LISTS];
/* Evictions and activations so far, modulo 2^32: the clock of refault distances. */
static uint32_t age;
static int64_t cost;
/* Refaults activated so far, as many as when statistics were last read, and as many as then at the last reclaim. */
static int64_t activated;
static int64_t read_activated;
static int64_t refaults;
/* Sizes of the lists when statistics were last read. */
static int32_t read_size[LISTS];
static int may_deactivate;
static int skipped_deactivate;
static int64_t to_scan[LISTS];
static int32_t found;

static void lay_out(void) {
  lay_out_lists(&lists, LISTS);
  flags_of = by_id(0, 1, 0);
}

static void start(void) {
  start_lists(&lists);
  size[INACTIVE] = size[ACTIVE] = 0;
  age = 0;
  cost = activated = read_activated = refaults = 0;
  read_size[INACTIVE] = read_size[ACTIVE] = 0;
}

static void read_statistics(void) {
  read_size[INACTIVE] = size[INACTIVE];
  read_size[ACTIVE] = size[ACTIVE];
  read_activated = activated;
}

static void touch(int32_t id) { (void)id; }

static void miss(int32_t id) { (void)id; }

static void put(int list, int32_t id, int flags) {
  add_head(&lists, list, id);
  flags_of[id] = list | ON_LIST | flags;
  size[list]++;
}

static void leave(int list, int32_t id) {
  take_off(&lists, id);
  size[list]--;
}

static int referenced(int32_t id) {
  const int used = accessed[id];
  accessed[id] = 0;
  return used;
}

/* Costs decay when they exceed a quarter of all lists. */
static void note_cost(int64_t more) {
  if (more == 0) return;
  cost += more;
  if (4 * cost > (int64_t)read_size[INACTIVE] + read_size[ACTIVE]) cost /= 2;
}

static int64_t integer_square_root(int64_t value) {
  int64_t root = 0;
  while ((root + 1) * (root + 1) <= value) root++;
  return root;
}

static int inactive_is_low(void) {
  const int64_t gigabytes = ((int64_t)read_size[INACTIVE] + read_size[ACTIVE]) >> 18;
  const int64_t ratio = gigabytes > 0 ? integer_square_root(10 * gigabytes) : 1;
  return read_size[INACTIVE] * ratio < read_size[ACTIVE];
}

/* How many pages of each list to look at; the lists of files have their share, though they are empty. */
static void plan_scan(int priority, int deactivate) {
  may_deactivate = deactivate || read_activated != refaults || inactive_is_low();
  int64_t share = 1;
  int64_t whole = 1;
  if (priority > 0) {
    share = SWAPPINESS * (3 * cost + 1) / (2 * cost + 1);
    whole = share + (MAX_SWAPPINESS - SWAPPINESS) * (3 * cost + 1) / (cost + 1);
  }
  for (int list = 0; list < LISTS; list++) to_scan[list] = (int64_t)(size[list] >> priority) * share / whole;
}

static void shrink_active(int64_t batch) {
  for (int64_t i = 0; i < batch; i++) {
    const int32_t id = tail(&lists, ACTIVE);
    if (id < 0) break;
    leave(ACTIVE, id);
    referenced(id);
    put(INACTIVE, id, (flags_of[id] & REFERENCED) | WORKINGSET);
  }
}

enum { GOES, STAYS, ACTIVATED };

/* Whether a page of the inactive list stays, and where. It is on no list now. */
static int survives(int32_t id) {
  const int flags = flags_of[id];
  if (!referenced(id)) return GOES;
  if (flags & REFERENCED) {
    put(ACTIVE, id, (flags & WORKINGSET) | REFERENCED);
    return ACTIVATED;
  } else {
    put(INACTIVE, id, (flags & WORKINGSET) | REFERENCED);
  }
  return STAYS;
}

static void shrink_inactive(int64_t batch) {
  int64_t scanned = 0;
  uint32_t risen = 0;
  const int32_t before = found;
  while (scanned < batch && found < VICTIMS) {
    const int32_t id = tail(&lists, INACTIVE);
    if (id < 0) break;
    leave(INACTIVE, id);
    scanned++;
    const int fate = survives(id);
    risen += fate == ACTIVATED;
    if (fate != GOES) continue;
    flags_of[id] = SHADOW | (flags_of[id] & WORKINGSET);
    *note_of(&lists, id) = (int32_t)age++;
    victims[found++] = id;
  }
  age += risen;
  note_cost(scanned - (found - before));
}

static int64_t at_most_a_batch(int64_t n) { return n < SWAP_CLUSTER_MAX ? n : SWAP_CLUSTER_MAX; }

static void shrink(int priority, int deactivate) {
  plan_scan(priority, deactivate);
  const int32_t enough = found + SWAP_CLUSTER_MAX;
  /* Pages of the program's own text, at priorities at which some of them are looked at. */
  int others = priority <= 4;
  while ((others || to_scan[INACTIVE] > 0) && found < VICTIMS) {
    others = 0;
    int64_t batch = at_most_a_batch(to_scan[INACTIVE]);
    to_scan[INACTIVE] -= batch;
    if (batch > 0) shrink_inactive(batch);
    batch = at_most_a_batch(to_scan[ACTIVE]);
    to_scan[ACTIVE] -= batch;
    if (batch > 0 && may_deactivate) shrink_active(batch);
    if (batch > 0 && !may_deactivate) skipped_deactivate = 1;
    if (found >= enough) break;
  }
  if (inactive_is_low()) shrink_active(SWAP_CLUSTER_MAX);
}

static void try_to_free(int deactivate) {
  skipped_deactivate = 0;
  for (int priority = DEF_PRIORITY; priority >= 0 && found < SWAP_CLUSTER_MAX; priority--)
    shrink(priority, deactivate);
  refaults = read_activated;
}

static int32_t evict(void) {
  found = 0;
  for (int pass = 0; pass < MAX_RECLAIM_RETRIES && found == 0; pass++) {
    read_statistics();
    try_to_free(0);
    if (found == 0 && skipped_deactivate) try_to_free(1);
  }
  if (found == 0) fail("gave up no page", "linux");
  return found;
}

static void insert(int32_t id) {
  const int flags = flags_of[id];
  if (!(flags & SHADOW)) {
    put(INACTIVE, id, 0);
    return;
  }
  read_statistics();
  const int32_t distance = (int32_t)(age - (uint32_t)*note_of(&lists, id));
  /* What an anonymous page competes with: the active anonymous pages and both lists of files. */
  if (distance > read_size[ACTIVE]) {
    put(INACTIVE, id, 0);
    return;
  }
  put(ACTIVE, id, flags & WORKINGSET);
  age++;
  activated++;
  if (flags & WORKINGSET) note_cost(SWAP_CLUSTER_MAX);
}
