import { GLANCE_STYLES, type PolicyStyle, policyStyles } from '../style.js';

/** Dashes are in points of a figure; a screen has more pixels. */
const PIXELS = 1.6;

/** How policies look, in their order. */
export function looksOf(policies: readonly string[]): PolicyStyle[] {
  const looks = policyStyles(policies);
  return policies.map((name) => looks.get(name)!);
}

/** Colours and dashes of policies as rules of CSS: `--p0` is the colour of the first, which what has its class takes; lines take its dash too. */
export function policyCss(policies: readonly string[]): string {
  const looks = looksOf(policies);
  const colors = looks.map(({ color, dark }, i) => `  --p${i}: light-dark(${color}, ${dark});\n`);
  const rules = looks.map(({ dash }, i) => {
    const pixels = dash.map((length) => Number((length * PIXELS).toFixed(1))).join(' ');
    const dashed = dash.length > 0 ? `.line.p${i} {\n  stroke-dasharray: ${pixels};\n}\n` : '';
    return `.p${i} {\n  --c: var(--p${i});\n}\n${dashed}`;
  });
  return `:root {\n${colors.join('')}}\n${rules.join('')}`;
}

/** Colours of the picture of the whole comparison. */
export function glanceCss(): string {
  return Object.entries(GLANCE_STYLES)
    .map(([name, { color }]) => `.g-${name} {\n  fill: ${color};\n}\n`)
    .join('');
}
