/*
 * Carries out the events of a trace on a live kernel: spaces are processes, objects are memfds. It runs as a process of a host, with
 * the file of protocol.h as its first argument, or as the first process of a virtual machine. See README.md.
 */
#define _GNU_SOURCE
#include "group.h"

#include "boot.h"
#include <sys/wait.h>

static char *shared;
static int in_machine;

/* How long a space may work before it is looked whether it lives. */
#define LOOK_MS 50
/* Room for an aligned huge page, wherever it begins. */
#define HUGE_BYTES (4ul << 20)

/* Says that the answers are there, and waits for the next ops. */
static void hand_over(void) {
  if (in_machine) {
    /* What is shared is other afterwards. */
    atomic_signal_fence(memory_order_seq_cst);
    outb(PVPANIC_PANICKED, PVPANIC_PORT);
    atomic_signal_fence(memory_order_seq_cst);
    return;
  }
  char byte = 0;
  if (write(STDOUT_FILENO, &byte, 1) != 1 || read(STDIN_FILENO, &byte, 1) != 1) exit(0);
}

/* The wait status where a space has ended; -1 while it lives. */
static int ended(uint32_t slot) {
  int status;
  if (leader->pids[slot] <= 0 || waitpid(leader->pids[slot], &status, WNOHANG) != leader->pids[slot]) return -1;
  leader->pids[slot] = 0;
  return status;
}

static void reap(uint32_t slot) {
  while (waitpid(leader->pids[slot], NULL, 0) < 0 && errno == EINTR) {
  }
  leader->pids[slot] = 0;
}

static void await_ready(uint32_t slot) {
  while (!await(&arena->seats[slot].ready, LOOK_MS))
    if (ended(slot) >= 0) return;
}

static int spawn(uint32_t slot) {
  fflush(stdout);
  int pid = fork();
  if (pid == 0) {
    catch_signals();
    prctl(PR_SET_THP_DISABLE, slot == KEEPER || !arena->huge, 0, 0, 0);
    join_group();
    become(slot);
  }
  if (pid < 0) return errno;
  leader->pids[slot] = pid;
  if (slot == KEEPER) arena->keeper = pid;
  await_ready(slot);
  return 0;
}

/* Lets a space run the first `count` ops, which are its own. Where it is killed meanwhile, the rest have that for their answer. */
static void run_space(uint32_t slot, const struct op *ops, struct answer *answers, uint32_t count) {
  int status = 0;
  memset(arena->answers, 0, count * sizeof *answers);
  if (leader->pids[slot] > 0) {
    memcpy(arena->ops, ops, count * sizeof *ops);
    arena->count = count;
    signal_word(&arena->seats[slot].turn);
    while (!await(&arena->back, LOOK_MS) && (status = ended(slot)) < 0) {
    }
    memcpy(answers, arena->answers, count * sizeof *answers);
    if (leader->pids[slot] > 0) return;
  }
  int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  for (uint32_t i = 0; i < count; i++)
    if (answers[i].error == 0) answers[i].error = DIED + signal;
}

/* ---- What the leader of the spaces does itself ---- */

static int reset(void) {
  for (uint32_t slot = 0; slot < MOST_SLOTS; slot++) {
    if (leader->pids[slot] <= 0) continue;
    kill(leader->pids[slot], SIGKILL);
    reap(slot);
  }
  memset(arena->fd, 0, sizeof arena->fd);
  atomic_store(&arena->back, 0);
  return spawn(KEEPER);
}

static void quit(void) {
  for (uint32_t slot = 0; slot < MOST_SLOTS; slot++)
    if (leader->pids[slot] > 0) kill(leader->pids[slot], SIGKILL);
  if (in_machine) reboot(RB_POWER_OFF);
  exit(0);
}

static void exit_space(const struct op *op, struct answer *answer) {
  if (leader->pids[op->slot] <= 0) {
    answer->error = DIED;
    return;
  }
  memcpy(arena->ops, op, sizeof *op);
  arena->count = 1;
  struct seat *seat = &arena->seats[op->slot];
  signal_word(&seat->turn);
  reap(op->slot);
  answer->value = (uint32_t)seat->minor;
  answer->first = (uint32_t)seat->major;
  answer->buses = (uint32_t)seat->touches;
}

/*
 * Lets spaces have huge pages, or no more. khugepaged looks around as soon as there is a first process that may have them, and sleeps
 * then: the leader is that one, and stays, so that a trace does not wake it.
 */
static int allow_huge(int on) {
  static void *region;
  arena->huge = on;
  if (!on || region) return 0;
  prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0);
  void *at = mmap(NULL, HUGE_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at == MAP_FAILED) return errno;
  region = at;
  madvise(region, HUGE_BYTES, MADV_DONTFORK);
  return madvise(region, HUGE_BYTES, MADV_HUGEPAGE) ? errno : 0;
}

/* As `lead`, for what changes the system that it runs on. */
static int change_system(const struct op *op, struct answer *answer) {
  switch (op->code & 0xff) {
  case OP_MKDIR: answer->error = mkdir(take_text(), 0755) ? errno : 0; return 1;
  case OP_RMDIR: answer->error = rmdir(take_text()) ? errno : 0; return 1;
  case OP_MOUNT: answer->error = mount_folder(); return 1;
  case OP_UNMOUNT: answer->error = umount(take_text()) ? errno : 0; return 1;
  case OP_MODULE: answer->error = insert_module(op->a); return 1;
  case OP_SWAP: answer->error = set_swap(op->a == 1); return 1;
  case OP_GROUP: answer->error = choose_group(); return 1;
  case OP_REST: answer->error = rest_for(op->a); return 1;
  case OP_FILES: answer->error = choose_files(); return 1;
  case OP_HUGE: answer->error = allow_huge((int)op->a); return 1;
  default: return 0;
  }
}

/* Returns whether the op is the leader's. */
static int lead(const struct op *op, struct answer *answer) {
  switch (op->code & 0xff) {
  case OP_SPAWN: answer->error = spawn(op->slot); return 1;
  case OP_EXIT: exit_space(op, answer); return 1;
  case OP_CENSUS: census((int)op->a); return 1;
  case OP_LOOKUP: each_mapping(leader->pids[op->slot], tell_mapping, (void *)op); return 1;
  case OP_PUT: answer->error = put_file(op->page); return 1;
  case OP_GET: answer->error = get_file(); return 1;
  case OP_RESET: answer->error = reset(); return 1;
  case OP_QUIT: quit(); return 1;
  case OP_OBJECT:
    if (op->code & FLAG_FILE) answer->error = prepare_file(op);
    return answer->error != 0;
  case OP_FALLOCATE:
  case OP_TRUNCATE:
    if (op->code & FLAG_MAPPED) answer->error = change_mapped(op);
    return (op->code & FLAG_MAPPED) != 0;
  case OP_LIMIT: answer->error = set_limit(op->a); return 1;
  case OP_MOVE: answer->error = move_process(leader->pids[op->slot]); return 1;
  case OP_PACE: keep_pace(op->a); return 1;
  default: return change_system(op, answer);
  }
}

/* How many of the ops, from the first on, one space can do in one turn: a fork is the last of a turn. */
static uint32_t turn_of(const struct op *ops, uint32_t left) {
  uint32_t count = 0;
  while (count < left && count < WINDOW && ops[count].slot == ops[0].slot) {
    uint32_t code = ops[count].code & 0xff;
    if (code == OP_SPAWN || code == OP_EXIT || (code >= OP_CENSUS && code < OP_FADVISE)) break;
    if (ops[count].code & (FLAG_FILE | FLAG_MAPPED) && count > 0) break;
    count++;
    if (code == OP_FORK) break;
  }
  return count;
}

static void run_request(const struct op *ops, struct answer *answers, uint32_t count) {
  for (uint32_t i = 0; i < count;) {
    memset(&answers[i], 0, sizeof *answers);
    if (lead(&ops[i], &answers[i])) {
      i++;
      continue;
    }
    uint32_t turn = turn_of(&ops[i], count - i);
    run_space(ops[i].slot, &ops[i], &answers[i], turn);
    const struct op *last = &ops[i + turn - 1];
    struct answer *forked = &answers[i + turn - 1];
    if ((last->code & 0xff) == OP_FORK && forked->error == 0) {
      leader->pids[last->a] = (int)forked->value;
      await_ready((uint32_t)last->a);
    }
    i += turn;
  }
}

/* As many as the system lets: the keeper has two an object. */
static void allow_descriptors(void) {
  struct rlimit files;
  if (getrlimit(RLIMIT_NOFILE, &files)) return;
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
}

/*
 * All spaces run on one CPU, as only one runs at a time: pages that another CPU has not yet put on its lists cannot be isolated
 * (lru_add_drain drains its own CPU), so that what MADV_PAGEOUT takes would depend on where spaces ran.
 */
static void stay_on_one_cpu(void) {
  cpu_set_t set;
  int cpu = sched_getcpu();
  if (cpu < 0) return;
  CPU_ZERO(&set);
  CPU_SET((size_t)cpu, &set);
  sched_setaffinity(0, sizeof set, &set);
}

static void *map_file(const char *path) {
  int fd = open(path, O_RDWR | O_CLOEXEC);
  void *at = mmap(NULL, SHARED_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (fd < 0 || at == MAP_FAILED) exit(71);
  close(fd);
  return at;
}

int main(int count, char **args) {
  struct rlimit none = {0, 0};
  in_machine = getpid() == 1;
  shared = in_machine ? boot() : count == 2 ? map_file(args[1]) : NULL;
  if (!shared) return 2;
  /* Spaces neither see it nor pay for it. */
  madvise(shared, SHARED_BYTES, MADV_DONTFORK);
  setrlimit(RLIMIT_CORE, &none);
  allow_descriptors();
  stay_on_one_cpu();
  prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
  text = shared + TEXT_AT;
  make_arena();
  make_leader();
  struct header *header = (struct header *)shared;
  header->magic = MAGIC;
  for (;;) {
    header->text = text_length;
    hand_over();
    text_length = header->text;
    run_request((struct op *)(shared + OPS_AT), (struct answer *)(shared + ANSWERS_AT), header->ops);
  }
}
