import { type Drawing, type Spec, WIDTHS } from '../figures/figure.js';
import { KEY_NAME } from '../figures/key.js';
import { type Laid, layOut, widthOf } from './vega.js';

/** A layout this much narrower than the page is as good as one that fits. */
const SLACK = 1.5;
const TRIES = 4;
/** Panels are never narrower. */
const MIN_PANEL = 24;

const isKey = (part: unknown) => (part as { name?: unknown } | null)?.name === KEY_NAME;

/** Keys and legends stand below the panels: without them the width is that of the panels. */
function withoutLegends(part: unknown): unknown {
  if (Array.isArray(part)) return part.filter((one) => !isKey(one)).map(withoutLegends);
  if (typeof part !== 'object' || part === null) return part;
  return Object.fromEntries(
    Object.entries(part).map(([key, value]) => {
      if (key === 'legend') return [key, null];
      return [key, key === 'data' || key === 'config' ? value : withoutLegends(value)];
    }),
  );
}

/** Finds the width of panels that fill the page with all that stands next to them, and lays the drawing out. */
export async function fitted(drawing: Drawing): Promise<{ spec: Spec; laid: Laid; panel: number }> {
  const page = WIDTHS[drawing.width];
  let panel = (page / drawing.columns) * 0.8;
  for (let tries = 1; ; tries++) {
    const width = await widthOf(withoutLegends(drawing.spec(panel)) as Spec);
    const before = panel;
    panel = Math.max(MIN_PANEL, Math.floor((panel + (page - width) / drawing.columns) * 4) / 4);
    // What stands next to the panels rarely depends on their width; only then is the first guess not the last.
    const spec = drawing.spec(panel);
    const laid = await layOut(spec);
    const left = page - laid.width;
    if ((left >= 0 && left <= SLACK) || panel === before || tries === TRIES) return { spec, laid, panel };
  }
}
