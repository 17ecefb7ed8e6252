/*
 * What recordings of accesses are tested with: accesses a region of 64 pages, and prints what it did, a line each, as `R page`,
 * `W page`, `call name`. `record-accesses WHAT` with WHAT one of
 *   script SEED   200 accesses and drops that follow from the seed
 *   kernel        buffers that the kernel reads and fills
 *   processes     a fork, a thread, and an exec of itself
 *   contents      pages of zeros, equal pages, and pages that are dropped
 *   sleep         sleeps until it is killed, after it has written a page
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE = 4096, PAGES = 64 };
static char* region;
static char said[1 << 16];
static size_t said_bytes;
static uint32_t state;

static void say(const char* what, long page)
{
   said_bytes += (size_t)sprintf(said + said_bytes, "%s %ld\n", what, page);
}

static uint32_t random_below(uint32_t limit)
{
   state = state * 1664525u + 1013904223u;
   return (uint32_t)((uint64_t)state * limit >> 32);
}

static void read_page(long page)
{
   say("R", page);
   *(volatile char*)(region + page * PAGE + 17);
}

static void write_page(long page, char value)
{
   say("W", page);
   *(volatile char*)(region + page * PAGE + 9) = value;
}

/* An access over the end of a page, to both of its pages. */
static void write_over_end(long page)
{
   say("W", page);
   say("W", page + 1);
   *(volatile uint32_t*)(region + (page + 1) * PAGE - 2) = 1;
}

static void add_to_page(long page)
{
   say("W", page);
   __asm__ volatile("lock incl (%0)" : : "r"(region + page * PAGE) : "memory");
}

static void drop(long page, long pages)
{
   say("madvise", page);
   madvise(region + page * PAGE, (size_t)pages * PAGE, MADV_DONTNEED);
}

/* A string instruction: reads and writes in turn. */
static void copy_page(long to, long from)
{
   say("R", from);
   say("W", to);
   char* target = region + to * PAGE;
   char* source = region + from * PAGE;
   size_t bytes = 1;
   __asm__ volatile("rep movsb" : "+D"(target), "+S"(source), "+c"(bytes) : : "memory");
}

static void script(uint32_t seed)
{
   state = seed;
   for (int i = 0; i < 200; i++) {
      long page = random_below(PAGES - 1);
      switch (random_below(8)) {
         case 0: case 1: read_page(page); break;
         case 2: case 3: write_page(page, (char)i); break;
         case 4: write_over_end(page); break;
         case 5: add_to_page(page); break;
         case 6: copy_page(page, page + 1); break;
         default: drop(page, 1); break;
      }
   }
}

static void kernel(void)
{
   int file = open("/proc/self/exe", O_RDONLY);
   say("W", 3);
   say("W", 4);
   if (read(file, region + 4 * PAGE - 8, 16) != 16) abort();
   say("W", 5);
   if (pread(file, region + 5 * PAGE, 100, 4) != 100) abort();
   int shared = memfd_create("shared", 0);
   struct iovec parts[2] = { { region + 7 * PAGE, 10 }, { region + 9 * PAGE, 10 } };
   say("R", 7);
   say("R", 9);
   if (writev(shared, parts, 2) != 20) abort();
   if (ftruncate(shared, 4 * PAGE) != 0) abort();
   char* map = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, shared, 0);
   map[PAGE] = 1;
   close(shared);
   close(file);
}

static void* in_thread(void* unused)
{
   write_page(11, 1);
   return NULL;
}

static void processes(char* program)
{
   pthread_t thread;
   pthread_create(&thread, NULL, in_thread, NULL);
   pthread_join(thread, NULL);
   write_page(12, 1);
   if (fork() == 0) {
      *(volatile char*)(region + 13 * PAGE) = 1;
      execl(program, program, "script", "1", (char*)NULL);
      _exit(9);
   }
   int status;
   wait(&status);
   write_page(14, 1);
}

static void contents(void)
{
   for (long page = 0; page < 8; page++) memset(region + page * PAGE, page < 4 ? 0 : (int)page / 2, PAGE);
   drop(0, 8);
   memset(region + 20 * PAGE, 2, PAGE);
}

int main(int count, char** words)
{
   region = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
   say("region", (long)((uintptr_t)region / PAGE));
   const char* what = words[1];
   if (strcmp(what, "script") == 0) script((uint32_t)atoi(words[2]));
   else if (strcmp(what, "kernel") == 0) kernel();
   else if (strcmp(what, "processes") == 0) processes(words[0]);
   else if (strcmp(what, "contents") == 0) contents();
   else if (strcmp(what, "sleep") == 0) {
      write_page(1, 1);
      pause();
   }
   return write(1, said, said_bytes) == (ssize_t)said_bytes ? 0 : 1;
}
