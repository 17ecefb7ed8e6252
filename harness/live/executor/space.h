/* A space of the trace is a process: this is what runs in it. */
#ifndef RECLAIM_SPACE_H
#define RECLAIM_SPACE_H

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "arena.h"
#include "pin.h"

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif
#ifndef PR_SET_MEMORY_MERGE
#define PR_SET_MEMORY_MERGE 67
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif
#ifndef SYS_process_madvise
#define SYS_process_madvise 440
#endif
#define DROPPABLE 0x08

/* What an op without contents writes: unlike all else. Spaces that run one after another never count alike. */
static uint64_t unique;
static uint32_t own_slot;

static void *address(uint64_t page) { return (void *)(page * PAGE); }

/* Reads each page of a range. */
static void read_all(const volatile char *from, const volatile char *end) {
  for (; from < end; from += PAGE) (void)*from;
}

/*
 * Faults in all that this process has itself, and makes what it shares with its parent or child since a fork its own, so that no
 * touch of the trace pays for it, and locks it, so that reclaim leaves it alone. Program text and the arena are not mapped in a
 * child until they are used.
 */
static __attribute__((noinline)) void settle(void) {
  extern char __data_start[], _end[];
  volatile char stack[16 * PAGE];
  for (size_t i = 0; i < sizeof stack; i += PAGE) stack[i] = 1;
  mlock((const void *)stack, sizeof stack);
  const ElfW(Phdr) *segment = (void *)getauxval(AT_PHDR);
  for (size_t i = 0; i < getauxval(AT_PHNUM); i++, segment++) {
    uintptr_t start = segment->p_vaddr & ~(PAGE - 1);
    if (segment->p_type == PT_LOAD) read_all((char *)start, (char *)segment->p_vaddr + segment->p_memsz);
  }
  uintptr_t first = (uintptr_t)__data_start & ~(PAGE - 1);
  for (volatile char *p = (volatile char *)first; p < _end; p += PAGE) *p = *p;
  mlock((const void *)first, (uintptr_t)_end - first);
  errno = 0;
  read_all((char *)arena, (char *)(arena + 1));
}

/* ---- Touches ---- */

static sigjmp_buf jump;

static void caught(int sig) { siglongjmp(jump, sig); }

static void catch_signals(void) {
  struct sigaction action = {.sa_handler = caught, .sa_flags = SA_NODEFER};
  sigaction(SIGSEGV, &action, NULL);
  sigaction(SIGBUS, &action, NULL);
}

/* Contents of page `index` of a write: 0 is a page of zeros. */
static uint64_t content_of(const struct op *op, uint64_t index) {
  if (op->code & FLAG_UNIQUE) return 1ul << 63 | (uint64_t)own_slot << 48 | ++unique;
  return op->a + (op->code & FLAG_UP ? index : 0);
}

/* Lets the kernel bring the group's statistics up to date, as a reader of them does. */
static void refresh(void) {
  static uint32_t touches;
  static char some[PAGE];
  if (++touches % FRESH_EVERY == 0 && pread(arena->statistics, some, sizeof some, 0) < 0) errno = 0;
}

/* Touches each page once, in order. Pages that cannot be accessed are left out. */
static void touch(const struct op *op, struct answer *answer) {
  volatile int64_t i = 0;
  int64_t pages = op->count < 0 ? -op->count : op->count;
  int64_t step = op->count < 0 ? -(int64_t)PAGE : (int64_t)PAGE;
  char *at = address(op->page);
  int write = (op->code & 0xff) == OP_WRITE;
  int sig = sigsetjmp(jump, 0);
  if (sig == SIGBUS) answer->buses++;
  if (sig == SIGSEGV && answer->error == 0) {
    answer->error = EFAULT;
    answer->first = (uint32_t)i;
  }
  if (sig) i++;
  for (; i < pages; i++) {
    volatile uint64_t *word = (uint64_t *)(at + i * step);
    if (write) *word = content_of(op, (uint64_t)i);
    else (void)*word;
    answer->value++;
    if (arena->statistics) refresh();
  }
  arena->seats[own_slot].touches += answer->value;
}

/* Compare-and-swap of a word in each page, which is a write also where it changes nothing. Pages that cannot be written are left out. */
static void cookies(const struct op *op, struct answer *answer) {
  volatile int64_t i = 0;
  if (sigsetjmp(jump, 0)) i++;
  for (; i < op->count; i++) {
    uint64_t none = 0;
    if (atomic_compare_exchange_strong((_Atomic uint64_t *)address(op->page + (uint64_t)i), &none, 0)) break;
  }
  answer->value = (uint32_t)i;
}

/* ---- Objects ---- */

/*
 * The keeper's own descriptor, as a program has one for all mappings that it makes of an object: the kernel merges mappings and
 * reads ahead by open file, not by object. An other one where a user may not have it.
 */
static int open_object(uint64_t object, int reads) {
  char path[64];
  if (object >= MOST_OBJECTS) return -1;
  int fd = reads ? arena->readers[object] : arena->fd[object];
  if (own_slot == KEEPER) return fd;
  int keeper = (int)syscall(SYS_pidfd_open, arena->keeper, 0);
  int same = (int)syscall(SYS_pidfd_getfd, keeper, fd, 0);
  close(keeper);
  if (same >= 0) return same;
  snprintf(path, sizeof path, "/proc/%d/fd/%d", arena->keeper, fd);
  return open(path, (reads ? O_RDONLY : O_RDWR) | O_CLOEXEC);
}

static void close_object(int fd) {
  if (own_slot != KEEPER && fd >= 0) close(fd);
}

static long write_pages(int fd, const struct op *op, uint64_t first, int64_t pages) {
  static uint64_t page[PAGE / 8];
  for (int64_t i = 0; i < pages; i++) {
    page[0] = content_of(op, (uint64_t)i);
    if (pwrite(fd, page, PAGE, (off_t)((first + (uint64_t)i) * PAGE)) < 0) return -1;
  }
  return 0;
}

/* Most parts that a call can have. Source: UIO_MAXIOV in include/uapi/linux/uio.h. */
#define PARTS 1024

/* One call, all into the same page: how much a call wants decides what is read ahead. */
static long read_pages(int fd, const struct op *op) {
  static char page[PAGE];
  static struct iovec parts[PARTS];
  if (!parts[0].iov_len)
    for (int i = 0; i < PARTS; i++) parts[i] = (struct iovec){page, PAGE};
  for (int64_t done = 0; done < op->count; done += PARTS) {
    int64_t left = op->count - done;
    off_t at = (off_t)((op->page + (uint64_t)done) * PAGE);
    if (preadv(fd, parts, left < PARTS ? (int)left : PARTS, at) < 0) return -1;
  }
  return 0;
}

/* Where file `number` of the trace is. */
static const char *file_path(uint64_t number) {
  static char path[sizeof arena->files + 32];
  snprintf(path, sizeof path, "%s/%lu", arena->files, number);
  return path;
}

/* What tells an object from others. */
static uint32_t identity_of(uint64_t device, uint64_t inode) {
  return (uint32_t)inode | (arena->disk && device == arena->disk ? ON_DISK : 0);
}

/* Descriptors of an object that was opened: one to write through, and one that only reads. */
static int keep_object(uint64_t object, int fd, struct answer *answer) {
  char path[64];
  struct stat info;
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  int reader = fd < 0 || fstat(fd, &info) ? -1 : open(path, O_RDONLY | O_CLOEXEC);
  if (reader < 0) return -1;
  arena->fd[object] = fd;
  arena->readers[object] = reader;
  answer->value = identity_of(info.st_dev, info.st_ino);
  return 0;
}

static long close_both(uint64_t object) {
  close(arena->readers[object]);
  return close(arena->fd[object]);
}

/* A file's contents are there already: the leader has written them. */
static long open_file(const struct op *op, struct answer *answer) {
  return keep_object(op->a, open(file_path(op->page), O_RDWR | O_CLOEXEC), answer);
}

static long make_object(const struct op *op, struct answer *answer) {
  if (op->code & FLAG_FILE) return open_file(op, answer);
  int fd = memfd_create("reclaim", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0 || ftruncate(fd, op->count * (off_t)PAGE) || keep_object(op->a, fd, answer)) return -1;
  struct op contents = {.code = op->code, .a = op->b};
  if (op->code & FLAG_CONTENT && write_pages(fd, &contents, 0, op->count)) return -1;
  return op->code & FLAG_SEALED ? fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE) : 0;
}

/* ---- Mappings ---- */

static long map(const struct op *op) {
  uint32_t code = op->code;
  int prot = PROT_READ | (code & FLAG_RO ? 0 : PROT_WRITE) | (code & FLAG_EXEC ? PROT_EXEC : 0);
  int flags = MAP_FIXED | (code & FLAG_SHARED ? MAP_SHARED : code & FLAG_DROPPABLE ? DROPPABLE : MAP_PRIVATE);
  if (code & FLAG_LOCKED) flags |= MAP_LOCKED;
  if (code & FLAG_POPULATE) flags |= MAP_POPULATE;
  int fd = -1;
  if (code & FLAG_OBJECT) {
    fd = open_object(op->a, (code & FLAG_RO_FD) != 0);
    if (fd < 0) return -1;
    if (code & FLAG_RO_FD && code & FLAG_SHARED) prot &= ~PROT_WRITE;
  } else
    flags |= MAP_ANONYMOUS;
  size_t bytes = (size_t)op->count * PAGE;
  void *at = mmap(address(op->page), bytes, prot, flags, fd, fd < 0 ? 0 : (off_t)(op->b * PAGE));
  int error = errno;
  if (fd >= 0) close_object(fd);
  errno = error;
  if (at == MAP_FAILED) return -1;
  if (code & FLAG_RANDOM) madvise(at, bytes, MADV_RANDOM);
  if (code & FLAG_SEQUENTIAL) madvise(at, bytes, MADV_SEQUENTIAL);
  return 0;
}

static long remap(const struct op *op) {
  char *at = address(op->page);
  size_t bytes = (size_t)op->count * PAGE;
  if (op->a == 0) return mremap(at, bytes, bytes + op->b * PAGE, 0) == MAP_FAILED ? -1 : 0;
  return mremap(at, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, address(op->a)) == MAP_FAILED ? -1 : 0;
}

static long protect(const struct op *op) {
  int prot = op->code & FLAG_NONE ? PROT_NONE : op->code & FLAG_RO ? PROT_READ : PROT_READ | PROT_WRITE;
  return mprotect(address(op->page), (size_t)op->count * PAGE, prot);
}

static long with_object(const struct op *op) {
  int fd = open_object(op->a, 0);
  long result = -1;
  switch (op->code & 0xff) {
  case OP_PREAD: result = read_pages(fd, op); break;
  case OP_PWRITE: {
    struct op contents = {.code = op->code, .a = op->b};
    result = write_pages(fd, &contents, op->page, op->count);
    break;
  }
  case OP_SYNC: result = fdatasync(fd); break;
  case OP_FALLOCATE: result = fallocate(fd, (int)op->count, (off_t)op->page, (off_t)op->b); break;
  case OP_TRUNCATE: result = ftruncate(fd, (off_t)op->b); break;
  case OP_FADVISE:
    errno = posix_fadvise(fd, (off_t)op->page, (off_t)op->b, (int)op->count);
    result = errno ? -1 : 0;
    break;
  }
  int error = errno;
  close_object(fd);
  errno = error;
  return result;
}

/* Advice for memory of another space, on this one's account. */
static long remote_advice(const struct op *op) {
  int pidfd = (int)syscall(SYS_pidfd_open, arena->seats[op->b].pid, 0);
  if (pidfd < 0) return -1;
  struct iovec range = {address(op->page), (size_t)op->count * PAGE};
  long bytes = syscall(SYS_process_madvise, pidfd, &range, 1ul, (int)op->a, 0u);
  int error = errno;
  close(pidfd);
  errno = error;
  return bytes < 0 ? -1 : 0;
}

/* What this process has itself stays locked. */
static long lock_all(const struct op *op) {
  if (op->a) return mlockall((int)op->a);
  long result = munlockall();
  settle();
  return result;
}

/* A space that has no huge pages anyway stays so. */
static long set_process(const struct op *op) {
  if (!op->b) return prctl(PR_SET_MEMORY_MERGE, op->a, 0, 0, 0);
  return arena->huge ? prctl(PR_SET_THP_DISABLE, op->a, 0, 0, 0) : 0;
}

/* ---- The process ---- */

static void become(uint32_t slot);

/* Where the group's limit cannot be met, a space of the trace goes, and not the keeper. */
static void offer_to_killer(void) {
  int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (fd < 0) return;
  if (write(fd, "1000", 4) < 0) errno = 0;
  close(fd);
}

/* A child of the leader, as all spaces are, so that it hears of its end. */
static long fork_space(const struct op *op, struct answer *answer) {
  long pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
  if (pid == 0) {
    forget_pins();
    become((uint32_t)op->a);
  }
  answer->value = (uint32_t)pid;
  settle();
  return pid;
}

static void run_op(const struct op *op, struct answer *answer) {
  long result = 0;
  size_t bytes = (size_t)op->count * PAGE;
  switch (op->code & 0xff) {
  case OP_READ:
  case OP_WRITE: touch(op, answer); return;
  case OP_COOKIE: cookies(op, answer); return;
  case OP_FORK: result = fork_space(op, answer); break;
  case OP_EXIT: _exit(0);
  case OP_OBJECT: result = make_object(op, answer); break;
  case OP_CLOSE: result = close_both(op->a); break;
  case OP_MAP: result = map(op); break;
  case OP_UNMAP: result = munmap(address(op->page), bytes); break;
  case OP_REMAP: result = remap(op); break;
  case OP_PROTECT: result = protect(op); break;
  case OP_LOCK: result = syscall(SYS_mlock2, address(op->page), bytes, (int)op->a); break;
  case OP_UNLOCK: result = munlock(address(op->page), bytes); break;
  case OP_MADVISE: result = madvise(address(op->page), bytes, (int)op->a); break;
  case OP_LOCKALL: result = lock_all(op); break;
  case OP_PIN: result = pin(op); break;
  case OP_UNPIN: result = unpin(op); break;
  case OP_REMOTE: result = remote_advice(op); break;
  case OP_PRCTL: result = set_process(op); break;
  default: result = with_object(op);
  }
  answer->error = result < 0 ? errno : 0;
}

static int is_touch(const struct op *op) {
  uint32_t code = op->code & 0xff;
  return code == OP_READ || code == OP_WRITE || code == OP_COOKIE;
}

/* Runs the window. Faults are counted around runs of touches, so that those of anything else are left out. */
static void run_window(void) {
  struct seat *seat = &arena->seats[own_slot];
  struct rusage before, after;
  int counting = 0;
  for (uint32_t i = 0; i <= arena->count; i++) {
    int touches = i < arena->count && is_touch(&arena->ops[i]);
    if (touches && !counting) getrusage(RUSAGE_SELF, &before);
    if (!touches && counting) {
      getrusage(RUSAGE_SELF, &after);
      seat->minor += (uint64_t)(after.ru_minflt - before.ru_minflt);
      seat->major += (uint64_t)(after.ru_majflt - before.ru_majflt);
    }
    counting = touches;
    if (i == arena->count) break;
    memset(&arena->answers[i], 0, sizeof(struct answer));
    run_op(&arena->ops[i], &arena->answers[i]);
  }
}

static void become(uint32_t slot) {
  own_slot = slot;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (slot != KEEPER) offer_to_killer();
  settle();
  struct seat *seat = &arena->seats[slot];
  seat->minor = seat->major = seat->touches = 0;
  seat->pid = (int32_t)getpid();
  atomic_store(&seat->turn, 0);
  signal_word(&seat->ready);
  for (;;) {
    await(&seat->turn, -1);
    run_window();
    signal_word(&arena->back);
  }
}

#endif
