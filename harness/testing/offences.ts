/** A reclaim policy that breaks its contract in one way, and what it is blamed for. */
export interface Offence {
  readonly name: string;
  /** The first statements of a method of a policy that is otherwise first in, last out. */
  readonly method: 'evict' | 'insert' | 'reject' | 'remove' | 'resize' | 'touch' | 'miss';
  readonly code: string;
  readonly blamed: RegExp;
}

function evict(name: string, code: string, blamed: RegExp): Offence {
  return { name, method: 'evict', code, blamed };
}

/** Ways to break the contract that one call shows. */
export const OFFENCES: readonly Offence[] = [
  evict('minus', 'return -5;', /evict returned -5, expected the number of victims, at most 512/),
  evict('zero', 'return 0;', /evict chose no page, and there are \d+ to choose from/),
  evict('nan', 'return NaN;', /evict returned NaN/),
  evict('half', 'return 0.5;', /evict returned 0\.5/),
  evict('text', "return 'two';", /evict returned "two"/),
  evict('nothing', 'return;', /evict returned undefined/),
  evict('async', 'return Promise.resolve(1);', /evict returned a promise/),
  evict('rejected', 'return Promise.reject(new Error("late"));', /evict returned a promise/),
  evict('more', 'return victims.length + 1000;', /evict returned 1512/),
  evict(
    'twice',
    'victims[0] = victims[1] = this.pages[0]; return 2;',
    /victim 2 of them is page \d+, which it has/,
  ),
  evict('negative', 'victims[0] = -1; return 1;', /victim 1 of them is -1 or not set/),
  evict('unset', 'return 1;', /victim 1 of them is -1 or not set/),
  evict('far', 'victims[0] = 1e9; return 1;', /victim 1 of them is 1000000000, expected an id/),
  evict('absent', 'victims[0] = 0; return 1;', /victim 1 of them is page 0, which is not resident/),
  evict('throws', 'throw new TypeError("boom");', /evict threw TypeError: boom/),
  evict('throws-text', 'throw "boom";', /evict threw "boom"/),
  evict('deep', 'return this.evict(victims, wanted);', /evict threw RangeError/),
  evict('exit', 'process.exit(0);', /evict calls process\.exit/),
  evict('kill', 'process.kill(process.pid);', /evict calls process\.kill/),
  evict('draws', 'this.calls = Math.random();', /evict calls Math\.random, expected context\.random/),
  evict('endless', 'for (;;);', /evict had not come back after [\d.]+ s, .*; at \d+ µs of \w+\.csv/),
  evict('endless-caught', 'for (;;) try { for (;;); } finally { for (;;); }', /evict had not come back/),
  evict('fills', 'this.caller.resident.fill(0);', /evict changes pages\.resident/),
  evict('sets', 'this.caller.resident[1] = 0;', /evict changes pages\.resident/),
  evict('traits', 'this.caller.traits.set([1, 2]);', /evict changes pages\.traits/),
  evict('capacity', 'this.caller.capacity = 5;', /evict threw TypeError/),
  evict('counter-text', "this.counters.pgscan = 'x';", /counters\.pgscan is "x\d*", expected a whole number/),
  evict('counter-nan', 'this.counters.pgscan = NaN;', /counters\.pgscan is NaN/),
  evict(
    'counter-falls',
    'this.counters.pgscan = 5 - ++this.calls;',
    /counters\.pgscan is \d, expected no less/,
  ),
  evict(
    'counter-unknown',
    'this.counters.pgthing = 1;',
    /counters\.pgthing is no metric of reclaim policies/,
  ),
  {
    name: 'insert-async',
    method: 'insert',
    code: 'return Promise.resolve();',
    blamed: /insert returned a pro/,
  },
  { name: 'insert-throws', method: 'insert', code: 'null.x;', blamed: /insert threw TypeError/ },
  { name: 'miss-throws', method: 'miss', code: 'null.x;', blamed: /miss threw TypeError/ },
  { name: 'touch-exits', method: 'touch', code: 'process.exit(3);', blamed: /touch calls process\.exit/ },
  { name: 'resize-endless', method: 'resize', code: 'for (;;);', blamed: /resize had not come back/ },
];

/**
 * The text of a module with one reclaim policy: first in, last out.
 *
 * @param offence put into one of its methods
 */
export function policyModule(name: string, offence?: Pick<Offence, 'method' | 'code'>): string {
  const code = (method: Offence['method']): string => (offence?.method === method ? offence.code : '');
  return `class Policy {
  counters = { pgscan: 0 };
  pages = [];
  calls = 0;
  constructor(caller) { this.caller = caller; }
  miss() { ${code('miss')} }
  touch() { ${code('touch')} }
  evict(victims, wanted) {
    ${code('evict')}
    let found = 0;
    while (found < wanted && this.pages.length > 0) victims[found++] = this.pages.pop();
    this.counters.pgscan += found;
    return found;
  }
  insert(id) { ${code('insert')} this.pages.push(id); }
  reject(id) { ${code('reject')} this.pages.unshift(id); }
  remove(id) { ${code('remove')} this.pages = this.pages.filter((page) => page !== id); }
  resize() { ${code('resize')} }
  grow() {}
}
export const reclaim = [
  { name: '${name}', summary: 'of a test', source: 'a test', complexity: 'O(1)', parameters: {}, create: (pages) => new Policy(pages) },
];
`;
}

/** Ways to break the contract of discard policies, by method: statements, and what they are blamed for. */
export const DISCARD_OFFENCES: readonly {
  readonly name: string;
  readonly code: string;
  readonly blamed: RegExp;
}[] = [
  { name: 'd-throws', code: 'null.x;', blamed: /discard threw TypeError/ },
  { name: 'd-async', code: 'return Promise.resolve();', blamed: /discard returned a promise/ },
  { name: 'd-exit', code: 'process.exit(0);', blamed: /discard calls process\.exit/ },
  {
    name: 'd-endless',
    code: 'for (;;);',
    blamed: /discard had not come back after [\d.]+ s, .*; at \d+ µs of test\.csv/,
  },
  { name: 'd-mutates', code: 'range.count = 1;', blamed: /discard changes its range/ },
  {
    name: 'd-range',
    code: 'this.kernel.madvise({ ...range, page: NaN }, "MADV_FREE");',
    blamed: /calls madvise with an obj/,
  },
  { name: 'd-none', code: 'this.kernel.lookup(undefined, true);', blamed: /calls lookup with undefined/ },
  {
    name: 'd-advice',
    code: 'this.kernel.madvise(range, "MADV_EAT");',
    blamed: /calls madvise with "MADV_EAT"/,
  },
  { name: 'd-piece', code: 'this.kernel.punch(range);', blamed: /calls punch with something else/ },
  {
    name: 'd-space',
    code: 'this.program.regenerate({ ...range, space: 77 }, 0);',
    blamed: /calls regenerate in space 77, where nothing is mapped/,
  },
  {
    name: 'd-clock',
    code: 'this.clock.at(NaN, () => {});',
    blamed: /calls at with NaN, expected a time in µs/,
  },
  { name: 'd-call', code: 'this.clock.at(9, 9);', blamed: /calls at with 9, expected what to call then/ },
  {
    name: 'd-timer',
    code: 'this.clock.at(this.clock.nowUs, () => null.x);',
    blamed: /a timer threw TypeError/,
  },
  {
    name: 'd-again',
    code: 'const again = () => this.clock.at(0, again); again();',
    blamed: /a timer threw InputError: more than 1048576 timers were set for/,
  },
  { name: 'd-ns', code: 'this.program.regenerate(range, -1);', blamed: /calls regenerate with -1 ns/ },
];

/** The text of a module with one discard policy that does what is given at each discard. */
export function discardModule(name: string, code: string): string {
  return `class Policy {
  constructor({ kernel, program, clock }) { Object.assign(this, { kernel, program, clock }); }
  discard(range) { ${code} }
  unpin() {}
  pin() {}
}
export const discard = [
  { name: '${name}', summary: 'of a test', source: 'a test', parameters: {}, create: (context) => new Policy(context) },
];
`;
}
