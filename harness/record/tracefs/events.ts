/** Calls on memory and on descriptors, and those that begin and end tasks; their tracepoints are `sys_enter_X` and `sys_exit_X`. */
export const CALLS: readonly string[] = [
  ...['mmap', 'munmap', 'mremap', 'brk', 'mprotect', 'pkey_mprotect', 'remap_file_pages', 'prctl'],
  ...['madvise', 'process_madvise', 'mlock', 'mlock2', 'munlock', 'mlockall', 'munlockall'],
  ...['open', 'openat', 'openat2', 'creat', 'memfd_create', 'memfd_secret', 'close', 'close_range'],
  ...['dup', 'dup2', 'dup3', 'fcntl', 'pidfd_open', 'pidfd_getfd', 'unshare'],
  ...[
    'ftruncate',
    'truncate',
    'fallocate',
    'fadvise64',
    'pread64',
    'pwrite64',
    'sync_file_range',
    'fsync',
    'fdatasync',
  ],
  ...['unlink', 'unlinkat', 'rename', 'renameat', 'renameat2'],
  ...['shmget', 'shmat', 'shmdt', 'shmctl'],
  ...['fork', 'vfork', 'clone', 'clone3', 'execve', 'execveat', 'exit', 'exit_group'],
];

/** First accesses. x86 alone has these tracepoints. */
const FAULTS: readonly string[] = ['exceptions/page_fault_user', 'exceptions/page_fault_kernel'];

/** New tasks with their clone flags, new programs, ends of tasks. */
const TASKS: readonly string[] = [
  'task/task_newtask',
  'sched/sched_process_exec',
  'sched/sched_process_exit',
];

/** Tracepoints of calls and tasks, as `SUBSYSTEM/NAME`. */
export const CALLS_ALONE: readonly string[] = [
  ...TASKS,
  ...CALLS.flatMap((call) => [`syscalls/sys_enter_${call}`, `syscalls/sys_exit_${call}`]),
];

/** All tracepoints. */
export const TRACEPOINTS: readonly string[] = [...FAULTS, ...CALLS_ALONE];
