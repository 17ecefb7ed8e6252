import type { Contender, Setting } from '../selection.js';
import { joinSame } from './series.js';

/**
 * Policies that a figure shows as one. Those that are the same in all of its panels are one from the start: the key names
 * them all, and a panel only the first. Those that are the same in one panel share its mark there.
 */
export class Groups {
  private readonly joined: ReadonlyMap<string, string>;

  /**
   * @param settings what the figure shows
   * @param shown the contenders of a setting that are drawn
   * @param same whether two contenders of a setting look the same
   */
  constructor(
    settings: readonly Setting[],
    private readonly shown: (setting: Setting) => readonly Contender[],
    private readonly same: (setting: Setting, a: Contender, b: Contender) => boolean,
  ) {
    const names = [...new Set(settings.flatMap((setting) => setting.contenders.map(({ name }) => name)))];
    const drawn = names.filter((name) =>
      settings.some((setting) => shown(setting).some((one) => one.name === name)),
    );
    this.joined = joinSame(drawn, (name, earlier) =>
      settings.every((setting) => {
        const [a, b] = [name, earlier].map((one) => shown(setting).find((other) => other.name === one));
        return a === undefined || b === undefined ? a === b : same(setting, a, b);
      }),
    );
  }

  /** All names of the policies that are the same everywhere, by the first of them. */
  get everywhere(): readonly (readonly [leader: string, all: string])[] {
    return [...new Set(this.joined.values())].map((all) => [this.leaderOf(all), all] as const);
  }

  private leaderOf(all: string): string {
    return [...this.joined].find(([, joined]) => joined === all)![0];
  }

  /** The marks of a setting: each with the policy it is drawn for, and the names of those that stand for groups. */
  marks(setting: Setting): { readonly one: Contender; readonly names: readonly string[] }[] {
    const leaders = new Set(this.everywhere.map(([leader]) => leader));
    const marks: { one: Contender; names: string[] }[] = [];
    for (const contender of this.shown(setting)) {
      if (!leaders.has(contender.name)) continue;
      const mark = marks.find(({ one }) => this.same(setting, contender, one));
      if (mark) mark.names.push(contender.name);
      else marks.push({ one: contender, names: [contender.name] });
    }
    return marks;
  }
}
