import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { slug } from '../../base/text.js';
import type { NumberColumn } from '../../metrics/columns.js';
import type { DrawsByCell } from '../../metrics/draws.js';
import type { ResultFile, ResultRow } from '../../metrics/files.js';
import type { Manifest } from '../../metrics/manifest.js';
import type { ResultsFolder } from '../../metrics/results.js';
import type { Axis } from '../comparison.js';
import { originWord, type TraceFacts, traceFacts } from '../facts.js';
import { type Selection, type Setting, select } from '../selection.js';
import { type PolicyStyle, policyStyles } from '../style.js';
import { CurvesOverTime, type TimelineColumn } from './curves-over-time.js';
import { shortNames } from './names.js';

/** Settings that belong in one picture: they differ in trace and limit. */
export interface Part {
  /** What distinguishes it from the other parts, for names of files; empty where there is one part. */
  readonly suffix: string;
  /** The same for captions. */
  readonly label: string;
  readonly settings: readonly Setting[];
  readonly traces: readonly TraceFacts[];
}

/** Kinds of memory, in captions: a word alone would be taken for where the trace comes from. */
const MEMORY_NAMES: Readonly<Record<string, string>> = {
  recorded: 'memory as recorded',
  anon: 'all memory private',
  shmem: 'all memory shared',
};

/** The axis of a policy or device, which its value names as well: names of files do without it. */
const POLICY_AXIS = /^(?:swap|discard|reclaim|merge|purge) /;

const TIMELINE = 'timeline.csv';

/** The most traces in a picture: side by side they fill a page. */
const MAX_TRACES = 3;

/** Results as figures read them: the rows, and what the manifest says of their traces. */
export class FigureData {
  private names: ReadonlyMap<string, string> | undefined;
  private overTime: CurvesOverTime | undefined;
  private selected: Selection | undefined;
  private looks: ReadonlyMap<string, PolicyStyle> | undefined;

  constructor(private readonly results: ResultsFolder) {}

  /** The rows of a file; those of timeline.csv are many, and `curves` has them. */
  rows<F extends ResultFile>(file: F): readonly ResultRow<F>[] {
    return this.results.rows(file);
  }

  /** The rows of draws.csv by cell. */
  get draws(): DrawsByCell {
    return this.results.draws;
  }

  get manifest(): Manifest {
    return this.results.manifest;
  }

  /** SHA-256 of a file, for captions of figures that the manifest says nothing about. */
  sha256(file: ResultFile): string {
    return createHash('sha256')
      .update(readFileSync(this.results.path(file)))
      .digest('hex');
  }

  /** The traces of the experiment, in its order. */
  get traces(): TraceFacts[] {
    return this.manifest.traces.map(traceFacts);
  }

  /** What is shown of the runs: the same as in tables and sentences. */
  get selection(): Selection {
    this.selected ??= select({
      runs: this.rows('runs.csv'),
      draws: this.draws,
      traces: this.traces,
    });
    return this.selected;
  }

  /** What the runs compare. */
  get axis(): Axis {
    return this.selection.axis;
  }

  /** How a policy looks, in all figures of these results. */
  look(name: string): PolicyStyle {
    this.looks ??= policyStyles([
      ...new Set(this.selection.settings.flatMap(({ contenders }) => contenders.map((one) => one.name))),
    ]);
    return this.looks.get(name)!;
  }

  /** Why there is nothing to compare, where there is nothing. */
  onePolicy(): string | undefined {
    const several = this.selection.settings.some(({ contenders }) => contenders.length > 1);
    return several ? undefined : 'only one policy was run, so there is nothing to compare';
  }

  /** A trace's name without the parameters that all traces of the experiment share. */
  traceName(label: string): string {
    this.names ??= shortNames(this.traces.map((trace) => trace.label));
    return this.names.get(label) ?? label;
  }

  /** A trace's name with where it comes from, as titles have it. */
  titleOf(trace: TraceFacts): string {
    const origin = originWord(trace).replace(/^recorded, /, '');
    return `${this.traceName(trace.label)} (${origin})`;
  }

  /** What cells hold over time. */
  get curves(): CurvesOverTime {
    this.overTime ??= new CurvesOverTime(this.results.timeline);
    return this.overTime;
  }

  /** Whether a file has rows. */
  isThere(file: ResultFile): boolean {
    return file === TIMELINE ? this.curves.moments > 0 : this.rows(file).length > 0;
  }

  /** Whether a column of a file has a number in any row. */
  isMeasured<F extends ResultFile>(file: F, column: NumberColumn<ResultRow<F>>): boolean {
    if (file === TIMELINE) return this.curves.isMeasured(column as TimelineColumn);
    return this.rows(file).some((row) => typeof row[column] === 'number');
  }

  /**
   * Splits what is shown into pictures: one for each family and combination of the axes that are not compared, cut where
   * there are more traces than fit a page.
   *
   * @param wanted which settings the figure is of
   */
  parts(wanted: (setting: Setting) => boolean = () => true): Part[] {
    const shown = this.selection.settings.filter(wanted);
    const backings = new Set(this.selection.settings.map(({ backing }) => backing)).size;
    const labelSets = new Set(this.selection.settings.map(({ labels }) => labels.join())).size;
    const groups = new Map<string, { words: string[]; settings: Setting[] }>();
    for (const setting of shown) {
      const { family } = setting.trace;
      const words = [
        ...(family === undefined ? [] : [family]),
        ...(backings > 1 ? [setting.backing] : []),
        ...(labelSets > 1 ? setting.labels : []),
      ];
      const group = groups.get(words.join('\n'));
      if (group) group.settings.push(setting);
      else groups.set(words.join('\n'), { words, settings: [setting] });
    }
    return [...groups.values()].flatMap(({ words, settings }) => cut(words, settings, this.traces));
  }
}

/** Cuts a part into pieces of as many traces as fit a page. */
function cut(words: readonly string[], settings: readonly Setting[], all: readonly TraceFacts[]): Part[] {
  const traces = all.filter(({ label }) => settings.some(({ trace }) => trace.label === label));
  const pieces = Math.ceil(traces.length / MAX_TRACES);
  const each = Math.ceil(traces.length / pieces);
  return Array.from({ length: pieces }, (_, piece) => {
    const some = traces.slice(piece * each, (piece + 1) * each);
    const own = [...words, ...(pieces > 1 ? [String(piece + 1)] : [])];
    return {
      suffix: own.map((word) => `-${slug(word.replace(POLICY_AXIS, ''))}`).join(''),
      label: words.map((word) => MEMORY_NAMES[word] ?? word).join(', '),
      settings: settings.filter(({ trace }) => some.some(({ label }) => label === trace.label)),
      traces: some,
    };
  });
}
