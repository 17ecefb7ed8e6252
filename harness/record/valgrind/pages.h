/*
 * Which accesses are recorded. A window is the time in which a page is recorded at most once as read and once as written:
 * `--every`, cut short by each memory call.
 *
 * Generated code looks into `recent_seen` and `recent_written`, direct-mapped tables of the pages of this window. What is not
 * there comes here, to an exact table of all pages, so that a conflict in the small tables records nothing twice.
 *
 * With `--every=0` there are no windows: an access is left out only when it is to the page of the access before it, and
 * changes nothing that the access before did not. The tables then have one entry each, the last page.
 */
#ifndef PAGES_H
#define PAGES_H

#define RECENT_PAGES 1024
#define LEVEL_BITS 12
#define LEVEL_PAGES (1 << LEVEL_BITS)
#define NO_PAGE (~0UL)

/* What is known of 4096 pages. */
typedef struct {
   /* The windows in which a page was last accessed, and last written. */
   UInt seen[LEVEL_PAGES];
   UInt written[LEVEL_PAGES];
   /* Bits of PAGE_*. */
   UChar state[LEVEL_PAGES];
} Leaf;

/* The page was written and its contents not asked for since. */
#define PAGE_DIRTY 1

static UWord recent_seen[RECENT_PAGES];
static UWord recent_written[RECENT_PAGES];
/* Pages in a table that are used: a power of two. */
static UInt recent_used = RECENT_PAGES;

static Leaf** middles[LEVEL_PAGES];
static UInt window = 1;
static ULong window_end_ns = 0;

static void note_dirty(Leaf* leaf, UWord page);
static Bool is_sampled(UWord page);
static void check_clock(void);

static void forget_recent(void)
{
   for (UInt i = 0; i < recent_used; i++) recent_seen[i] = recent_written[i] = NO_PAGE;
}

/* All accesses from now on are recorded again. */
static void new_window(void)
{
   window++;
   forget_recent();
   window_end_ns = now_ns + (ULong)clo_every_us * 1000;
}

/* The leaf of a page; NULL where it has none and `make` is false. */
static Leaf* leaf_of(UWord page, Bool make)
{
   Leaf*** middle = &middles[page >> (2 * LEVEL_BITS) & (LEVEL_PAGES - 1)];
   if (*middle == NULL) {
      if (!make) return NULL;
      *middle = VG_(calloc)("pagetrace.middle", LEVEL_PAGES, sizeof(Leaf*));
   }
   Leaf** leaf = &(*middle)[page >> LEVEL_BITS & (LEVEL_PAGES - 1)];
   if (*leaf == NULL && make) *leaf = VG_(calloc)("pagetrace.leaf", 1, sizeof(Leaf));
   return *leaf;
}

static void remember_recent(UWord page, Bool written)
{
   UInt place = page & (recent_used - 1);
   recent_seen[place] = page;
   if (written) recent_written[place] = page;
   else if (recent_used == 1) recent_written[place] = NO_PAGE;
}

static void touch_page(UInt kind, UWord page)
{
   Bool write = kind == R_WRITE;
   Leaf* leaf = leaf_of(page, True);
   UInt place = page & (LEVEL_PAGES - 1);
   Bool known = recent_used > 1 && (write ? leaf->written : leaf->seen)[place] == window;
   remember_recent(page, write);
   if (known) return;
   leaf->seen[place] = window;
   if (write) leaf->written[place] = window;
   if (clo_sample > 1 && !is_sampled(page)) return;
   record_page(kind, page);
   if (write && clo_contents_us > 0) note_dirty(leaf, page);
   check_clock();
}

/* As generated code asks for it: is the access to the last page already told? For accesses that come from the kernel. */
static void touch_range(UInt kind, Addr start, SizeT bytes)
{
   if (bytes == 0) return;
   UWord last = (start + bytes - 1) >> PAGE_SHIFT;
   for (UWord page = start >> PAGE_SHIFT; page <= last; page++) {
      const UWord* recent = kind == R_WRITE ? recent_written : recent_seen;
      if (recent[page & (recent_used - 1)] != page) touch_page(kind, page);
   }
}

static VG_REGPARM(2) void on_read(Addr start, SizeT bytes)
{
   touch_range(R_READ, start, bytes);
}

static VG_REGPARM(2) void on_write(Addr start, SizeT bytes)
{
   touch_range(R_WRITE, start, bytes);
}

static VG_REGPARM(2) void on_fetch(Addr start, SizeT bytes)
{
   touch_range(R_FETCH, start, bytes);
}

#endif
