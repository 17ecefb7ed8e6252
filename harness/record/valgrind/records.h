/*
 * The recording of one process: a file of 64-bit little-endian words. README.md in this folder describes the records; the
 * numbers below are part of the format.
 */
#ifndef RECORDS_H
#define RECORDS_H

#define FORMAT_VERSION 1
/* "RCLMPAGE" */
#define FORMAT_MAGIC 0x454741504d4c4352ULL

/* The kind of a record: the low four bits of its first word. */
enum {
   R_READ, R_WRITE, R_FETCH, R_TIME, R_THREAD, R_CALL, R_ENTER, R_MAP, R_OBJECT, R_IO, R_CONTENT, R_STRING, R_END
};

/* How a process image came to be. */
enum { BORN_STARTED, BORN_FORKED, BORN_EXECUTED };

#define KIND_BITS 4
#define PAGE_BITS 40
#define RUN_LIMIT (1 << 20)
#define PAGE_SHIFT 12
#define PAGE_SIZE_BYTES 4096UL
#define BUFFER_WORDS 65536
/* Words that are kept free in the buffer: the largest record is a string of a path. */
#define ROOM_WORDS 640
#define PATH_BYTES 4096
/* What a process that is killed may lose of its recording. */
#define FLUSH_NS 10000000ULL
/* How much earlier than its page a time in the file may be. Calls have their exact time. */
#define PAGE_TIME_NS 100000ULL

/* Moves a descriptor out of the program's way. Exported by valgrind, and missing in its headers for tools. */
extern Int VG_(safe_fd)(Int fd);

static const HChar* clo_folder = NULL;
static Long clo_every_us = 10000;
static Long clo_contents_us = 0;
static Int clo_sample = 1;

static ULong buffer[BUFFER_WORDS];
static Int filled = 0;
static Int output = -1;
static UInt sequence = 0;
/* Words written to the file before those in the buffer. */
static ULong written_words = 0;
static ULong now_ns = 0;
static ULong flushed_ns = 0;
/* The last time in the file, and the thread whose records follow. */
static ULong told_ns = 0;
static UInt told_thread = 0;
static UInt running_thread = 0;
/* Place in the buffer of the record that the next page can extend; -1 where there is none. */
static Int open_run = -1;

static ULong clock_ns(Int clock)
{
   struct vki_timespec time;
   VG_(clock_gettime)(&time, clock);
   return (ULong)time.tv_sec * 1000000000ULL + (ULong)time.tv_nsec;
}

/* Reading the clock is a system call here, and the processor's counter is not: it says when the clock is due. */
static ULong counter_due = 0;
static ULong counter_start = 0;
static ULong clock_start_ns = 0;

static ULong counter(void)
{
   return __builtin_ia32_rdtsc();
}

/* Reads the clock, and sets when that is next due: after PAGE_TIME_NS, by the counter's rate until now. */
static void read_clock(void)
{
   ULong count = counter();
   now_ns = clock_ns(VKI_CLOCK_MONOTONIC);
   if (counter_start == 0) {
      counter_start = count;
      clock_start_ns = now_ns;
   }
   ULong passed_us = (now_ns - clock_start_ns) / 1000;
   counter_due = count + (passed_us == 0 ? 0 : (count - counter_start) / passed_us * (PAGE_TIME_NS / 1000));
}

/* The recorder removes the file `recording` of its folder, or the folder, when it needs no more. The program goes on. */
static Bool is_wanted(void)
{
   HChar path[PATH_BYTES];
   struct vg_stat info;
   VG_(snprintf)(path, sizeof path, "%s/recording", clo_folder);
   return !sr_isError(VG_(stat)(path, &info));
}

static void stop_recording(void)
{
   if (output >= 0) VG_(close)(output);
   output = -1;
}

/* Says that this process is not recorded to its end: to the user, and by a file `PID.failed` to the recorder. */
static void fail(const HChar* why, UWord error)
{
   HChar path[PATH_BYTES];
   VG_(umsg)("the recording of process %d %s (error %lu)\n", VG_(getpid)(), why, error);
   VG_(snprintf)(path, sizeof path, "%s/%d.failed", clo_folder, VG_(getpid)());
   SysRes made = VG_(open)(path, VKI_O_CREAT | VKI_O_WRONLY, 0600);
   if (!sr_isError(made)) VG_(close)((Int)sr_Res(made));
   stop_recording();
}

static void flush_records(void)
{
   if (output >= 0 && !is_wanted()) stop_recording();
   const HChar* bytes = (const HChar*)buffer;
   SizeT left = (SizeT)filled * sizeof(ULong);
   while (left > 0 && output >= 0) {
      Int done = VG_(write)(output, bytes, (Int)left);
      if (done <= 0) fail("ends here: its file cannot be written", (UWord)-done);
      else {
         bytes += done;
         left -= (SizeT)done;
      }
   }
   written_words += (ULong)filled;
   filled = 0;
   open_run = -1;
   flushed_ns = now_ns;
}

static void put(ULong word)
{
   buffer[filled++] = word;
}

/* Begins a record of another kind than a run of pages. */
static void begin(UInt kind, ULong payload)
{
   if (filled > BUFFER_WORDS - ROOM_WORDS) flush_records();
   open_run = -1;
   put(payload << KIND_BITS | kind);
}

static void put_bytes(const void* bytes, UInt length)
{
   put(length);
   for (UInt i = 0; i < length; i += sizeof(ULong)) {
      ULong word = 0;
      UInt part = length - i < sizeof word ? length - i : (UInt)sizeof word;
      VG_(memcpy)(&word, (const HChar*)bytes + i, part);
      put(word);
   }
}

static void put_text(const HChar* text)
{
   SizeT length = VG_(strlen)(text);
   put_bytes(text, length < PATH_BYTES ? (UInt)length : PATH_BYTES);
}

/* Sets the thread that the records are of: another one may have run while this one was in a system call. */
static void thread_is(ThreadId thread)
{
   static ThreadId last = VG_INVALID_THREADID;
   if (thread == last && running_thread != 0) return;
   last = thread;
   running_thread = (UInt)VG_(gettid)();
}

/* Says the thread of the records that follow where it has changed, and the time where it is `precision` later. */
static void tell_context(ULong precision)
{
   if (now_ns - told_ns >= precision) {
      begin(R_TIME, now_ns);
      told_ns = now_ns;
   }
   if (told_thread != running_thread) {
      begin(R_THREAD, running_thread);
      told_thread = running_thread;
   }
}

/* Records an access to a page: extends the last run where the page is the next one. */
static void record_page(UInt kind, UWord page)
{
   tell_context(PAGE_TIME_NS);
   if (open_run >= 0) {
      ULong word = buffer[open_run];
      ULong count = (word >> (KIND_BITS + PAGE_BITS)) + 1;
      ULong first = word >> KIND_BITS & ((1ULL << PAGE_BITS) - 1);
      if ((word & 15) == kind && first + count == page && count < RUN_LIMIT) {
         buffer[open_run] = word + (1ULL << (KIND_BITS + PAGE_BITS));
         return;
      }
   }
   begin(kind, page);
   open_run = filled - 1;
}

static void record_string(UInt argument, const HChar* text)
{
   begin(R_STRING, argument);
   put_text(text);
}

static void put_header(UInt born, UInt parent, ULong parent_words)
{
   read_clock();
   told_ns = now_ns;
   written_words = 0;
   filled = 0;
   open_run = -1;
   told_thread = 0;
   put(FORMAT_MAGIC);
   put(FORMAT_VERSION);
   put((ULong)VG_(getpid)());
   put(parent);
   put(born);
   put(parent_words);
   put((ULong)clo_every_us);
   put((ULong)clo_contents_us);
   put((ULong)clo_sample);
   put(PAGE_SIZE_BYTES);
   put(now_ns);
   put(clock_ns(VKI_CLOCK_REALTIME));
   HChar command[PATH_BYTES];
   VG_(client_cmd_and_args)(command, sizeof command);
   put_text(command);
}

/* Opens the next free file of this process, `PID.N.pages`. */
static void open_output(UInt born, UInt parent, ULong parent_words)
{
   HChar path[PATH_BYTES];
   SysRes opened;
   output = -1;
   for (sequence = 0; is_wanted(); sequence++) {
      VG_(snprintf)(path, sizeof path, "%s/%d.%u.pages", clo_folder, VG_(getpid)(), sequence);
      opened = VG_(open)(path, VKI_O_CREAT | VKI_O_EXCL | VKI_O_WRONLY, 0600);
      if (!sr_isError(opened)) output = VG_(safe_fd)((Int)sr_Res(opened));
      else if (sr_Err(opened) != VKI_EEXIST) fail("does not begin: its file cannot be made", sr_Err(opened));
      if (output >= 0 || sr_Err(opened) != VKI_EEXIST) break;
   }
   if (born == BORN_STARTED && sequence > 0) born = BORN_EXECUTED;
   put_header(born, parent, parent_words);
}

#endif
