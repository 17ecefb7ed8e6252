import { type Call, numberAt } from './call.js';
import { type OpenFile, OTHER_FILE } from './descriptors.js';
import type { Process } from './processes.js';
import { type CallFollower, type Outcome, type Scene, UNRELATED } from './scene.js';

/** A call on a descriptor is part of the trace where the descriptor stands for a segment, or for a process. */
function outcomeFor(file: OpenFile | undefined): Outcome {
  return file?.kind === 'segment' || file?.kind === 'process' ? undefined : UNRELATED;
}

/** dup(fd), dup2(fd, to) and dup3(fd, to, flags) = the new descriptor. */
function dup(scene: Scene, process: Process, call: Call): Outcome {
  const cloexec = (call.args[2] ?? '').includes('O_CLOEXEC');
  return outcomeFor(scene.descriptors.duplicate(process, numberAt(call, 0), call.result, cloexec));
}

/** fcntl(fd, F_DUPFD, from) = the new descriptor, and fcntl(fd, F_SETFD, flags). */
function fcntl(scene: Scene, process: Process, call: Call): Outcome {
  const fd = numberAt(call, 0);
  const [, command = '', value = ''] = call.args;
  if (command.startsWith('F_DUPFD'))
    return outcomeFor(scene.descriptors.duplicate(process, fd, call.result, command === 'F_DUPFD_CLOEXEC'));
  const descriptor = scene.descriptors.get(process, fd);
  if (command === 'F_ADD_SEALS' && descriptor?.file.kind === 'segment')
    return 'calls of fcntl with F_ADD_SEALS';
  if (command !== 'F_SETFD' || !descriptor) return UNRELATED;
  descriptor.cloexec = value.includes('FD_CLOEXEC');
  return outcomeFor(descriptor.file);
}

function close(scene: Scene, process: Process, call: Call): Outcome {
  return outcomeFor(scene.descriptors.close(process, numberAt(call, 0)));
}

/** close_range(first, last, flags). */
function closeRange(scene: Scene, process: Process, call: Call): Outcome {
  const last = Number(call.args[1]);
  const flags = call.args[2] ?? '';
  if (flags.includes('CLOSE_RANGE_UNSHARE')) scene.descriptors.unshare(process);
  const files = scene.descriptors.closeRange(
    process,
    numberAt(call, 0),
    Number.isNaN(last) ? Number.POSITIVE_INFINITY : last, // ~0U
    flags.includes('CLOSE_RANGE_CLOEXEC'),
  );
  return files.some((file) => outcomeFor(file) === undefined) ? undefined : UNRELATED;
}

function unshare(scene: Scene, process: Process, call: Call): Outcome {
  if ((call.args[0] ?? '').includes('CLONE_FILES')) scene.descriptors.unshare(process);
  return UNRELATED;
}

/** Calls that return a descriptor of something that is no memory. */
function opensOther(scene: Scene, process: Process, call: Call): Outcome {
  scene.descriptors.set(process, call.result, OTHER_FILE, call.args.join().includes('CLOEXEC'));
  return UNRELATED;
}

/** pipe([read, write]) and socketpair(…, [one, other]). */
function opensTwo(scene: Scene, process: Process, call: Call): Outcome {
  const text = call.args.join();
  const pair = /\[(\d+), (\d+)\]/.exec(text);
  for (const fd of pair?.slice(1) ?? [])
    scene.descriptors.set(process, Number(fd), OTHER_FILE, text.includes('CLOEXEC'));
  return UNRELATED;
}

/** pidfd_open(pid, flags) = descriptor; strace --pidns-translation says which pid that is in its own namespace. */
function pidfdOpen(scene: Scene, process: Process, call: Call): Outcome {
  const pid = /\/\* (\d+) in strace's PID NS/.exec(call.args[0] ?? '')?.[1];
  const thread = pid === undefined ? numberAt(call, 0) : Number(pid);
  const file: OpenFile = { kind: 'process', process: scene.processes.find(thread) };
  scene.descriptors.set(process, call.result, file, true);
  return outcomeFor(file.process ? file : undefined);
}

/** pidfd_getfd(pidfd, its descriptor, flags) = descriptor. */
function pidfdGetfd(scene: Scene, process: Process, call: Call): Outcome {
  const holder = scene.descriptors.get(process, numberAt(call, 0))?.file;
  const from = holder?.kind === 'process' ? holder.process : undefined;
  const file = from && scene.descriptors.get(from, numberAt(call, 1))?.file;
  if (file) scene.descriptors.set(process, call.result, file, true);
  else scene.descriptors.close(process, call.result);
  return outcomeFor(file);
}

const RIGHTS = /cmsg_type=SCM_RIGHTS, cmsg_data=\[([^\]]*)\]/g;

/** Descriptors that a message carries. */
function passed(text: string): number[] {
  return [...text.matchAll(RIGHTS)].flatMap(([, list]) =>
    list!.split(',').map((fd) => Number.parseInt(fd, 10)),
  );
}

/** What distinguishes messages: their data. */
function messageKey(text: string): string {
  return /msg_iov=\[(.*?)\], msg_iovlen/.exec(text)?.[1] ?? '';
}

/** sendmsg(socket, {…, msg_control=[…SCM_RIGHTS…]}, flags): its descriptors are under way. */
function sendmsg(scene: Scene, process: Process, call: Call): Outcome {
  const text = call.args.join(', ');
  const fds = passed(text);
  if (fds.length === 0) return UNRELATED;
  const files = fds.map((fd) => scene.descriptors.get(process, fd)?.file);
  for (const file of files) if (file) scene.descriptors.hold(file);
  scene.messages.push({ key: messageKey(text), files });
  return files.some((file) => outcomeFor(file) === undefined) ? undefined : UNRELATED;
}

/**
 * recvmsg: the message that was sent with as many descriptors and the same data, else with as many. Where there is
 * none, what the descriptors stand for is not known.
 */
function recvmsg(scene: Scene, process: Process, call: Call): Outcome {
  const text = call.args.join(', ');
  const fds = passed(text);
  if (fds.length === 0) return UNRELATED;
  const key = messageKey(text);
  const fitting = scene.messages.filter(({ files }) => files.length === fds.length);
  const same = fitting.find((message) => message.key === key);
  const message = same ?? fitting[0];
  if (message) scene.messages.splice(scene.messages.indexOf(message), 1);
  const cloexec = text.includes('MSG_CMSG_CLOEXEC');
  fds.forEach((fd, i) => {
    const file = message?.files[i];
    if (file) scene.descriptors.set(process, fd, file, cloexec);
    else scene.descriptors.close(process, fd);
    if (file) scene.descriptors.release(file);
  });
  if (!message?.files.some((file) => outcomeFor(file) === undefined)) return UNRELATED;
  const alike = fitting.filter((other) => other.key === message.key);
  if (!same || alike.length > 1) scene.remark('messages with descriptors that are paired by their order');
  return undefined;
}

const OTHERS = [
  'socket',
  'accept',
  'accept4',
  'epoll_create',
  'epoll_create1',
  'eventfd',
  'eventfd2',
  'timerfd_create',
  'signalfd',
  'signalfd4',
  'inotify_init',
  'inotify_init1',
  'io_uring_setup',
  'perf_event_open',
  'bpf',
  'memfd_secret',
];

/** Calls that pass descriptors on, and make those of other things, by name. */
export const PASSING_CALLS: Readonly<Record<string, CallFollower>> = {
  dup,
  dup2: dup,
  dup3: dup,
  fcntl,
  close,
  close_range: closeRange,
  unshare,
  pidfd_open: pidfdOpen,
  pidfd_getfd: pidfdGetfd,
  sendmsg,
  sendmmsg: sendmsg,
  recvmsg,
  recvmmsg: recvmsg,
  pipe: opensTwo,
  pipe2: opensTwo,
  socketpair: opensTwo,
  ...Object.fromEntries(OTHERS.map((name) => [name, opensOther])),
};
