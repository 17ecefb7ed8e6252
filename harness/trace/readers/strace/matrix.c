// Calls on memory of most kinds, in an order that does not depend on scheduling: what strace-matrix.system.test.ts runs
// under strace with many options.
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { KIB = 1024, MIB = 1024 * KIB };

static char *anonymous(size_t bytes) {
  return mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void *work(void *unused) {
  char *memory = anonymous(MIB);
  memset(memory, 1, 64 * KIB);
  madvise(memory, 64 * KIB, MADV_FREE);
  munmap(memory, MIB);
  return unused;
}

static void child(int fd) {
  char *shared = mmap(NULL, MIB, PROT_READ, MAP_SHARED, fd, 0);
  munmap(shared, MIB);
  _exit(0);
}

int main(void) {
  int fd = memfd_create("segment", MFD_CLOEXEC);
  ftruncate(fd, MIB);
  char *shared = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  int again = dup(fd);
  char *part = mmap(NULL, MIB / 2, PROT_READ | PROT_WRITE, MAP_SHARED, again, MIB / 2);
  memset(shared, 1, MIB);
  madvise(shared, 8 * KIB, MADV_REMOVE);
  fallocate(fd, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, 64 * KIB, 64 * KIB);

  char *memory = anonymous(4 * MIB);
  memset(memory, 1, 128 * KIB);
  madvise(memory, 64 * KIB, MADV_DONTNEED);
  madvise(memory, 64 * KIB, MADV_COLD);
  madvise(memory, 4 * KIB, 12345);
  memory = mremap(memory, 4 * MIB, 8 * MIB, MREMAP_MAYMOVE);
  mprotect(memory, 4 * KIB, PROT_NONE);
  void *heap = sbrk(MIB);
  brk(heap);

  pthread_t thread;
  pthread_create(&thread, NULL, work, NULL);
  pthread_join(thread, NULL);
  pid_t pid = fork();
  if (pid == 0) child(fd);
  waitpid(pid, NULL, 0);
  write(STDOUT_FILENO, "hello\nagain\n", 12);

  munmap(part, MIB / 2);
  munmap(memory, 8 * MIB);
  close(again);
  close(fd);
  return 0;
}
