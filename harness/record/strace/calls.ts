import { CALLS } from '../tracefs/events.js';

/** Calls that pass descriptors on, or make those that stand for no memory: strace shows what a tracepoint does not. */
const DESCRIPTORS: readonly string[] = [
  ...[
    'sendmsg',
    'sendmmsg',
    'recvmsg',
    'recvmmsg',
    'pipe',
    'pipe2',
    'socket',
    'socketpair',
    'accept',
    'accept4',
  ],
  ...['epoll_create', 'epoll_create1', 'eventfd', 'eventfd2', 'timerfd_create', 'signalfd', 'signalfd4'],
  ...['inotify_init', 'inotify_init1', 'io_uring_setup', 'userfaultfd', 'perf_event_open', 'bpf'],
  ...['mseal', 'mincore', 'msync', 'process_mrelease'],
];

/** What `strace -e` takes: names that another version or architecture does not have are no error. */
export const TRACED = `trace=${[...CALLS, ...DESCRIPTORS].map((call) => `?${call}`).join(',')}`;
