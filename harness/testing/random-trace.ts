import fc from 'fast-check';
import { NaiveMachine } from './naive.js';

/** Pages of the small address space that random traces use. */
const PAGES = 32;
const OBJECT_PAGES = 16;
const SPACES = [1, 2, 3, 4];

/** How a random trace gives memory back. */
export type Drop = 'dontneed' | 'remove';

/** A choice of fast-check that an event is made from: it shrinks towards fewer and simpler events. */
interface Choice {
  readonly kind: number;
  readonly space: number;
  readonly page: number;
  readonly count: number;
  readonly extra: number;
}

/** An event and, once the machine has done it, what all spaces must find. */
export interface Step {
  readonly event: string;
  /** Contents by space and page. */
  readonly expected: ReadonlyMap<number, ReadonlyMap<number, number>>;
}

const choice: fc.Arbitrary<Choice> = fc.record({
  kind: fc.nat(99),
  space: fc.nat(SPACES.length - 1),
  page: fc.nat(PAGES - 1),
  count: fc.integer({ min: 1, max: 12 }),
  extra: fc.nat(999),
});

/** Turns choices into events that make sense, beside a naive model that says what they mean. */
class TraceMaker {
  private readonly naive = new NaiveMachine();
  private nextContent = 1;

  constructor(
    private readonly drop: Drop,
    private readonly locks: boolean,
  ) {}

  start(): Step[] {
    this.naive.spawn(1);
    this.naive.object('a', OBJECT_PAGES);
    return ['spawn,1,,,', `object,,,${OBJECT_PAGES},shmem:a`].map((event) => this.step(event));
  }

  /** The event that a choice stands for now; undefined when it makes none. */
  make(choice: Choice): Step | undefined {
    const event = this.event(choice);
    return event === undefined ? undefined : this.step(event);
  }

  private step(event: string): Step {
    const expected = new Map<number, Map<number, number>>();
    for (const [space, pages] of this.naive.spaces) {
      expected.set(
        space,
        new Map([...pages.keys()].map((page) => [page, this.naive.content(space, page) as number])),
      );
    }
    return { event, expected };
  }

  private event({ kind, space: at, page, count: wanted, extra }: Choice): string | undefined {
    const { naive } = this;
    const live = [...naive.spaces.keys()];
    const space = live[at % live.length] as number;
    const count = Math.min(wanted, PAGES - page);
    if (kind < 25) return this.touch(space, page, count, false);
    if (kind < 55) return this.touch(space, page, count, true);
    if (kind < 70) return this.map(space, page, count, extra);
    if (kind < 75) {
      naive.unmap(space, page, count);
      return `unmap,${space},${page},${count},`;
    }
    if (kind < 85) {
      if (this.drop === 'dontneed') naive.dontneed(space, page, count);
      else naive.remove(space, page, count);
      return `discard,${space},${page},${count},`;
    }
    if (kind < 89) return this.fork(space);
    if (kind < 91 && live.length > 1) {
      naive.exit(space);
      return `exit,${space},,,`;
    }
    if (kind < 93) return this.protect(space, page, count, extra);
    if (kind < 96) return this.lock(space, page, count, extra);
    return this.remap(space, page, count, extra % PAGES);
  }

  /** Touches a run of allowed pages, in one event; `choice` chooses where among the mapped pages it begins. */
  private touch(space: number, choice: number, count: number, write: boolean): string | undefined {
    const pages = this.naive.pages(space);
    const mapped = [...pages.keys()];
    if (mapped.length === 0) return undefined;
    const page = mapped[choice % mapped.length] as number;
    let run = 0;
    while (run < count && pages.has(page + run) && (!write || pages.get(page + run)?.writable)) run++;
    if (run === 0) return undefined;
    if (!write) return `read,${space},${page},${run},`;
    const content = this.nextContent;
    this.nextContent += run;
    for (let i = 0; i < run; i++) this.naive.write(space, page + i, content + i);
    return `write,${space},${page},${run},=${content}+`;
  }

  private map(space: number, page: number, count: number, extra: number): string {
    const offset = extra % OBJECT_PAGES;
    const pages = Math.min(count, OBJECT_PAGES - offset);
    const writable = extra % 5 !== 0;
    const flag = writable ? '' : ' ro';
    switch (extra % 4) {
      case 0:
        this.naive.map(space, page, count, { shared: false, writable });
        return `map,${space},${page},${count},anon${flag}`;
      case 1:
        this.naive.map(space, page, count, { shared: true, writable });
        return `map,${space},${page},${count},anon-shared${flag}`;
      case 2:
        this.naive.map(space, page, pages, { object: 'a', offset, shared: true, writable });
        return `map,${space},${page},${pages},shared:a@${offset}${flag}`;
      default:
        this.naive.map(space, page, pages, { object: 'a', offset, shared: false, writable });
        return `map,${space},${page},${pages},private:a@${offset}${flag}`;
    }
  }

  private fork(space: number): string | undefined {
    const child = SPACES.find((id) => !this.naive.spaces.has(id));
    if (child === undefined) return undefined;
    this.naive.fork(space, child);
    return `fork,${space},,,${child}`;
  }

  private protect(space: number, page: number, count: number, extra: number): string | undefined {
    const run = this.mappedRun(space, page, count);
    if (run === 0) return undefined;
    const writable = extra % 2 === 0;
    this.naive.protect(space, page, run, writable);
    return `protect,${space},${page},${run},${writable ? 'rw' : 'ro'}`;
  }

  private lock(space: number, page: number, count: number, extra: number): string | undefined {
    const run = this.locks ? this.mappedRun(space, page, count) : 0;
    if (run === 0) return undefined;
    const locked = extra % 3 > 0;
    this.naive.lock(space, page, run, locked);
    return `${locked ? 'lock' : 'unlock'},${space},${page},${run},`;
  }

  private remap(space: number, page: number, count: number, to: number): string | undefined {
    const run = Math.min(this.mappedRun(space, page, count), PAGES - to);
    if (run <= 0 || (to < page + run && page < to + run)) return undefined;
    this.naive.remap(space, page, run, to);
    return `remap,${space},${page},${run},to=${to}`;
  }

  private mappedRun(space: number, page: number, count: number): number {
    let run = 0;
    while (run < count && this.naive.pages(space).has(page + run)) run++;
    return run;
  }
}

/** Random traces of up to `maxEvents` events, with or without mlock, that make sense, with what memory must contain after each. */
export function randomTrace(drop: Drop, maxEvents: number, locks: boolean): fc.Arbitrary<Step[]> {
  return fc.array(choice, { minLength: 1, maxLength: maxEvents, size: 'max' }).map((choices) => {
    const maker = new TraceMaker(drop, locks);
    return [...maker.start(), ...choices.flatMap((c) => maker.make(c) ?? [])];
  });
}
