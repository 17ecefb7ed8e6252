/*
 * Dense numbers for 64-bit ids on volumes: the loop of harness/trace/requests/dense-ids.ts over its table, which lies in
 * the memory of this module from `slots_at` on. The caller makes the table, and sees that there is room in it: the
 * requests of a call may all be of new ids.
 */
#include <stddef.h>
#include <stdint.h>

#define EXPORTED(name) __attribute__((export_name(name)))

/* Requests a call at most, and slots touched before they are looked into: these stay within the first cache. */
enum { CHUNK = 16384, AHEAD = 128 };

/* A slot; `dense` is the number + 1, and 0 in a free slot. */
struct slot {
  uint32_t low;
  uint32_t high;
  int32_t volume;
  int32_t dense;
};

static struct {
  uint32_t low[CHUNK];
  uint32_t high[CHUNK];
  int32_t volume[CHUNK];
  int32_t dense[CHUNK];
} chunk;
/* Records as they come from a file. */
enum { RECORDS_BYTES = 1 << 19 };
static _Alignas(64) uint8_t records[RECORDS_BYTES];
static uint32_t starts[AHEAD];
/* Keeps the touching loads from being optimised away. */
static volatile uint32_t touched;

extern uint8_t __heap_base;

/* As `hash` in dense-ids.ts. */
static uint32_t hash(uint32_t low, uint32_t high, int32_t volume) {
  uint32_t mixed = low * 0x9e3779b1u ^ high * 0x85ebca6bu ^ (uint32_t)volume * 0xc2b2ae35u;
  mixed = (mixed ^ (mixed >> 15)) * 0x2c1b3c6du;
  return mixed ^ (mixed >> 16);
}

/* Where the columns of a chunk are: low, high, volume and, as the result, dense, of CHUNK words each. */
EXPORTED("chunk_at") void *chunk_at(void) { return &chunk; }

/* Where the table begins: at a cache line. */
EXPORTED("slots_at") struct slot *slots_at(void) {
  return (struct slot *)(((size_t)&__heap_base + 63) & ~(size_t)63);
}

/*
 * The dense numbers of the first `length` ids of the chunk; new ids get the next ones. The table has `mask` + 1 slots, a
 * power of two. Returns how many ids there are then.
 */
EXPORTED("map") int32_t map(int32_t length, uint32_t mask, int32_t count) {
  struct slot *slots = slots_at();
  for (int32_t from = 0; from < length; from += AHEAD) {
    const int32_t to = from + AHEAD < length ? from + AHEAD : length;
    uint32_t words = 0;
    for (int32_t i = from; i < to; i++) starts[i - from] = hash(chunk.low[i], chunk.high[i], chunk.volume[i]) & mask;
    /* Nothing but loads, which do not wait for each other. */
    for (int32_t i = from; i < to; i++) words ^= slots[starts[i - from]].low;
    touched = words;
    for (int32_t i = from; i < to; i++) {
      const uint32_t low = chunk.low[i];
      const uint32_t high = chunk.high[i];
      const int32_t volume = chunk.volume[i];
      uint32_t at = starts[i - from];
      while (slots[at].dense != 0 && (slots[at].low != low || slots[at].high != high || slots[at].volume != volume))
        at = (at + 1) & mask;
      if (slots[at].dense == 0) slots[at] = (struct slot){low, high, volume, ++count};
      chunk.dense[i] = slots[at].dense - 1;
    }
  }
  return count;
}

/* Where records are to be written: up to CHUNK of them, in RECORDS_BYTES bytes. */
EXPORTED("records_at") uint8_t *records_at(void) { return records; }

/* Takes the little-endian ids of `length` records of `bytes` bytes, from record `first` on, as a chunk on volume 0. */
EXPORTED("take_records") void take_records(int32_t first, int32_t length, int32_t bytes, int32_t id_at) {
  const uint8_t *at = records + (size_t)first * bytes + id_at;
  for (int32_t i = 0; i < length; i++, at += bytes) {
    __builtin_memcpy(&chunk.low[i], at, sizeof(uint32_t));
    __builtin_memcpy(&chunk.high[i], at + sizeof(uint32_t), sizeof(uint32_t));
  }
  __builtin_memset(chunk.volume, 0, (size_t)length * sizeof(int32_t));
}

/*
 * Makes the table `mask` + 1 slots large, from `old` slots. There is room for both one after the other: the old one moves
 * behind the new one first.
 */
EXPORTED("rehash") void rehash(uint32_t old, uint32_t mask) {
  struct slot *slots = slots_at();
  struct slot *from = slots + (size_t)mask + 1;
  __builtin_memcpy(from, slots, (size_t)old * sizeof(struct slot));
  __builtin_memset(slots, 0, ((size_t)mask + 1) * sizeof(struct slot));
  for (uint32_t i = 0; i < old; i++) {
    if (from[i].dense == 0) continue;
    uint32_t at = hash(from[i].low, from[i].high, from[i].volume) & mask;
    while (slots[at].dense != 0) at = (at + 1) & mask;
    slots[at] = from[i];
  }
}
