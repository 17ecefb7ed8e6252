/*
 * Which pages of a sample are recorded: those whose hash is in the first 1/N of all hashes, as SHARDS (Waldspurger, Park,
 * Garthwaite, Ahmad 2015). A page of a file or of shared memory is known by its place there, so that all processes sample the
 * same ones; anonymous memory by its address.
 */
#ifndef SAMPLING_H
#define SAMPLING_H

/* The finalizer of MurmurHash3, of 64 bits. */
static ULong mixed(ULong value)
{
   value = (value ^ value >> 33) * 0xff51afd7ed558ccdULL;
   value = (value ^ value >> 33) * 0xc4ceb9fe1a85ec53ULL;
   return value ^ value >> 33;
}

static Bool is_sampled(UWord page)
{
   Addr start = page << PAGE_SHIFT;
   const NSegment* segment = VG_(am_find_nsegment)(start);
   ULong identity = page;
   if (segment != NULL && segment->kind == SkFileC)
      identity = mixed(segment->ino ^ segment->dev << 32) + ((start - segment->start + (ULong)segment->offset) >> PAGE_SHIFT);
   return (mixed(identity) >> 32) * (ULong)clo_sample < 1ULL << 32;
}

#endif
