/*
 * Runs a script of operations on memory, and logs each of them as the event of a trace that a recording should make of it.
 *
 *   interpreter SCRIPT LOG
 *
 * A script has an operation on each line: a word, then decimal numbers. Pages count from ARENA. It is run in one order:
 * a process waits for what it has forked, and a thread for those that it has made. The log goes to shared memory that is
 * populated before, and is written at the end; what the C library does is outside of the arena and of the heap that `brk` makes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096UL
#define ARENA (1UL << 40)
#define LOG_BYTES (16UL << 20)
#define SCRIPT_BYTES (1 << 18)
#define OBJECTS 64
#define NUMBERS 5

/* What all processes share. */
static struct shared { size_t used; int objects; char text[]; } *shared;
static int object_fd[OBJECTS], object_number[OBJECTS];
static int data_fd;
static char script[SCRIPT_BYTES];
static unsigned long heap;

static void fail(const char *what)
{
   perror(what);
   _exit(3);
}

static int thread(void)
{
   return (int)syscall(SYS_gettid);
}

static void say(const char *form, ...)
{
   char line[200];
   va_list values;
   va_start(values, form);
   int length = vsnprintf(line, sizeof line, form, values);
   va_end(values);
   if (shared->used + length > LOG_BYTES - sizeof *shared) fail("the log is full");
   memcpy(shared->text + shared->used, line, length);
   shared->used += length;
}

static unsigned long page_of(const void *address)
{
   return (unsigned long)address / PAGE;
}

static char *at(long page)
{
   return (char *)ARENA + page * PAGE;
}

static void said_map(const void *address, long pages, const char *what)
{
   say("map,%d,%lu,%ld,%s\n", getpid(), page_of(address), pages, what);
}

static void touch(const char *op, const char *address, long pages)
{
   for (long i = 0; i < pages; i++) say("%s,%d:%d,%lu,1,\n", op, getpid(), thread(), page_of(address) + i);
}

static void map(long page, long pages, int flags, const char *what, int fd, long offset)
{
   if (mmap(at(page), pages * PAGE, PROT_READ | PROT_WRITE, flags | MAP_FIXED, fd, offset * PAGE) == MAP_FAILED)
      fail("mmap");
   said_map(at(page), pages, what);
}

static void map_object(long page, long pages, long object, long offset)
{
   char what[80];
   snprintf(what, sizeof what, "shared:segment-%d@%ld", object_number[object], offset);
   map(page, pages, MAP_SHARED, what, object_fd[object], offset);
}

static void make_object(long object, long pages)
{
   object_fd[object] = memfd_create("object", MFD_CLOEXEC);
   if (object_fd[object] < 0 || ftruncate(object_fd[object], pages * PAGE) != 0) fail("memfd_create");
   object_number[object] = ++shared->objects;
}

static void attach(long page, long pages)
{
   int id = shmget(IPC_PRIVATE, pages * PAGE, IPC_CREAT | 0600);
   if (id < 0 || shmat(id, at(page), 0) != at(page)) fail("shmat");
   shmctl(id, IPC_RMID, NULL);
   char what[80];
   snprintf(what, sizeof what, "shared:sysv-%d@0", id);
   said_map(at(page), pages, what);
}

static void drop(long page, long pages, int advice, const char *name)
{
   if (madvise(at(page), pages * PAGE, advice) != 0) fail(name);
   say("discard,%d:%d,%lu,%ld,%s\n", getpid(), thread(), page_of(at(page)), pages, name);
}

/* A hole in an object whose first page is mapped at `page`. */
static void punch(long page, long object, long offset, long pages)
{
   if (fallocate(object_fd[object], FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset * PAGE, pages * PAGE) != 0)
      fail("fallocate");
   say("discard,%d:%d,%lu,%ld,FALLOC_FL_PUNCH_HOLE\n", getpid(), thread(), page_of(at(page)) + offset, pages);
}

static void unmap(long page, long pages)
{
   if (munmap(at(page), pages * PAGE) != 0) fail("munmap");
   say("unmap,%d,%lu,%ld,\n", getpid(), page_of(at(page)), pages);
}

static void detach(long page, long pages)
{
   if (shmdt(at(page)) != 0) fail("shmdt");
   say("unmap,%d,%lu,%ld,\n", getpid(), page_of(at(page)), pages);
}

/* Moves, then grows or shrinks. */
static void remap(long page, long pages, long to, long wanted)
{
   int flags = to == page ? 0 : MREMAP_MAYMOVE | MREMAP_FIXED;
   if (mremap(at(page), pages * PAGE, wanted * PAGE, flags, at(to)) != at(to)) fail("mremap");
   long kept = wanted < pages ? wanted : pages;
   if (kept < pages) say("unmap,%d,%lu,%ld,\n", getpid(), page_of(at(page)) + kept, pages - kept);
   if (to != page) say("remap,%d,%lu,%ld,to=%lu\n", getpid(), page_of(at(page)), kept, page_of(at(to)));
   if (wanted > kept) say("remap,%d,%lu,%ld,grow=%ld\n", getpid(), page_of(at(to)), kept, wanted - kept);
}

static void protect(long page, long pages, int writable)
{
   if (mprotect(at(page), pages * PAGE, writable ? PROT_READ | PROT_WRITE : PROT_READ) != 0) fail("mprotect");
   say("protect,%d,%lu,%ld,%s\n", getpid(), page_of(at(page)), pages, writable ? "rw" : "ro");
}

/* The heap is of `pages` pages more, or fewer, than when the program began. */
static void set_heap(long pages)
{
   unsigned long before = (unsigned long)syscall(SYS_brk, 0);
   if (heap == 0) heap = (before + PAGE - 1) / PAGE * PAGE;
   unsigned long end = heap + pages * PAGE;
   if ((unsigned long)syscall(SYS_brk, end) != end) fail("brk");
   unsigned long old = (before + PAGE - 1) / PAGE;
   if (end / PAGE > old) said_map((void *)(old * PAGE), end / PAGE - old, "anon");
   if (end / PAGE < old) say("unmap,%d,%lu,%lu,\n", getpid(), end / PAGE, old - end / PAGE);
}

static void use(volatile char *address, int write)
{
   if (write) *address = 1;
   else (void)*address;
   touch(write ? "write" : "read", (const char *)address, 1);
}

/* File reads fill a buffer, and file writes read one. */
static void transfer(long page, long pages, int fills)
{
   ssize_t bytes = pages * PAGE;
   ssize_t done = fills ? pread(data_fd, at(page), bytes, 0) : pwrite(data_fd, at(page), bytes, 0);
   if (done != bytes) fail("pread or pwrite");
   touch(fills ? "write" : "read", at(page), pages);
}

static void transfer_object(long page, long object, long offset, int fills)
{
   ssize_t done = fills ? pread(object_fd[object], at(page), PAGE, offset * PAGE)
                        : pwrite(object_fd[object], at(page), PAGE, offset * PAGE);
   if (done != (ssize_t)PAGE) fail("pread or pwrite of an object");
   touch(fills ? "write" : "read", at(page), 1);
   say("%s,%d,%ld,1,segment-%d\n", fills ? "pread" : "pwrite", getpid(), offset, object_number[object]);
}

static char *run(char *place);

static void *run_thread(void *place)
{
   return run(place);
}

/* The place behind the `end` of a block. */
static char *behind(char *place)
{
   for (int depth = 1; depth > 0; place = strchr(place, '\n') + 1) {
      if (strncmp(place, "fork", 4) == 0 || strncmp(place, "thread", 6) == 0) depth++;
      if (strncmp(place, "end", 3) == 0) depth--;
   }
   return place;
}

static char *run_fork(char *place)
{
   int child = fork();
   if (child < 0) fail("fork");
   if (child == 0) {
      say("fork,%d,,,%d\n", getppid(), getpid());
      run(place);
      _exit(0);
   }
   int status;
   if (waitpid(child, &status, 0) != child || status != 0) fail("waitpid");
   say("exit,%d,,,\n", child);
   return behind(place);
}

static char *run_in_thread(char *place)
{
   pthread_t id;
   void *after;
   if (pthread_create(&id, NULL, run_thread, place) != 0 || pthread_join(id, &after) != 0) fail("pthread_create");
   return after;
}

static void operate(const char *op, const long *n)
{
   if (strcmp(op, "anon") == 0) map(n[0], n[1], MAP_PRIVATE | MAP_ANONYMOUS, "anon", -1, 0);
   else if (strcmp(op, "shared") == 0) map(n[0], n[1], MAP_SHARED | MAP_ANONYMOUS, "anon-shared", -1, 0);
   else if (strcmp(op, "object") == 0) make_object(n[0], n[1]);
   else if (strcmp(op, "map") == 0) map_object(n[0], n[1], n[2], n[3]);
   else if (strcmp(op, "attach") == 0) attach(n[0], n[1]);
   else if (strcmp(op, "detach") == 0) detach(n[0], n[1]);
   else if (strcmp(op, "unmap") == 0) unmap(n[0], n[1]);
   else if (strcmp(op, "read") == 0) use(at(n[0]), 0);
   else if (strcmp(op, "write") == 0) use(at(n[0]), 1);
   else if (strcmp(op, "dontneed") == 0) drop(n[0], n[1], MADV_DONTNEED, "MADV_DONTNEED");
   else if (strcmp(op, "free") == 0) drop(n[0], n[1], MADV_FREE, "MADV_FREE");
   else if (strcmp(op, "remove") == 0) drop(n[0], n[1], MADV_REMOVE, "MADV_REMOVE");
   else if (strcmp(op, "punch") == 0) punch(n[0], n[1], n[2], n[3]);
   else if (strcmp(op, "remap") == 0) remap(n[0], n[1], n[2], n[3]);
   else if (strcmp(op, "protect") == 0) protect(n[0], n[1], (int)n[2]);
   else if (strcmp(op, "heap") == 0) set_heap(n[0]);
   else if (strcmp(op, "heapread") == 0) use((char *)heap + n[0] * PAGE, 0);
   else if (strcmp(op, "heapwrite") == 0) use((char *)heap + n[0] * PAGE, 1);
   else if (strcmp(op, "fill") == 0) transfer(n[0], n[1], 1);
   else if (strcmp(op, "store") == 0) transfer(n[0], n[1], 0);
   else if (strcmp(op, "pread") == 0) transfer_object(n[0], n[1], n[2], 1);
   else if (strcmp(op, "pwrite") == 0) transfer_object(n[0], n[1], n[2], 0);
   else fail(op);
}

/* Runs operations up to the end of the block. Returns the place behind it. */
static char *run(char *place)
{
   while (*place != '\0') {
      char op[16] = "";
      long numbers[NUMBERS] = { 0 };
      char *next = strchr(place, '\n') + 1;
      for (int i = 0; i < 15 && place[i] >= 'a'; i++) op[i] = place[i];
      char *number = place + strlen(op);
      for (int i = 0; i < NUMBERS && number < next - 1; i++) numbers[i] = strtol(number, &number, 10);
      if (strcmp(op, "end") == 0) return next;
      if (strcmp(op, "fork") == 0) place = run_fork(next);
      else if (strcmp(op, "thread") == 0) place = run_in_thread(next);
      else {
         operate(op, numbers);
         place = next;
      }
   }
   return place;
}

int main(int count, char **arguments)
{
   int fd = count == 3 ? open(arguments[1], O_RDONLY) : -1;
   if (fd < 0 || read(fd, script, SCRIPT_BYTES - 1) < 0) fail("interpreter SCRIPT LOG");
   close(fd);
   // Pages of 4 KiB only, also where the host's setting is another one.
   prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
   shared = mmap(NULL, LOG_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
   char data[4096];
   snprintf(data, sizeof data, "%s.data", arguments[2]);
   data_fd = open(data, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
   if (shared == MAP_FAILED || data_fd < 0 || unlink(data) != 0 || ftruncate(data_fd, 64 * PAGE) != 0) fail("log");
   run(script);
   fd = open(arguments[2], O_WRONLY | O_CREAT | O_TRUNC, 0600);
   if (fd < 0 || write(fd, shared->text, shared->used) != (ssize_t)shared->used) fail("log");
   return 0;
}
