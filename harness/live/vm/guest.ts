import { PAGE_BYTES } from '../../base/page.js';
import { Refusal } from '../../contract/refusal.js';
import type { SwapSetup } from '../../contract/swap.js';
import { executorFiles, type GroupPlace, type GroupVersion } from '../group.js';
import { LIVE_OP } from '../protocol.js';
import type { Session } from '../session.js';
import { AS_ASKED, type Execution, type LiveSystem, liveSwap, type Needs, PAGE_CLUSTER } from '../system.js';
import { emptyExt4, swapHeader } from './disk.js';
import { type KernelModule, type ModuleName, modulesOf } from './modules.js';
import { startVm, type VmOptions } from './vm.js';

const DISK_BYTES = 2 ** 30;
const DISK_PAGES = DISK_BYTES / PAGE_BYTES;
/** MODULE_INIT_COMPRESSED_FILE. Source: include/uapi/linux/module.h. */
const COMPRESSED = 4;
/**
 * Two disks, one for swap, one for files: what they hold is in the machine's memory, and they answer after 80 µs of its own
 * time, so that they do not depend on the host.
 */
const DISKS =
  'nr_devices=2 gb=1 bs=4096 queue_mode=2 irqmode=2 completion_nsec=80000 memory_backed=1 no_sched=1 submit_queues=1';
const SWAP_DISK = '/dev/nullb0';
const FILE_DISK = '/dev/nullb1';
const ZRAM = '/dev/zram0';
const READ_AHEAD = '/sys/block/nullb1/queue/read_ahead_kb';
const FILES = '/files';
const GROUPS = '/groups';

/** How a virtual machine is set, besides what it is. */
export interface GuestOptions extends VmOptions, Execution {
  /** Of its memory groups. */
  readonly cgroup: GroupVersion;
}

/** A virtual machine with the executor in it. What a run needs is set up when a run first needs it. */
export class Guest implements LiveSystem {
  readonly name = 'vm';
  readonly alone = true;
  readonly pace;
  readonly stats;
  private groupPlace: GroupPlace | string | undefined;
  private readonly modules: readonly KernelModule[];
  private readonly inserted = new Set<ModuleName>();
  private swapOn: string | undefined;
  private hasFiles = false;
  private fileKib = 0;

  private constructor(
    private readonly options: GuestOptions,
    private current: Session,
  ) {
    this.pace = options.pace;
    this.stats = options.stats;
    this.modules = modulesOf(options.kernel);
  }

  /** Starts it. @throws HostError where this host lacks something, or the machine does not start */
  static async start(options: GuestOptions): Promise<Guest> {
    return new Guest(options, await startVm(options));
  }

  get session(): Session {
    return this.current;
  }

  async renew(): Promise<void> {
    await this.current.close();
    this.groupPlace = undefined;
    this.inserted.clear();
    this.swapOn = undefined;
    this.hasFiles = false;
    this.current = await startVm(this.options);
  }

  close(): Promise<void> {
    return this.current.close();
  }

  prepare({ reclaim, swap, readahead }: Needs): void {
    this.useLru(reclaim === 'mglru');
    this.session.put(PAGE_CLUSTER, String(readahead.pageCluster));
    this.fileKib = readahead.fileKib;
    if (this.hasFiles) this.useReadAhead();
    if (this.swapOn !== undefined) this.must(LIVE_OP.swap, this.swapOn, 'swap cannot be switched off');
    this.swapOn = undefined;
    if (swap !== 'none') this.useSwap(liveSwap(swap, DISK_PAGES - 1));
  }

  change(path: string, value: string): void {
    this.session.put(path, value);
  }

  groups(): GroupPlace | string {
    this.groupPlace ??= this.mountGroups();
    return this.groupPlace;
  }

  filesFolder(): string {
    if (!this.hasFiles) this.makeFiles();
    this.hasFiles = true;
    return FILES;
  }

  readAheadKiB(): string {
    return AS_ASKED;
  }

  /** Files that are opened later are read ahead so far. */
  private useReadAhead(): void {
    this.session.put(READ_AHEAD, String(this.fileKib));
  }

  private useLru(generations: boolean): void {
    const path = '/sys/kernel/mm/lru_gen/enabled';
    if (this.session.tell(LIVE_OP.put, `${path}\n${generations ? 'y' : 'n'}`) !== 0 && generations)
      throw new Refusal('reclaim policy mglru is not in this kernel: it has no lru_gen');
  }

  private mountGroups(): GroupPlace | string {
    const { session } = this;
    const { cgroup: version } = this.options;
    session.tell(LIVE_OP.mkdir, GROUPS);
    const mount = version === 'v1' ? 'cgroup\ncgroup\n/groups\nmemory' : 'cgroup2\ncgroup2\n/groups\n';
    const failed =
      session.tell(LIVE_OP.mount, mount) !== 0 ||
      (version === 'v2' && session.tell(LIVE_OP.put, `${GROUPS}/cgroup.subtree_control\n+memory`) !== 0);
    if (failed) return `this kernel has no memory cgroup ${version}`;
    return { version, parent: GROUPS, files: executorFiles(session) };
  }

  private useSwap(swap: SwapSetup): void {
    const { kind, pages } = swap;
    if (kind === 'ssd' && pages >= DISK_PAGES)
      throw new Refusal(
        `swap of ${pages} pages is more than the disk of the virtual machine: expected below ${DISK_PAGES}`,
      );
    const device = kind === 'zram' ? this.zram(swap) : this.swapDisk();
    this.write(device, 0, swapHeader(pages + 1));
    const error = this.session.tell(LIVE_OP.swap, device, 1);
    if (error !== 0) throw new Refusal(`there is no swap in this kernel: swapon of ${device} is ${error}`);
    this.swapOn = device;
  }

  private zram({ pages, algorithm }: SwapSetup): string {
    this.insert('zram', 'swap zram');
    const { session } = this;
    session.put('/sys/block/zram0/reset', '1');
    if (session.tell(LIVE_OP.put, `/sys/block/zram0/comp_algorithm\n${algorithm}`) !== 0)
      throw new Refusal(`zram of this kernel has no algorithm ${algorithm}`);
    session.put('/sys/block/zram0/disksize', String((pages + 1) * PAGE_BYTES));
    return ZRAM;
  }

  private swapDisk(): string {
    this.insert('null_blk', 'swap ssd', DISKS);
    return SWAP_DISK;
  }

  private makeFiles(): void {
    const { session } = this;
    this.insert('null_blk', 'a disk for the files of a trace', DISKS);
    for (const { offset, data } of emptyExt4(DISK_BYTES)) this.write(FILE_DISK, offset, data);
    this.useReadAhead();
    session.tell(LIVE_OP.mkdir, FILES);
    this.must(LIVE_OP.mount, `ext4\n${FILE_DISK}\n${FILES}\n`, 'ext4 cannot be mounted in this kernel');
  }

  /** Inserts a module after all that it may use. @throws Refusal where there is none, and it is not built in */
  private insert(name: ModuleName, what: string, parameters = ''): void {
    const wanted = this.modules.slice(0, this.modules.findIndex((module) => module.name === name) + 1);
    for (const module of wanted) {
      if (this.inserted.has(module.name)) continue;
      const own = module.name === name ? parameters : '';
      if (module.name === 'null_blk' && module.name !== name) continue;
      const flags = module.compressed ? COMPRESSED : 0;
      const error = this.session.tell(LIVE_OP.module, `${module.path}\n${own}`, flags);
      if (error === 0) this.inserted.add(module.name);
      else if (module.name === name)
        throw new Refusal(`${what}: module ${name} is refused by this kernel (${error})`);
    }
    const built = this.session.get(`/sys/block/${name === 'zram' ? 'zram0' : 'nullb0'}/size`);
    if (built === undefined)
      throw new Refusal(
        `${what} needs the module ${name}, which is not next to this kernel image, expected lib/modules/VERSION next to the folder of the image, as in its package`,
      );
  }

  private write(device: string, offset: number, data: Buffer): void {
    const text = Buffer.concat([Buffer.from(`${device}\n`), data]);
    const { error } = this.session.call(LIVE_OP.put, { page: offset }, text);
    if (error !== 0) throw new Refusal(`${device} of the virtual machine cannot be written`);
  }

  private must(code: number, text: string, what: string): void {
    const error = this.session.tell(code, text);
    if (error !== 0) throw new Refusal(`${what} (${error})`);
  }
}
