/* Pins of a device: each is the buffers of an io_uring, which the kernel pins for long, as VFIO does. */
#ifndef RECLAIM_PIN_H
#define RECLAIM_PIN_H

#include <linux/io_uring.h>
#include <sys/uio.h>

#include "arena.h"

/* Pages of one buffer, and buffers of one ring. */
#define BUFFER_PAGES (1l << 18)
#define MOST_BUFFERS 64
#define MOST_PINS 4096

struct pin {
  uint64_t page, end;
  int ring;
};

static struct pin pins[MOST_PINS];
static uint32_t pin_count;

static int register_pages(int ring, uint64_t page, int64_t count) {
  struct iovec buffers[MOST_BUFFERS];
  uint32_t used = 0;
  for (int64_t done = 0; done < count; done += BUFFER_PAGES) {
    if (used == MOST_BUFFERS) return errno = ENOMEM, -1;
    int64_t pages = count - done < BUFFER_PAGES ? count - done : BUFFER_PAGES;
    buffers[used++] = (struct iovec){(void *)((page + (uint64_t)done) * PAGE), (size_t)pages * PAGE};
  }
  return (int)syscall(SYS_io_uring_register, ring, IORING_REGISTER_BUFFERS, buffers, used);
}

static long pin(const struct op *op) {
  uint64_t end = op->page + (uint64_t)op->count;
  for (uint32_t i = 0; i < pin_count; i++)
    if (pins[i].page < end && op->page < pins[i].end) return errno = EEXIST, -1;
  if (pin_count == MOST_PINS) return errno = ENOMEM, -1;
  struct io_uring_params params = {0};
  int ring = (int)syscall(SYS_io_uring_setup, 1, &params);
  if (ring < 0) return -1;
  if (register_pages(ring, op->page, op->count)) {
    int error = errno;
    close(ring);
    errno = error;
    return -1;
  }
  pins[pin_count++] = (struct pin){op->page, end, ring};
  return 0;
}

static long unpin(const struct op *op) {
  uint64_t end = op->page + (uint64_t)op->count;
  uint32_t kept = 0, found = 0;
  for (uint32_t i = 0; i < pin_count; i++) {
    if (pins[i].page >= end || op->page >= pins[i].end) continue;
    if (pins[i].page < op->page || pins[i].end > end) return errno = EINVAL, -1;
    found++;
  }
  if (found == 0) return errno = ENOENT, -1;
  for (uint32_t i = 0; i < pin_count; i++) {
    if (pins[i].page >= end || op->page >= pins[i].end) {
      pins[kept++] = pins[i];
      continue;
    }
    syscall(SYS_io_uring_register, pins[i].ring, IORING_UNREGISTER_BUFFERS, NULL, 0);
    close(pins[i].ring);
  }
  pin_count = kept;
  return 0;
}

/* The devices of a parent are none of its child's. */
static void forget_pins(void) {
  for (uint32_t i = 0; i < pin_count; i++) close(pins[i].ring);
  pin_count = 0;
}

#endif
