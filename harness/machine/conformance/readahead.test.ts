import { expect } from 'vitest';
import { loadCosts } from '../../cost/table.js';
import { mergePolicies } from '../../policy/merge/registry.js';
import { purgePolicies } from '../../policy/purge/registry.js';
import { reclaimPolicies } from '../../policy/reclaim/registry.js';
import { type Case, conform, csvLines } from '../../testing/conformance.js';
import { parseArg } from '../../trace/args.js';
import type { Advice } from '../../trace/op.js';
import { fadvise } from '../advice/fadvise.js';
import { madvise } from '../advice/madvise.js';
import { Machine } from '../machine.js';
import { access } from '../mapping/access.js';
import { spawn } from '../mapping/fork.js';
import { map } from '../mapping/mmap.js';
import { READ, UNIQUE } from '../memory/contents.js';
import { readFilePages } from '../object/file-io.js';
import { declareObject } from '../object/lifetime.js';
import { isCached } from '../object/read-ahead.js';
import type { ReadPattern } from '../state/file-ahead.js';
import type { Space } from '../state/space.js';
import type { SharedObject } from '../state/vma.js';

/** Page 0 of the file, where it is mapped. */
const BASE = 2 ** 20;
const READ_AHEAD_KIB = '128';
const COSTS = loadCosts();

/** A line of the table: a call of a test, the faults that it took, and the pages of the file that came into the page cache. */
interface Step {
  readonly call: readonly string[];
  readonly faults: string;
  readonly came: string;
}

interface Test {
  readonly kernel: string;
  readonly pages: number;
  readonly steps: Step[];
}

function tests(): Map<string, Test> {
  const found = new Map<string, Test>();
  for (const line of csvLines('readahead.csv').rows) {
    const [kernel, pages, name, call, majors, minors, came] = line.split(',') as [
      string,
      string,
      string,
      string,
      string,
      string,
      string,
    ];
    const id = `${kernel} ${name}`;
    const test = found.get(id) ?? { kernel, pages: Number(pages), steps: [] };
    found.set(id, test);
    test.steps.push({ call: call.split(' '), faults: majors === '' ? '' : `${majors}+${minors}`, came });
  }
  return found;
}

/** A machine with a file that one process maps and reads. */
class Reader {
  private readonly m: Machine;
  private readonly file: SharedObject;
  private readonly space: Space;
  private mapped = { first: 0, count: 0 };
  private cached: Uint8Array;

  constructor({ kernel, pages }: Test) {
    const purge = purgePolicies.choose('range-lru');
    const merge = mergePolicies.choose('none');
    this.m = new Machine({
      costs: COSTS,
      merge: merge.info.rules(merge.values),
      purge: purge.info.rules(purge.values),
      reclaim: reclaimPolicies.choose('linux'),
      swap: 'none',
      limit: undefined,
      seed: 1,
    });
    this.m.set('kernel.version', kernel);
    this.m.set('read_ahead_kb', READ_AHEAD_KIB);
    declareObject(this.m, pages, parseArg('object', 'file:f'));
    this.file = this.m.objects.named('f');
    this.space = spawn(this.m, 1, '');
    this.cached = new Uint8Array(pages);
  }

  /** Does a call. Returns the faults that an access took. */
  do([what, a, b, kind]: readonly string[]): string {
    const { m, space, file } = this;
    const { pgfault, pgmajfault } = m.counters;
    if (what === 'map') this.map(Number(a), Number(b), kind!);
    else if (what === 'madvise') {
      const { first, count } = this.mapped;
      madvise(m, space, BASE + first, count, `MADV_${a!.toUpperCase()}` as Advice);
    } else if (what === 'fadvise')
      fadvise(m, file, 0, file.size, { advice: a as ReadPattern, bytes: undefined });
    else if (what === 'pread') readFilePages(m, file, Number(a), Number(b));
    else {
      access(m, space, BASE + Number(a), 1, what === 'write' ? UNIQUE : READ, 0);
      const majors = m.counters.pgmajfault - pgmajfault;
      return `${majors}+${m.counters.pgfault - pgfault - majors}`;
    }
    return '';
  }

  private map(first: number, count: number, kind: string): void {
    const flags = { ro: ' ro', exec: ' ro exec' }[kind] ?? '';
    const backing = kind === 'private' ? 'private' : 'shared';
    map(this.m, this.space, BASE + first, count, parseArg('map', `${backing}:f@${first}${flags}`));
    this.mapped = { first, count };
  }

  /** The pages that have come into the page cache since the last call: `3 17-31`. */
  came(): string {
    const came: number[] = [];
    for (let index = 0; index < this.file.size; index++) {
      if (this.cached[index] === 1 || !isCached(this.m, this.file, index)) continue;
      this.cached[index] = 1;
      came.push(index);
    }
    const ranges: string[] = [];
    for (let i = 0, j: number; i < came.length; i = j) {
      for (j = i + 1; came[j] === came[j - 1]! + 1; ) j++;
      ranges.push(j === i + 1 ? `${came[i]}` : `${came[i]}-${came[j - 1]}`);
    }
    return ranges.join(' ');
  }
}

/** What a test does, step by step; it is run for the first case that asks. */
function found(test: Test): readonly Step[] {
  const reader = new Reader(test);
  return test.steps.map(({ call }) => ({ call, faults: reader.do(call), came: reader.came() }));
}

function cases(id: string, test: Test): [id: string, run: Case][] {
  let results: readonly Step[] | undefined;
  return test.steps.map((step, i) => [
    `${id} ${i + 1}`,
    () => {
      results ??= found(test);
      expect(results[i]).toEqual(step);
    },
  ]);
}

const all = [...tests()].flatMap(([id, test]) => cases(id, test));
conform(
  'readahead.csv',
  all.map(([id]) => id),
  Object.fromEntries(all),
);
