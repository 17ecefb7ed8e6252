/** The policy that the reader marked: it stands out in every chart and table. */
let chosen: number | undefined;
let changed = () => {};

/** The policies of an element, as it names them. */
function policiesOf(marked: Element): number[] {
  return (marked.getAttribute('data-policies') ?? '').split(' ').filter(Boolean).map(Number);
}

/** Draws what stands for several policies in the colour of the marked one, or in its own without one. */
function colour(drawn: SVGElement, policy: number | undefined): void {
  if (policy === undefined) drawn.style.removeProperty('--c');
  else drawn.style.setProperty('--c', `var(--p${policy})`);
}

/** Shows what is marked in all that is on the page now. */
export function showChosen(): void {
  for (const marked of document.querySelectorAll('[data-policies]')) {
    const own = chosen !== undefined && policiesOf(marked).includes(chosen);
    marked.classList.toggle('chosen', own);
    marked.classList.toggle('dim', chosen !== undefined && !own);
    if (marked instanceof SVGElement) colour(marked, own ? chosen : undefined);
    // What is marked lies above the other lines.
    if (own && marked.namespaceURI !== document.documentElement.namespaceURI)
      marked.parentNode?.append(marked);
  }
  for (const button of document.querySelectorAll('[data-choose]'))
    button.setAttribute('aria-pressed', String(Number(button.getAttribute('data-choose')) === chosen));
}

/** The policy that is marked, if any. */
export function chosenPolicy(): number | undefined {
  return chosen;
}

/** Calls a function whenever the reader marks another policy. */
export function onChoice(call: () => void): void {
  changed = call;
}

/** Marks a policy, or no longer where it is marked already. */
export function choose(policy: number | undefined): void {
  chosen = policy === chosen ? undefined : policy;
  showChosen();
  changed();
}
