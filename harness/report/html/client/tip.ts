import { byId, element } from './dom.js';

/** What is told of a place in a chart. */
export interface Told {
  readonly title: string;
  readonly rows: readonly {
    readonly name: string;
    readonly value: string;
    readonly policies: readonly number[];
  }[];
  /** What marks the place in the chart. */
  readonly cursor: Element;
}

/** A place in a chart that tells something: what a pointer finds, and arrow keys step to. */
export interface Stop {
  /** In pixels of the chart. */
  readonly x: number;
  readonly y: number;
  tell(): Told;
}

/** Distance of a stop from a pointer. */
export type Distance = (dx: number, dy: number) => number;

const AWAY = 14;

/** Shows what a stop tells, beside a place of the window. */
function show({ title, rows }: Told, left: number, top: number): void {
  const tip = byId('tip');
  const lines = rows.map(({ name, value, policies }) => {
    const swatch = element('span', { class: `swatch c${(policies[0] ?? 0) % 10}` });
    return element('li', {}, ...(policies.length > 0 ? [swatch] : []), `${name}: `, element('b', {}, value));
  });
  tip.replaceChildren(element('p', {}, title), element('ul', {}, ...lines));
  tip.hidden = false;
  const { width, height } = tip.getBoundingClientRect();
  const right = left + AWAY + width < window.innerWidth ? left + AWAY : left - AWAY - width;
  tip.style.left = `${Math.max(4, right)}px`;
  tip.style.top = `${Math.max(4, Math.min(top + AWAY, window.innerHeight - height - 4))}px`;
}

function hideTip(): void {
  byId('tip').hidden = true;
}

/**
 * Lets a chart tell what is where: to a pointer, and to arrow keys while it has the focus.
 *
 * @param choose is called for the policy under the pointer, or where Enter is pressed
 */
export function tellStops(
  svg: SVGSVGElement,
  stops: readonly Stop[],
  distance: Distance,
  choose: (policy: number) => void,
): void {
  if (stops.length === 0) return;
  let at = -1;
  let told: Told | undefined;
  const go = (index: number, left?: number, top?: number) => {
    const stop = stops[index];
    if (index !== at) {
      told?.cursor.remove();
      told = stop?.tell();
      if (told) svg.append(told.cursor);
      at = index;
    }
    if (!stop || !told) return hideTip();
    const box = svg.getBoundingClientRect();
    show(told, left ?? box.left + stop.x, top ?? box.top + stop.y);
  };
  svg.addEventListener('pointermove', (event) => {
    const box = svg.getBoundingClientRect();
    // The chart may be shown smaller than it was drawn.
    const scale = svg.viewBox.baseVal.width / box.width;
    const [x, y] = [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
    const far = stops.map((stop) => distance(stop.x - x, stop.y - y));
    go(far.indexOf(Math.min(...far)), event.clientX, event.clientY);
  });
  const leave = () => go(-1);
  svg.addEventListener('pointerleave', leave);
  svg.addEventListener('blur', leave);
  const chooseHere = () => {
    const policies = told?.rows.flatMap((row) => row.policies) ?? [];
    if (policies[0] !== undefined) choose(policies[0]);
  };
  svg.addEventListener('click', chooseHere);
  svg.addEventListener('keydown', (event) => {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (by !== undefined) go(Math.max(0, Math.min(stops.length - 1, at + by)));
    else if (event.key === 'Enter') chooseHere();
    else return;
    event.preventDefault();
  });
}
