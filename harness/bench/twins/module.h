/*
 * A twin as a WebAssembly module, for harness/mrc/wasm-simulation.ts: one instance and one memory for each policy at each
 * size. The caller sets the capacity and the parameters, grows the memory whenever there are more ids, writes a part of the
 * reference string to `chunk`, and runs it.
 */
#define EXPORTED(name) __attribute__((export_name(name)))

#define WASM_PAGE 65536

/* Requests a call at most: they stay within the first cache. */
#define CHUNK_REQUESTS 16384
static int32_t chunk[CHUNK_REQUESTS];
static int32_t cached_pages;
static int started;

/* Where the memory begins that the linker has put nothing into. */
extern uint8_t __heap_base;

static void fail(const char *what, const char *name) {
  (void)what;
  (void)name;
  __builtin_trap();
}

/* Makes the memory reach up to `end`; 0 where it cannot. */
static int reach(uint64_t end) {
  const uint64_t pages = (end + WASM_PAGE - 1) / WASM_PAGE;
  const uint64_t has = __builtin_wasm_memory_size(0);
  return pages <= has || (pages <= 65536 && __builtin_wasm_memory_grow(0, pages - has) != (size_t)-1);
}

/* Sets a parameter, in their order. */
EXPORTED("give") void give(double value) { values[given_values++] = value; }

EXPORTED("set_capacity") void set_capacity(int32_t pages) { capacity = pages; }

/* Where the ids of a chunk are to be written. */
EXPORTED("chunk_at") int32_t *chunk_at(void) { return chunk; }

/*
 * Makes room for ids below `limit`, more than before. Areas move to their new places, the last one first. Returns 0 where
 * there is not enough memory: nothing has changed then.
 */
EXPORTED("grow") int grow(int32_t limit) {
  uint64_t had[MOST_AREAS];
  const int32_t before = count;
  for (int32_t i = 0; i < MOST_AREAS; i++) had[i] = areas[i].bytes;
  count = limit;
  lay_out_all();
  uint64_t end = ((uint64_t)(size_t)&__heap_base + 63) & ~(uint64_t)63;
  for (int32_t i = 0; i < used_areas; i++) end += areas[i].bytes;
  if (!reach(end)) {
    count = before;
    lay_out_all();
    return 0;
  }
  for (int32_t i = used_areas; i-- > 0;) {
    struct area *area = &areas[i];
    end -= area->bytes;
    uint8_t *to = (uint8_t *)(size_t)end;
    const size_t kept = (size_t)had[i];
    if (kept > 0) __builtin_memmove(to, area->at, kept);
    /* New memory holds zeros. */
    if (kept > 0 || area->fill != 0) __builtin_memset(to + kept, area->fill, (size_t)area->bytes - kept);
    area->at = to;
  }
  lay_out_all();
  if (!started) start();
  started = 1;
  return 1;
}

/* Runs the first `length` ids of the chunk; returns their misses. */
EXPORTED("run") int32_t run(int32_t length) { return replay(chunk, length, &cached_pages); }
