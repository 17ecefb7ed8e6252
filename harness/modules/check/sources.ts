import { formatPolicy, parseParameters } from '../../base/parameters.js';
import { simulated } from '../../machine/target.js';
import { parsePolicy } from '../../policy/spec.js';
import { validate } from '../../replay/validate.js';
import { randomStream } from '../../stats/random.js';
import type { TraceSource, Workload } from '../../trace/source.js';
import { TextFormatter } from '../../trace/text/formatter.js';
import { checkParameters } from './parameters.js';
import { type Check, fail } from './result.js';
import { generated, memoryTrace } from './traces.js';

/** Events that are compared of long traces. */
const COMPARED = 200_000;

/** The first events of a trace as text. */
export async function textOf(source: TraceSource): Promise<string> {
  const formatter = new TextFormatter(source.strings);
  let text = '';
  let events = 0;
  for await (const block of source.blocks()) {
    text += Buffer.from(formatter.block(block)).toString();
    events += block.length;
    if (events >= COMPARED) break;
  }
  return text;
}

/** Takes one block of a trace after the other from two of the same workload. */
async function sideBySide(workload: Workload): Promise<string> {
  const [first, other] = [1, 2].map((seed) => generated(workload, {}, seed));
  const rest = other!.blocks() as Iterable<unknown>;
  const iterator = rest[Symbol.iterator]();
  iterator.next();
  const text = await textOf(first!);
  iterator.next();
  return text;
}

/** The checks of a workload. */
export const WORKLOAD_CHECKS: readonly Check<Workload>[] = [
  {
    name: 'parameters',
    run: (workload) =>
      checkParameters(
        workload.name,
        workload.parameters,
        (text) => {
          const { given } = parsePolicy(text);
          return parseParameters(`workload ${workload.name}`, workload.parameters, given);
        },
        (values) => {
          // Traces of the largest values may have no end: their beginning will do.
          const { strings, blocks } = generated(workload, values);
          const iterator = (blocks() as Iterable<unknown>)[Symbol.iterator]();
          iterator.next();
          iterator.return?.();
          return [strings, formatPolicy(workload.name, workload.parameters, values)];
        },
      ),
  },
  {
    name: 'valid',
    async run(workload) {
      const trace = await memoryTrace(`workload ${workload.name}`, generated(workload));
      const { events, touches, warnings } = await validate(trace, simulated);
      const [first] = warnings;
      if (first) fail(`event ${(first.place.line ?? 1) - 1}: ${first.what}`);
      if (touches === 0) fail('nothing is read or written, expected events that bring pages in');
      return `${events} events that make sense, ${touches} touches`;
    },
  },
  {
    name: 'same again',
    async run(workload) {
      const first = await textOf(generated(workload));
      if ((await textOf(generated(workload))) !== first)
        fail('two traces with the same seed differ, expected draws of context.random alone');
      if ((await sideBySide(workload)) !== first)
        fail('a trace differs when another is made next to it: they share state');
      const other = await textOf(generated(workload, {}, 2));
      return other === first ? 'it draws nothing: other seeds are the same' : 'the same seed, the same trace';
    },
  },
  {
    name: 'speed',
    async run(workload) {
      const started = performance.now();
      const trace = await memoryTrace(workload.name, generated(workload));
      const ms = performance.now() - started;
      const { events } = trace.totals;
      return { info: `${events} events in ${Math.round(ms)} ms (on this host)` };
    },
  },
];

/** Draws bytes of files that are of no format. */
export function garbage(seed: number, bytes: number): Uint8Array {
  const random = randomStream(seed, 'check/garbage');
  return Uint8Array.from({ length: bytes }, () => Math.floor(random() * 256));
}
