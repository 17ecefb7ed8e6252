import { Refusal } from '../../contract/refusal.js';
import type { GroupPlace } from '../group.js';
import type { Session } from '../session.js';
import type { Execution, LiveSystem, Needs } from '../system.js';
import { type HostOptions, startHost } from './host.js';

/** The kernel of this host with the executor as a process. */
export class HostSystem implements LiveSystem {
  readonly name = 'host';
  readonly alone = false;
  readonly pace;
  readonly stats;

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

  prepare({ reclaim, swap }: Needs): void {
    const isGenerations =
      Number.parseInt(this.session.get('/sys/kernel/mm/lru_gen/enabled') ?? '0', 16) % 2 === 1;
    const own = isGenerations ? 'mglru' : 'linux';
    if (reclaim !== own)
      throw new Refusal(`reclaim policy ${reclaim} is not that of this host, expected ${own}`);
    if (swap !== 'none')
      throw new Refusal(`swap of --machine host is as it is, expected --swap none, not ${swap}`);
  }

  groups(): GroupPlace | string {
    return 'memory groups of --machine host are not there yet, --machine vm has them';
  }

  filesFolder(): string {
    throw new Refusal('files of a trace are not on --machine host yet, --machine vm has them', true);
  }
}
