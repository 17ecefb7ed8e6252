import { byId, element } from './dom.js';

/** What is shown about a place in a chart. */
export interface Tooltip {
  readonly title: string;
  readonly rows: readonly {
    readonly name: string;
    readonly value: string;
    readonly policies: readonly number[];
  }[];
  /** What marks the place in the chart. */
  readonly cursor: Element;
}

/** A place in a chart that has a tooltip: a pointer finds it, and arrow keys step to it. */
export interface Anchor {
  /** In pixels of the chart. */
  readonly x: number;
  readonly y: number;
  tooltip(): Tooltip;
}

/** Distance of an anchor from a pointer. */
export type Distance = (dx: number, dy: number) => number;

const AWAY = 14;

/** A tooltip as a sentence, for readers who hear it. */
function spoken({ title, rows }: Pick<Tooltip, 'title' | 'rows'>): string {
  return `${title}: ${rows.map(({ name, value }) => `${name} ${value}`).join('; ')}.`;
}

/** Shows a tooltip next to a place of the window. */
function show({ title, rows }: Tooltip, left: number, top: number): void {
  const tip = byId('tip');
  const lines = rows.map(({ name, value, policies }) => {
    const swatch = element('span', { class: `swatch p${policies[0]}` });
    return element('li', {}, ...(policies.length > 0 ? [swatch] : []), `${name}: `, element('b', {}, value));
  });
  tip.replaceChildren(element('p', {}, title), element('ul', {}, ...lines));
  tip.hidden = false;
  const { width, height } = tip.getBoundingClientRect();
  const right = left + AWAY + width < window.innerWidth ? left + AWAY : left - AWAY - width;
  tip.style.left = `${Math.max(4, right)}px`;
  tip.style.top = `${Math.max(4, Math.min(top + AWAY, window.innerHeight - height - 4))}px`;
}

export function hideTip(): void {
  byId('tip').hidden = true;
}

/**
 * Shows the tooltips of a chart: under a pointer, and by arrow keys while the chart has the focus.
 *
 * @param choose is called for the policy under the pointer, or where Enter is pressed
 */
export function showTooltips(
  svg: SVGSVGElement,
  anchors: readonly Anchor[],
  distance: Distance,
  choose: (policy: number) => void,
): void {
  if (anchors.length === 0) return;
  let at = -1;
  let shown: Tooltip | undefined;
  const go = (index: number, left?: number, top?: number) => {
    const anchor = anchors[index];
    if (index !== at) {
      shown?.cursor.remove();
      shown = anchor?.tooltip();
      if (shown) svg.append(shown.cursor);
      at = index;
    }
    if (!anchor || !shown) return hideTip();
    const box = svg.getBoundingClientRect();
    show(shown, left ?? box.left + anchor.x, top ?? box.top + anchor.y);
  };
  svg.addEventListener('pointermove', (event) => {
    const box = svg.getBoundingClientRect();
    // The chart may be shown smaller than it was drawn.
    const scale = svg.viewBox.baseVal.width / box.width;
    const [x, y] = [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
    const far = anchors.map((anchor) => distance(anchor.x - x, anchor.y - y));
    go(far.indexOf(Math.min(...far)), event.clientX, event.clientY);
  });
  const leave = () => go(-1);
  svg.addEventListener('pointerleave', leave);
  svg.addEventListener('blur', leave);
  const chooseHere = () => {
    const policies = shown?.rows.flatMap((row) => row.policies) ?? [];
    if (policies[0] !== undefined) choose(policies[0]);
  };
  svg.addEventListener('click', chooseHere);
  svg.addEventListener('keydown', (event) => {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (by !== undefined) {
      go(Math.max(0, Math.min(anchors.length - 1, at + by)));
      // Only for the keyboard: what a pointer passes over is not worth hearing.
      if (shown) byId('said').textContent = spoken(shown);
    } else if (event.key === 'Enter') chooseHere();
    else return;
    event.preventDefault();
  });
}
