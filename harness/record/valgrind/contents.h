/*
 * What pages contain, as hashes: those of pages that were written since they were last asked, every `--contents`, and before a
 * call that may change or drop them. The id of a page of zeros is 0.
 */
#ifndef CONTENTS_H
#define CONTENTS_H

static UWord* dirty = NULL;
static UWord dirty_count = 0;
static UWord dirty_room = 0;
static ULong contents_due_ns = 0;

static void note_dirty(Leaf* leaf, UWord page)
{
   UChar* state = &leaf->state[page & (LEVEL_PAGES - 1)];
   if (*state & PAGE_DIRTY) return;
   *state |= PAGE_DIRTY;
   if (dirty_count == dirty_room) {
      dirty_room = dirty_room == 0 ? 4096 : dirty_room * 2;
      dirty = VG_(realloc)("pagetrace.dirty", dirty, dirty_room * sizeof(UWord));
   }
   dirty[dirty_count++] = page;
}

/* A 64-bit hash of a page in four lanes, mixed as MurmurHash3 ends; 0 for zeros and only for them. */
static ULong content_of(const ULong* words)
{
   const ULong odd = 0x9e3779b97f4a7c15ULL;
   ULong lanes[4] = { 1, 2, 3, 4 };
   ULong any = 0;
   for (UInt i = 0; i < PAGE_SIZE_BYTES / sizeof(ULong); i += 4) {
      for (UInt lane = 0; lane < 4; lane++) {
         ULong word = words[i + lane];
         any |= word;
         lanes[lane] = (lanes[lane] ^ word) * odd;
         lanes[lane] ^= lanes[lane] >> 29;
      }
   }
   if (any == 0) return 0;
   ULong hash = 0;
   for (UInt lane = 0; lane < 4; lane++) {
      hash = (hash ^ lanes[lane]) * 0xff51afd7ed558ccdULL;
      hash ^= hash >> 33;
   }
   return hash == 0 ? 1 : hash;
}

static void record_content(UWord page)
{
   Addr start = page << PAGE_SHIFT;
   if (!VG_(am_is_valid_for_client)(start, PAGE_SIZE_BYTES, VKI_PROT_READ)) return;
   tell_context(PAGE_TIME_NS);
   begin(R_CONTENT, page);
   put(content_of((const ULong*)start));
}

/* Records what a page contains if it was written since that was last done. */
static Bool record_if_dirty(UWord page)
{
   Leaf* leaf = leaf_of(page, False);
   UWord place = page & (LEVEL_PAGES - 1);
   if (leaf == NULL || !(leaf->state[place] & PAGE_DIRTY)) return False;
   leaf->state[place] &= (UChar)~PAGE_DIRTY;
   record_content(page);
   return True;
}

/* Records what the written pages of a range contain. Their places in `dirty` stay, and are passed over later. */
static void record_contents(UWord first, UWord end)
{
   Bool any = False;
   if (clo_contents_us == 0) return;
   for (UWord page = first; page < end; page++) {
      if (leaf_of(page, False) == NULL) page |= LEVEL_PAGES - 1;
      else any |= record_if_dirty(page);
   }
   if (any) new_window();
}

static void record_all_contents(void)
{
   if (dirty_count == 0) return;
   for (UWord i = 0; i < dirty_count; i++) record_if_dirty(dirty[i]);
   dirty_count = 0;
   new_window();
}

#endif
