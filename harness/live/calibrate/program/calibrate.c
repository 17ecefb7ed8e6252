/*
 * Measures what faults, calls and devices of this host cost. Each round measures everything once, beginning elsewhere, and says a line
 * for each: a name and the median of the round in ns, or "failed NAME: why".
 *
 *   calibrate rounds COUNT FOLDER            what needs no right; FOLDER is on the device that files are on
 *   calibrate swap COUNT DEVICE PROCS PAGES  with swap on: PROCS is cgroup.procs of a group whose limit is PAGES
 *   calibrate merging COUNT                  with ksmd on
 */
#define _GNU_SOURCE
#include "devices.h"
#include "faults.h"
#include "merging.h"
#include "work.h"

static const char *folder;

static void files(void) { file_faults(folder); }

static void (*const MEASURES[])(void) = {
    touch, anon_faults, shared_faults, single_faults, copies, signals, all_sizes,
    removes, drops, flags, page_work, look_ups, residency, files,
};
#define MEASURE_COUNT (int)(sizeof MEASURES / sizeof *MEASURES)

static void measure_all(int round) {
  for (int i = 0; i < MEASURE_COUNT; i++) MEASURES[(i + round * 5) % MEASURE_COUNT]();
}

static int join(const char *processes) {
  int fd = open(processes, O_WRONLY | O_CLOEXEC);
  int joined = fd >= 0 && write(fd, "0", 1) == 1;
  if (fd >= 0) close(fd);
  return joined;
}

static int is_mode(int arguments, char **args, const char *mode, int wanted) {
  return arguments == wanted && strcmp(args[1], mode) == 0;
}

int main(int arguments, char **args) {
  int swaps = is_mode(arguments, args, "swap", 6), merges = is_mode(arguments, args, "merging", 3);
  if (!swaps && !merges && !is_mode(arguments, args, "rounds", 4)) return 2;
  if (swaps && !join(args[4])) return 72;
  folder = args[3];
  for (int round = 0; round < atoi(args[2]); round++) {
    printf("round %d\n", round);
    find_clock();
    if (swaps) swap_round(args[3], (size_t)atol(args[5]));
    else if (merges) merge_round();
    else measure_all(round);
    fflush(stdout);
  }
  return 0;
}
