/* What recordings of page faults and accesses are compared by: prints where its memory is, and how it is used. */
#include <stdio.h>
#include <sys/mman.h>

#define PAGE 4096L
#define PAGES 64
#define DROPPED 32

int main(void) {
  volatile char *memory =
      mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return 1;
  madvise((void *)memory, PAGES * PAGE, MADV_NOHUGEPAGE);
  printf("%lx\n", (unsigned long)memory);
  fflush(stdout);
  for (int page = 0; page < PAGES; page++) memory[page * PAGE] = 1;
  madvise((void *)memory, DROPPED * PAGE, MADV_DONTNEED);
  for (int page = 0; page < 8; page++) (void)memory[page * PAGE];
  for (int page = 8; page < 16; page++) memory[page * PAGE] = 1;
  return 0;
}
