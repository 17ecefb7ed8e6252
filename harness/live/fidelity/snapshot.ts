import type { Machine } from '../../machine/machine.js';
import type { SimulatedMachine } from '../../machine/target.js';
import { residentPages } from '../census.js';
import type { LiveMachine } from '../machine.js';

/** What is resident at one moment, in pages: what the simulated and the live kernel must agree on exactly. */
export interface Snapshot {
  /** Frames charged, each once, without those that only a device refers to: nothing of /proc shows them. */
  readonly resident: number;
  /** Pages that each space has mapped, by its id. */
  readonly spaces: ReadonlyMap<number, number>;
  /** Pages of each object that has a name. */
  readonly objects: ReadonlyMap<string, number>;
}

/** Two objects can have one name, when the first was closed and is mapped still, or a file. */
function addTo(objects: Map<string, number>, name: string, pages: number): void {
  objects.set(name, (objects.get(name) ?? 0) + pages);
}

/** Frames in use that a look at processes and objects finds: not those that only a device refers to, or only a huge page that has lost them. */
export function visiblePages({ frames, pins, huge }: Machine): number {
  let lost = 0;
  if (huge) for (const { unmapped } of huge.folios.all()) lost += unmapped;
  return frames.inUse - pins.orphans - lost;
}

/** A snapshot of the simulated kernel. */
export function simulatedSnapshot({ machine: m }: SimulatedMachine): Snapshot {
  const spaces = new Map([...m.spaces.values()].map(({ id, rss }) => [id, rss]));
  const objects = new Map<string, number>();
  for (const object of m.objects.all()) {
    if (object.kind !== 'shared' || object.name === undefined) continue;
    // Pages on disk are the object's, and not in memory.
    const inMemory = [...object.present(0, object.size)].filter(
      (at) => m.pages.resident[object.page(at)] === 1,
    );
    addTo(objects, object.name, inMemory.length);
  }
  return { resident: visiblePages(m), spaces, objects };
}

/** A snapshot of a live kernel, which is asked for it. */
export function liveSnapshot(machine: LiveMachine): Snapshot {
  const census = machine.census();
  const { layout } = machine;
  const spaces = new Map<number, number>();
  for (const { id, slot } of layout.living()) spaces.set(id, census.spaces.get(slot)?.rss ?? 0);
  const objects = new Map<string, number>();
  for (const [inode, pages] of census.objects) {
    const object = layout.byInodeNumber(inode);
    if (object) addTo(objects, object.name, pages);
  }
  return { resident: residentPages(census), spaces, objects };
}

function differencesOf<K>(
  what: (key: K) => string,
  simulated: ReadonlyMap<K, number>,
  live: ReadonlyMap<K, number>,
): string[] {
  const keys = new Set([...simulated.keys(), ...live.keys()]);
  return [...keys].flatMap((key) => {
    const [expected, seen] = [simulated.get(key) ?? 0, live.get(key) ?? 0];
    return expected === seen ? [] : [`${what(key)}: simulated ${expected}, live ${seen}`];
  });
}

/** How two snapshots differ, a line a difference. */
export function snapshotDifferences(simulated: Snapshot, live: Snapshot): string[] {
  const total = (pages: number) => new Map([['', pages]]);
  return [
    ...differencesOf(() => 'resident pages', total(simulated.resident), total(live.resident)),
    ...differencesOf((id) => `pages of space ${id}`, simulated.spaces, live.spaces),
    ...differencesOf((name) => `pages of object ${name}`, simulated.objects, live.objects),
  ];
}
