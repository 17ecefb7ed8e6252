/** Text that is HTML already. Anything else that is put into a page is escaped. */
export class Markup {
  constructor(readonly text: string) {}
}

/** What can be put into a page; nothing stands for `undefined` and `false`. */
export type Content = Markup | string | number | undefined | false | readonly Content[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function markupOf(content: Content): string {
  if (content === undefined || content === false) return '';
  if (content instanceof Markup) return content.text;
  if (typeof content === 'object') return content.map(markupOf).join('');
  return String(content).replace(/[&<>"']/g, (sign) => ENTITIES[sign]!);
}

/** HTML with values in it, escaped: labels of traces and names of spaces are whatever their authors wrote. */
export function html(parts: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return new Markup(parts.map((part, i) => part + markupOf(values[i])).join(''));
}

/**
 * The end of a script, for templates: compilers write a template that has it in its text as a call of a helper, since a program may
 * stand in a page.
 */
export const SCRIPT_END = new Markup('</script>');

/** Data for a script to read. No text in it can end the element. */
export function dataElement(id: string, value: unknown): Markup {
  const json = JSON.stringify(value).replace(/</g, '\\u003c');
  return html`<script type="application/json" id="${id}">${new Markup(json)}${SCRIPT_END}\n`;
}
