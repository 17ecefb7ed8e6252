/*
 * pagetrace: a tool of valgrind that records which pages a program reads, writes and executes, in one order with its system
 * calls. README.md in this folder describes the file.
 */
#include "pub_tool_basics.h"
#include "pub_tool_vki.h"
#include "pub_tool_vkiscnums.h"
#include "pub_tool_aspacemgr.h"
#include "pub_tool_libcassert.h"
#include "pub_tool_libcbase.h"
#include "pub_tool_libcfile.h"
#include "pub_tool_libcprint.h"
#include "pub_tool_libcproc.h"
#include "pub_tool_machine.h"
#include "pub_tool_mallocfree.h"
#include "pub_tool_options.h"
#include "pub_tool_threadstate.h"
#include "pub_tool_tooliface.h"

#include "records.h"
#include "pages.h"
#include "contents.h"
#include "sampling.h"
#include "instrument.h"
#include "calls.h"

/* Bits of a mapping that is there at the start. */
enum { M_READ = 1, M_WRITE = 2, M_EXECUTE = 4, M_FILE = 8, M_SHARED = 16, M_HEAP = 32, M_STACK = 64 };

static Bool is_started = False;

/* Begins a window, and asks for contents, where it is time. */
static void check_clock(void)
{
   if (counter() < counter_due) return;
   read_clock();
   if (clo_every_us > 0 && now_ns >= window_end_ns) new_window();
   if (clo_contents_us > 0 && now_ns >= contents_due_ns) {
      record_all_contents();
      contents_due_ns = now_ns + (ULong)clo_contents_us * 1000;
   }
   if (now_ns - flushed_ns > 10 * FLUSH_NS) flush_records();
}

static void record_mapping(const NSegment* segment)
{
   Addr stack = VG_(get_SP)(1);
   ULong bits = segment->hasR * M_READ | segment->hasW * M_WRITE | segment->hasX * M_EXECUTE;
   ULong offset = (ULong)segment->offset;
   if (segment->kind == SkFileC) bits |= M_FILE;
   if (segment->kind == SkShmC) bits |= M_SHARED;
   if (segment->isCH) bits |= M_HEAP;
   if (segment->kind == SkAnonC && segment->start <= stack && stack <= segment->end) {
      bits |= M_STACK;
      offset = VG_(thread_get_stack_size)(1);
   }
   const HChar* name = segment->kind == SkFileC ? VG_(am_get_filename)(segment) : "";
   begin(R_MAP, segment->start >> PAGE_SHIFT | bits << PAGE_BITS);
   put((segment->end + 1 - segment->start) >> PAGE_SHIFT);
   put(segment->dev);
   put(segment->ino);
   put(offset);
   put_text(name == NULL ? "" : name);
}

/* The page of valgrind that the program jumps through counts as the program's. */
extern void VG_(trampoline_stuff_start)(void);

static Bool is_own(const NSegment* segment)
{
   Addr trampoline = (Addr)&VG_(trampoline_stuff_start);
   return segment->start <= trampoline && trampoline <= segment->end;
}

/* Records the mappings that the program begins with: its image, that of the dynamic linker, its stack. */
static void record_mappings(void)
{
   const UInt kinds = SkFileC | SkAnonC | SkShmC;
   Addr none[1];
   Int count = VG_(am_get_segment_starts)(kinds, none, 1);
   if (count < 0) count = -count;
   Addr* starts = VG_(malloc)("pagetrace.segments", (SizeT)count * sizeof(Addr));
   count = VG_(am_get_segment_starts)(kinds, starts, count);
   for (Int i = 0; i < count; i++) {
      const NSegment* segment = VG_(am_find_nsegment)(starts[i]);
      if (!is_own(segment)) record_mapping(segment);
   }
   VG_(free)(starts);
}

static void thread_runs(ThreadId thread, ULong blocks)
{
   if (!is_started) {
      is_started = True;
      record_mappings();
   }
   check_clock();
   thread_is(thread);
}

/* Nothing recorded before a fork may be written by both processes. */
static void before_fork(ThreadId thread)
{
   flush_records();
}

static void in_forked_child(ThreadId thread)
{
   UInt parent_sequence = sequence;
   ULong parent_words = written_words;
   if (output >= 0) VG_(close)(output);
   VG_(memset)(told_objects, 0, sizeof told_objects);
   running_thread = (UInt)VG_(gettid)();
   open_output(BORN_FORKED, (UInt)VG_(getppid)(), (ULong)parent_sequence << 48 | parent_words);
   new_window();
}

static Bool process_option(const HChar* argument)
{
   const HChar* number;
   if (VG_STR_CLO(argument, "--folder", clo_folder)) {
   } else if (VG_STR_CLO(argument, "--every-us", number)) {
      clo_every_us = VG_(strtoll10)(number, NULL);
   } else if (VG_STR_CLO(argument, "--contents-us", number)) {
      clo_contents_us = VG_(strtoll10)(number, NULL);
   } else if (VG_INT_CLO(argument, "--sample", clo_sample)) {
   } else {
      return False;
   }
   return True;
}

static void print_usage(void)
{
   VG_(printf)("    --folder=DIR       where a file for each process goes\n"
               "    --every-us=N       a page is recorded once in this time [10000]; 0: every access\n"
               "    --contents-us=N    contents of written pages are recorded this often [0: never]\n"
               "    --sample=N         one of N pages is recorded [1]\n");
}

static void print_debug_usage(void)
{
}

static void after_options(void)
{
   if (clo_folder == NULL) VG_(fmsg_bad_option)("--folder", "expected the folder of the recording\n");
   if (clo_every_us == 0) recent_used = 1;
   forget_recent();
   know_calls();
   open_output(BORN_STARTED, (UInt)VG_(getppid)(), 0);
   new_window();
   contents_due_ns = now_ns + (ULong)clo_contents_us * 1000;
   VG_(atfork)(before_fork, NULL, in_forked_child);
}

static void at_end(Int code)
{
   if (clo_contents_us > 0) record_all_contents();
   read_clock();
   tell_context(1);
   begin(R_END, (UInt)code);
   put(clock_ns(VKI_CLOCK_PROCESS_CPUTIME_ID));
   flush_records();
}

static void before_options(void)
{
   VG_(details_name)("pagetrace");
   VG_(details_version)(NULL);
   VG_(details_description)("records the pages that a program accesses");
   VG_(details_copyright_author)("reclaim-bench");
   VG_(details_bug_reports_to)("reclaim-bench");
   VG_(basic_tool_funcs)(after_options, instrument, at_end);
   VG_(needs_command_line_options)(process_option, print_usage, print_debug_usage);
   VG_(needs_syscall_wrapper)(before_call, after_call);
   VG_(track_start_client_code)(thread_runs);
   VG_(track_pre_mem_read)(kernel_reads);
   VG_(track_pre_mem_read_asciiz)(kernel_reads_text);
   VG_(track_post_mem_write)(kernel_writes);
}

VG_DETERMINE_INTERFACE_VERSION(before_options)
