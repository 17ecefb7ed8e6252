/**
 * The state of the page in the fragment of its address, so that a link shows what its sender saw; from a file too:
 * `#charts&family=browser&limit=limit+50+%25`. The first word is the section, as in any other link within the page.
 */
export interface Address {
  /** Id of a section; empty for the top of the page. */
  readonly section: string;
  readonly values: URLSearchParams;
}

export function readAddress(): Address {
  const text = location.hash.slice(1);
  const [first = '', ...rest] = text.split('&');
  const hasSection = !first.includes('=');
  return {
    section: hasSection ? first : '',
    values: new URLSearchParams(hasSection ? rest.join('&') : text),
  };
}

/** Replaces the fragment; the history does not grow with every filter. */
export function writeAddress({ section, values }: Address): void {
  const text = values.toString();
  const fragment = text === '' ? section : `${section}&${text}`;
  const { pathname, search } = location;
  history.replaceState(null, '', fragment === '' ? `${pathname}${search}` : `#${fragment}`);
}

/** Scrolls to a section: a browser does so only where the fragment is an id alone. */
export function showSection({ section, values }: Address): void {
  if (values.size > 0 && section !== '') document.getElementById(section)?.scrollIntoView();
}
