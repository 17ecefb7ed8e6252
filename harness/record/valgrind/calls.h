/*
 * System calls: those that change memory, what a descriptor means, or which processes there are, each with its arguments and
 * its result; file reads and writes with their place in the file. Buffers that the kernel reads or fills are accesses.
 */
#ifndef CALLS_H
#define CALLS_H

#define CALL_ARGUMENTS 6
#define CALLS_KNOWN 512
#define FDS_KNOWN 4096
#define OBJECTS_KNOWN 1024

/* What is to be done at a call. */
enum {
   C_RECORDED = 1,
   /* It may change what an access means, so that accesses after it are recorded again. */
   C_MEMORY = 2,
   /* It does not return where it succeeds, or makes a process: its beginning is recorded too. */
   C_ENTER = 4,
   /* Its range (first and second argument) may lose its contents. */
   C_RANGE = 8,
   /* Pages of any mapping may lose their contents. */
   C_ALL = 16,
   /* It reads a file, or writes one. */
   C_READ = 32,
   C_WRITE = 64,
};
/* Which argument is a descriptor or a path, plus one; 0 for none. */
typedef struct { UChar what, descriptor, path; } Call;

static Call calls[CALLS_KNOWN];

static void know_call(UInt number, UChar what, UChar descriptor, UChar path)
{
   tl_assert(number < CALLS_KNOWN);
   calls[number] = (Call){ what, descriptor, path };
}

static void know_memory_calls(void)
{
   const UChar memory = C_RECORDED | C_MEMORY;
   const UChar range = memory | C_RANGE;
   know_call(__NR_mmap, memory | C_RANGE, 5, 0);
   know_call(__NR_munmap, range, 0, 0);
   know_call(__NR_mremap, range, 0, 0);
   know_call(__NR_madvise, range, 0, 0);
#ifdef __NR_process_madvise
   know_call(__NR_process_madvise, memory | C_ALL, 0, 0);
#endif
   know_call(__NR_brk, memory, 0, 0);
   know_call(__NR_mprotect, memory, 0, 0);
   know_call(__NR_pkey_mprotect, memory, 0, 0);
   know_call(__NR_mlock, memory, 0, 0);
   know_call(__NR_mlock2, memory, 0, 0);
   know_call(__NR_munlock, memory, 0, 0);
   know_call(__NR_mlockall, memory, 0, 0);
   know_call(__NR_munlockall, memory, 0, 0);
   know_call(__NR_msync, memory, 0, 0);
   know_call(__NR_remap_file_pages, range, 0, 0);
   know_call(__NR_fallocate, memory | C_ALL, 1, 0);
   know_call(__NR_ftruncate, memory | C_ALL, 1, 0);
   know_call(__NR_truncate, memory | C_ALL, 0, 1);
   know_call(__NR_shmget, C_RECORDED, 0, 0);
   know_call(__NR_shmat, memory, 0, 0);
   know_call(__NR_shmdt, memory | C_ALL, 0, 0);
   know_call(__NR_shmctl, C_RECORDED, 0, 0);
   know_call(__NR_prctl, C_RECORDED, 0, 0);
}

static void know_descriptor_calls(void)
{
   know_call(__NR_open, C_RECORDED, 0, 1);
   know_call(__NR_openat, C_RECORDED, 0, 2);
   know_call(__NR_creat, C_RECORDED, 0, 1);
   know_call(__NR_memfd_create, C_RECORDED, 0, 1);
   know_call(__NR_close, C_RECORDED, 0, 0);
   know_call(__NR_close_range, C_RECORDED, 0, 0);
   know_call(__NR_dup, C_RECORDED, 0, 0);
   know_call(__NR_dup2, C_RECORDED, 0, 0);
   know_call(__NR_dup3, C_RECORDED, 0, 0);
   know_call(__NR_fcntl, C_RECORDED, 0, 0);
   know_call(__NR_unlink, C_RECORDED, 0, 1);
   know_call(__NR_unlinkat, C_RECORDED, 0, 2);
   know_call(__NR_fsync, C_RECORDED, 1, 0);
   know_call(__NR_fdatasync, C_RECORDED, 1, 0);
   know_call(__NR_sendfile, C_RECORDED, 2, 0);
   know_call(__NR_copy_file_range, C_RECORDED, 1, 0);
   know_call(__NR_splice, C_RECORDED, 1, 0);
   know_call(__NR_read, C_READ, 1, 0);
   know_call(__NR_readv, C_READ, 1, 0);
   know_call(__NR_pread64, C_READ, 1, 0);
   know_call(__NR_preadv, C_READ, 1, 0);
   know_call(__NR_write, C_WRITE, 1, 0);
   know_call(__NR_writev, C_WRITE, 1, 0);
   know_call(__NR_pwrite64, C_WRITE, 1, 0);
   know_call(__NR_pwritev, C_WRITE, 1, 0);
}

static void know_calls(void)
{
   know_memory_calls();
   know_descriptor_calls();
   know_call(__NR_fork, C_RECORDED | C_MEMORY | C_ENTER, 0, 0);
   know_call(__NR_vfork, C_RECORDED | C_MEMORY | C_ENTER, 0, 0);
   know_call(__NR_clone, C_RECORDED | C_MEMORY | C_ENTER, 0, 0);
   know_call(__NR_clone3, C_RECORDED | C_MEMORY | C_ENTER, 0, 0);
   know_call(__NR_execve, C_RECORDED | C_ENTER, 0, 1);
   know_call(__NR_execveat, C_RECORDED | C_ENTER, 0, 2);
   know_call(__NR_exit_group, C_RECORDED | C_ENTER, 0, 0);
   know_call(__NR_wait4, C_RECORDED, 0, 0);
}

/* Kinds of descriptors that are known: until it is closed, a descriptor stays what it is. */
enum { FD_UNKNOWN, FD_FILE, FD_OTHER };
static UChar fd_kinds[FDS_KNOWN];

/* Objects that were told, by a hash of where they lie; and their size and links when they were. */
typedef struct { ULong dev, ino; Long size; ULong links; } Told;
static Told told_objects[OBJECTS_KNOWN];

/* Records what a descriptor stands for, unless that is told already. True for what has pages: a regular file, shared memory. */
static Bool record_object(Int fd)
{
   struct vg_stat info;
   HChar link[64];
   HChar path[PATH_BYTES];
   if (fd < 0 || (fd < FDS_KNOWN && fd_kinds[fd] == FD_OTHER) || VG_(fstat)(fd, &info) != 0) return False;
   Bool file = VKI_S_ISREG(info.mode);
   if (fd < FDS_KNOWN) fd_kinds[fd] = file ? FD_FILE : FD_OTHER;
   if (!file) return False;
   Told* told = &told_objects[mixed(info.dev << 32 ^ info.ino) & (OBJECTS_KNOWN - 1)];
   if (told->dev == info.dev && told->ino == info.ino && told->size == info.size && told->links == info.nlink) return True;
   *told = (Told){ info.dev, info.ino, info.size, info.nlink };
   VG_(sprintf)(link, "/proc/self/fd/%d", fd);
   SSizeT length = VG_(readlink)(link, path, sizeof path - 1);
   path[length > 0 ? length : 0] = 0;
   begin(R_OBJECT, (UInt)fd);
   put(info.dev);
   put(info.ino);
   put((ULong)info.size);
   put((ULong)info.nlink << 32 | info.mode);
   put_text(path);
   return True;
}

static void forget_descriptors(UInt number, const UWord* arguments)
{
   if (number == __NR_close && arguments[0] < FDS_KNOWN) fd_kinds[arguments[0]] = FD_UNKNOWN;
   if ((number == __NR_dup2 || number == __NR_dup3) && arguments[1] < FDS_KNOWN) fd_kinds[arguments[1]] = FD_UNKNOWN;
   if (number == __NR_close_range) VG_(memset)(fd_kinds, FD_UNKNOWN, sizeof fd_kinds);
}

/* Records a read or write of a file, with where in the file it was. */
static void record_file_io(const Call* call, UInt number, const UWord* arguments, UWord bytes)
{
   Int fd = (Int)arguments[0];
   Bool placed = number == __NR_pread64 || number == __NR_pwrite64 || number == __NR_preadv || number == __NR_pwritev;
   struct vg_stat info;
   if (!record_object(fd) || VG_(fstat)(fd, &info) != 0) return;
   Long offset = placed ? (Long)arguments[3] : VG_(lseek)(fd, 0, VKI_SEEK_CUR) - (Long)bytes;
   tell_context(1);
   begin(R_IO, (UInt)fd | (ULong)((call->what & C_WRITE) != 0) << 32);
   put(info.dev);
   put(info.ino);
   put((ULong)offset);
   put(bytes);
}

static void record_call(UInt kind, UInt number, const UWord* arguments, UInt count, Word result)
{
   read_clock();
   tell_context(1);
   begin(kind, number);
   put((ULong)result);
   for (UInt i = 0; i < CALL_ARGUMENTS; i++) put(i < count ? arguments[i] : 0);
}

static void record_path(const Call* call, const UWord* arguments)
{
   if (call->path == 0) return;
   const HChar* path = (const HChar*)arguments[call->path - 1];
   if (VG_(am_is_valid_for_client)((Addr)path, 1, VKI_PROT_READ)) record_string(call->path - 1, path);
}

/* Pages whose contents a call may take away are asked for before it. */
static void record_contents_before(const Call* call, const UWord* arguments)
{
   if (clo_contents_us == 0) return;
   if (call->what & (C_ALL | C_ENTER)) record_all_contents();
   else if (call->what & C_RANGE)
      record_contents(arguments[0] >> PAGE_SHIFT, (arguments[0] + arguments[1] + PAGE_SIZE_BYTES - 1) >> PAGE_SHIFT);
}

static void before_call(ThreadId thread, UInt number, UWord* arguments, UInt count)
{
   const Call* call = number < CALLS_KNOWN ? &calls[number] : &calls[CALLS_KNOWN - 1];
   record_contents_before(call, arguments);
   if (call->what & C_ENTER) {
      record_path(call, arguments);
      record_call(R_ENTER, number, arguments, count, 0);
      flush_records();
   }
   // The call may sleep for long, and the process may be killed meanwhile.
   if (now_ns - flushed_ns > FLUSH_NS) flush_records();
}

static void after_call(ThreadId thread, UInt number, UWord* arguments, UInt count, SysRes result)
{
   const Call* call = number < CALLS_KNOWN ? &calls[number] : &calls[CALLS_KNOWN - 1];
   Bool failed = sr_isError(result);
   thread_is(thread);
   if (call->what & (C_READ | C_WRITE)) {
      if (!failed && sr_Res(result) > 0) record_file_io(call, number, arguments, sr_Res(result));
   } else if (call->what & C_RECORDED) {
      if (!(call->what & C_ENTER)) record_path(call, arguments);
      if (call->descriptor > 0 && call->descriptor <= count) record_object((Int)arguments[call->descriptor - 1]);
      if (number == __NR_memfd_create && !failed) record_object((Int)sr_Res(result));
      record_call(R_CALL, number, arguments, count, failed ? -(Word)sr_Err(result) : (Word)sr_Res(result));
      forget_descriptors(number, arguments);
      if (call->what & C_MEMORY) new_window();
   }
}

/* The kernel reads or fills a buffer. Pages that are not mapped make the call fail, and are not accessed. */
static void kernel_access(UInt kind, Addr start, SizeT bytes, UInt protection)
{
   if (bytes == 0) return;
   Addr end = start + bytes;
   while (start < end) {
      Addr next = (start | (PAGE_SIZE_BYTES - 1)) + 1;
      if (next > end) next = end;
      if (!VG_(am_is_valid_for_client)(start, 1, protection)) return;
      touch_range(kind, start, next - start);
      start = next;
   }
}

static void kernel_reads(CorePart part, ThreadId thread, const HChar* what, Addr start, SizeT bytes)
{
   if (part != Vg_CoreTranslate) kernel_access(R_READ, start, bytes, VKI_PROT_READ);
}

static void kernel_reads_text(CorePart part, ThreadId thread, const HChar* what, Addr start)
{
   if (!VG_(am_is_valid_for_client)(start, 1, VKI_PROT_READ)) return;
   kernel_access(R_READ, start, VG_(strlen)((const HChar*)start) + 1, VKI_PROT_READ);
}

static void kernel_writes(CorePart part, ThreadId thread, Addr start, SizeT bytes)
{
   thread_is(thread);
   kernel_access(R_WRITE, start, bytes, VKI_PROT_WRITE);
}

#endif
