import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { InputError } from '../../base/errors.js';
import { packageFile } from '../../base/package-root.js';
import { readCosts } from '../../cost/table.js';
import { readExperiment } from '../../experiment/file.js';
import { readResults } from '../../gate/read/results.js';
import { readManifest } from '../../metrics/manifest.js';
import { randomStream } from '../../stats/random.js';
import { MemoryTrace } from '../../trace/trace.js';
import { fooledBy } from '../gate-edits.js';
import { binaryOf, scan } from '../traces.js';
import { mutated } from './mutate.js';
import type { Part } from './part.js';

/** A trace with an event of most kinds. */
const TRACE = `# page_size: 4096
time_us,op,space,page,count,arg
0,spawn,1,,,one
0,object,,,40,shmem:o
0,object,,,24,file:f =7+
1,map,1,0,40,shared:o@0
1,map,1,100,60,anon
2,write,1,0,40,=5
3,write,1,100,60,
4,unpin,1,0,20,regen_ns=100
5,fork,1,,,2
6,read,2,159,-60,
7,madvise,1,100,10,MADV_FREE
8,pin,1,0,20,
9,fallocate,,3,4,punch:o
10,pread,1,0,9,f
20,limit,,,30,
30,set,,,,vm.swappiness=10
50,discard,1,0,20,
60,pressure,,,,critical
70,exit,2,,,
100,mark,,,,end
`;

const EXPERIMENT = `name: e
description: a mutated experiment
traces: [t.csv, { workload: zipf, params: { pages: 100, events: 500 } }]
discard: [keep, remove]
reclaim: [linux, lru]
limits: [none, 50%, 40p]
`;

/** A kind of file that the program reads. */
export interface FileKind {
  /** Its name in a folder. */
  readonly name: string;
  readonly content: Uint8Array;
  /** The command that reads it, in that folder. */
  readonly command: readonly string[];
  /** Reads it in this process. */
  read?(path: string, content: Buffer): unknown;
}

const text = (content: string): Uint8Array => new TextEncoder().encode(content);

async function readBlocks(content: Buffer): Promise<void> {
  for await (const _ of new MemoryTrace('t.rtrace', content).blocks()) {
    // Decoding is what is tried.
  }
}

/** Writes the other files that commands need, and returns all kinds. */
export function fileKinds(folder: string): FileKind[] {
  writeFileSync(join(folder, 't.csv'), TRACE);
  // The two sides of the gate: folders that differ by one value.
  fooledBy(folder, { side: 'candidate', row: 0, column: 'pgfault', text: '999' });
  const side = (name: string): Buffer => readFileSync(join(folder, 'candidate', name));
  const gate = ['gate', 'baseline', 'candidate'];
  mkdirSync(join(folder, 'out'), { recursive: true });
  return [
    {
      name: 't.csv',
      content: text(TRACE),
      command: ['replay', 't.csv', '--limit', '50%', '--swap', 'ssd'],
      read: (path, content) => scan(content, path),
    },
    { name: 't.csv', content: text(TRACE), command: ['trace', 'validate', 't.csv'] },
    { name: 't.csv', content: text(TRACE), command: ['mrc', 't.csv', '--policy', 'lru,linux,s3fifo'] },
    {
      name: 't.rtrace',
      content: binaryOf(TRACE),
      command: ['trace', 'validate', 't.rtrace'],
      read: (_, content) => readBlocks(content),
    },
    { name: 't.csv.gz', content: gzipSync(TRACE), command: ['trace', 'info', 't.csv.gz'] },
    {
      name: 'e.yaml',
      content: text(EXPERIMENT),
      command: ['compare', 'e.yaml', '--out', 'out/e', '--no-report', '--quiet'],
      read: readExperiment,
    },
    {
      name: 'costs.json',
      content: readFileSync(packageFile('harness', 'cost', 'default.json')),
      command: ['replay', 't.csv', '--costs', 'costs.json'],
      read: readCosts,
    },
    {
      name: 'candidate/runs.csv',
      content: side('runs.csv'),
      command: gate,
      read: () => readResults(join(folder, 'candidate')),
    },
    { name: 'candidate/manifest.json', content: side('manifest.json'), command: gate, read: readManifest },
  ];
}

const SLOW_MS = 10_000;
const MOST_CHARACTERS = 700;
const INPUTS = 200;

/** What is wrong with an error of a reader; undefined if nothing is. */
function misreported(error: unknown): string | undefined {
  if (!(error instanceof InputError)) return (error as Error).stack ?? String(error);
  if (error.message.length > MOST_CHARACTERS) return `a message of ${error.message.length} characters`;
  return error.message.includes('\n') ? `a message of several lines: ${error.message}` : undefined;
}

/** Mutated traces, experiments, cost tables and results, read in this process: read, or refused in one line. */
export async function files(folder: string): Promise<Part> {
  const kinds = fileKinds(folder).filter(({ read }) => read !== undefined);
  const tryInput = async (seed: number, number: number): Promise<string | undefined> => {
    const kind = kinds[number % kinds.length]!;
    const content = mutated(kind.content, randomStream(seed, `campaign/files/${number}`));
    const path = join(folder, kind.name);
    writeFileSync(path, content);
    const started = performance.now();
    try {
      await kind.read!(path, content);
    } catch (error) {
      const wrong = misreported(error);
      if (wrong !== undefined) return `input ${number}, ${kind.name}: ${wrong}`;
    } finally {
      writeFileSync(path, kind.content);
    }
    const ms = performance.now() - started;
    return ms > SLOW_MS ? `input ${number}, ${kind.name}: ${Math.round(ms)} ms` : undefined;
  };
  return async (seed) => {
    const failures: string[] = [];
    for (let number = 0; number < INPUTS; number++) {
      const failure = await tryInput(seed, number);
      if (failure !== undefined) failures.push(failure);
    }
    return { tried: INPUTS, failures };
  };
}
