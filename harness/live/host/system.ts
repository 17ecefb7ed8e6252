import { HostError } from '../../base/errors.js';
import { Refusal } from '../../contract/refusal.js';
import type { SwapKind, SwapText } from '../../contract/swap.js';
import type { Change } from '../../guard/change.js';
import type { Errno } from '../../policy/discard/contract.js';
import type { GroupPlace } from '../group.js';
import type { Session } from '../session.js';
import { type Execution, type LiveSystem, liveSwap, type Needs, PAGE_CLUSTER } from '../system.js';
import { makeFilesFolder, readAheadIn, useReadAhead } from './files.js';
import { hostHierarchy, keepFromSwap, makeGroup, readGroup, removeGroup } from './groups.js';
import { type HostOptions, startHost } from './host.js';
import { type HostSwap, makeSwap } from './swap.js';

/** The swap of a host that stands for that of the model. */
const HOST_SWAP = { zram: 'zram', ssd: 'file' } as const satisfies Record<
  Exclude<SwapKind, 'none'>,
  HostSwap
>;
/** Pages of swap that has no size: written once where it is a file. */
const SWAP_PAGES = 2 ** 18;

function isSwap({ kind }: Change): boolean {
  return kind === 'zram' || kind === 'swapfile';
}

/** The kernel of this host with the executor as a process. */
export class HostSystem implements LiveSystem {
  readonly name = 'host';
  readonly alone = false;
  readonly pace;
  readonly stats;
  private place: GroupPlace | string | undefined;
  private files: string | undefined;
  private swap: SwapText = 'none';
  private fileKib = 0;

  private constructor(
    private readonly options: HostOptions & Execution,
    private current: Session,
  ) {
    this.pace = options.pace;
    this.stats = options.stats;
  }

  /** Starts the executor. @throws HostError where this host lacks something */
  static async start(options: HostOptions & Execution): Promise<HostSystem> {
    return new HostSystem(options, await startHost(options));
  }

  get session(): Session {
    return this.current;
  }

  async renew(): Promise<void> {
    await this.current.close();
    this.current = await startHost(this.options);
  }

  close(): Promise<void> {
    return this.current.close();
  }

  async prepare({ reclaim, swap, readahead }: Needs): Promise<void> {
    const generations = this.session.get('/sys/kernel/mm/lru_gen/enabled') ?? '0';
    const own = Number.parseInt(generations, 16) % 2 === 1 ? 'mglru' : 'linux';
    if (reclaim !== own)
      throw new Refusal(
        `reclaim policy ${reclaim} is not that of this host, which is one for all its programs: expected ${own}, or --machine vm`,
      );
    const { guard, cache } = this.options;
    this.fileKib = readahead.fileKib;
    if (this.files !== undefined) useReadAhead(guard, this.files, this.fileKib);
    if (swap !== 'none' && swap === this.swap) guard.set(PAGE_CLUSTER, String(readahead.pageCluster));
    if (swap === this.swap) return;
    await guard.undo(isSwap);
    this.swap = 'none';
    const { kind, pages, algorithm } = liveSwap(swap, SWAP_PAGES);
    if (kind !== 'none') makeSwap(guard, HOST_SWAP[kind], cache, { pages, algorithm }, readahead.pageCluster);
    this.swap = swap;
  }

  change(path: string, value: string): void {
    if (process.getuid?.() !== 0)
      throw new HostError(
        `${path} of this host is changed as root only; --merge none and --thp never change nothing`,
      );
    this.options.guard.set(path, value);
  }

  groups(): GroupPlace | string {
    this.place ??= this.findGroups();
    return this.place;
  }

  filesFolder(): string {
    this.files ??= makeFilesFolder(this.options.guard, this.options.cache, this.fileKib);
    return this.files;
  }

  readAheadKiB(): string | undefined {
    return readAheadIn(this.options.cache);
  }

  private findGroups(): GroupPlace | string {
    const { guard } = this.options;
    const found = hostHierarchy(guard);
    if (typeof found === 'string') return found;
    const { version, parent } = found;
    const makeFolder = (path: string) => {
      const error = makeGroup(guard, path);
      if (error === undefined && this.swap === 'none') keepFromSwap(path, version);
      return (error ?? 0) as Errno;
    };
    const removeFolder = (path: string) => {
      const error = removeGroup(path);
      if (error === undefined) guard.forget((change) => change.kind === 'cgroup' && change.path === path);
      return (error ?? 0) as Errno;
    };
    return { version, parent, files: { get: readGroup, makeFolder, removeFolder } };
  }
}
