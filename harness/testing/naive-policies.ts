/**
 * Replacement policies on reference strings, written for plainness and not for speed: arrays of page ids, searched from
 * end to end. The policies of harness/policy/reclaim must give the same hits and misses.
 */

/** Uses a page; true when it was resident. */
type Access = (id: number) => boolean;

/** Takes a page out of an array; false when it is not there. */
function take(list: number[], id: number): boolean {
  const at = list.indexOf(id);
  if (at >= 0) list.splice(at, 1);
  return at >= 0;
}

interface LirsSettings {
  readonly hir?: number;
  readonly variant?: string;
}

/** In all lists the oldest page is first. */
function fifo(c: number): Access {
  const queue: number[] = [];
  return (id) => {
    if (queue.includes(id)) return true;
    if (queue.length === c) queue.shift();
    queue.push(id);
    return false;
  };
}

function lru(c: number): Access {
  const queue: number[] = [];
  return (id) => {
    const hit = take(queue, id);
    if (!hit && queue.length === c) queue.shift();
    queue.push(id);
    return hit;
  };
}

function mru(c: number): Access {
  const queue: number[] = [];
  return (id) => {
    const hit = take(queue, id);
    if (!hit && queue.length === c) queue.pop();
    queue.push(id);
    return hit;
  };
}

function clock(c: number, { bits = 1 }): Access {
  const queue: { id: number; uses: number }[] = [];
  return (id) => {
    const known = queue.find((page) => page.id === id);
    if (known) {
      known.uses = Math.min(known.uses + 1, 2 ** bits - 1);
      return true;
    }
    while (queue.length === c) {
      const oldest = queue.shift()!;
      if (oldest.uses > 0) queue.push({ id: oldest.id, uses: oldest.uses - 1 });
    }
    queue.push({ id, uses: 0 });
    return false;
  };
}

/** Only new pages use what is left when the capacity is divided; a page passed down evicts them. */
function slru(c: number, { segments = 4 }): Access {
  const count = Math.min(segments, c);
  const share = Math.floor(c / count);
  const lists: number[][] = Array.from({ length: count }, () => []);
  return (id) => {
    const from = lists.findIndex((list) => take(list, id));
    if (from >= 0) {
      let to = Math.min(from + 1, count - 1);
      lists[to]!.push(id);
      for (; to > 0 && lists[to]!.length > share; to--) {
        lists[to - 1]!.push(lists[to]!.shift()!);
      }
      if (to === 0 && from < count - 1) lists[0]!.splice(0, lists[0]!.length - share);
      return true;
    }
    if (lists.flat().length === c) lists.find((list) => list.length > 0)?.shift();
    (lists.find((list) => list.length < share) ?? lists[0]!).push(id);
    return false;
  };
}

function twoq(c: number, { kin = 0.25, kout = 0.5 }): Access {
  const kinPages = Math.max(1, Math.floor(c * kin));
  const koutPages = kout > 0 ? Math.max(1, Math.floor(c * kout)) : 0;
  const a1in: number[] = [];
  const a1out: number[] = [];
  const am: number[] = [];
  return (id) => {
    if (a1in.includes(id)) return true;
    if (take(am, id)) {
      am.push(id);
      return true;
    }
    const ghost = take(a1out, id);
    if (a1in.length + am.length === c) {
      if (a1in.length > kinPages || am.length === 0) {
        a1out.push(a1in.shift()!);
        if (a1out.length > koutPages) a1out.shift();
      } else am.shift();
    }
    (ghost ? am : a1in).push(id);
    return false;
  };
}

/** The paper's figure 4. */
function arc(c: number): Access {
  const [t1, t2, b1, b2]: number[][] = [[], [], [], []] as number[][] as [
    number[],
    number[],
    number[],
    number[],
  ];
  let p = 0;
  const replace = (inB2: boolean) => {
    if (t1.length + t2.length < c) return;
    if (t1.length > 0 && (t1.length > p || (t1.length === p && inB2) || t2.length === 0)) {
      b1.push(t1.shift()!);
    } else b2.push(t2.shift()!);
  };
  return (id) => {
    if (take(t1, id) || take(t2, id)) {
      t2.push(id);
      return true;
    }
    if (b1.includes(id)) {
      p = Math.min(c, p + Math.max(b2.length / b1.length, 1));
      take(b1, id);
      replace(false);
      t2.push(id);
    } else if (b2.includes(id)) {
      p = Math.max(0, p - Math.max(b1.length / b2.length, 1));
      take(b2, id);
      replace(true);
      t2.push(id);
    } else {
      if (t1.length + b1.length === c) {
        if (t1.length < c) {
          b1.shift();
          replace(false);
        } else t1.shift();
      } else if (t1.length + t2.length + b1.length + b2.length >= c) {
        if (t1.length + t2.length + b1.length + b2.length === 2 * c) b2.shift();
        replace(false);
      }
      t1.push(id);
    }
    return false;
  };
}

/** The paper's figure 2. */
function car(c: number): Access {
  const [t1, t2, b1, b2]: number[][] = [[], [], [], []] as number[][] as [
    number[],
    number[],
    number[],
    number[],
  ];
  const used = new Set<number>();
  let p = 0;
  const replace = () => {
    for (;;) {
      const small = t1.length >= Math.max(1, p);
      const head = (small ? t1 : t2).shift()!;
      if (!used.delete(head)) {
        (small ? b1 : b2).push(head);
        return;
      }
      t2.push(head);
    }
  };
  return (id) => {
    if (t1.includes(id) || t2.includes(id)) {
      used.add(id);
      return true;
    }
    const known = b1.includes(id) || b2.includes(id);
    if (t1.length + t2.length === c) {
      replace();
      if (!known && t1.length + b1.length === c) b1.shift();
      else if (!known && t1.length + t2.length + b1.length + b2.length === 2 * c) b2.shift();
    }
    if (b1.includes(id)) {
      p = Math.min(p + Math.max(1, b2.length / b1.length), c);
      take(b1, id);
      t2.push(id);
    } else if (b2.includes(id)) {
      p = Math.max(p - Math.max(1, b1.length / b2.length), 0);
      take(b2, id);
      t2.push(id);
    } else t1.push(id);
    return false;
  };
}

/** Pages of the stack are LIR, or HIR; those of the queue are HIR and resident, those in `gone` are not. */
/** LIRS as its authors' program plays it: every page ever used has a time of last use, and may be in the stack. */
function authorsLirs(c: number, hir: number): Access {
  interface Page {
    lir: boolean;
    resident: boolean;
    inStack: boolean;
    used: number;
  }
  const pages = new Map<number, Page>();
  const mostLir = Math.max(1, c - Math.max(2, Math.floor(c * hir)));
  const queue: number[] = [];
  let now = 0;
  let last = -1;
  const lirs = () => [...pages.values()].filter((page) => page.lir);
  const bottom = () => lirs().reduce((oldest, page) => (page.used < oldest.used ? page : oldest));
  const prune = () => {
    const oldest = Math.min(...lirs().map((page) => page.used));
    for (const page of pages.values()) if (page.used < oldest) page.inStack = false;
  };
  const demoteOldest = () => {
    const page = bottom();
    page.lir = false;
    page.inStack = false;
    queue.push([...pages].find(([, other]) => other === page)![0]);
    prune();
  };
  return (id) => {
    const page = pages.get(id) ?? { lir: false, resident: false, inStack: false, used: 0 };
    pages.set(id, page);
    const hit = page.resident;
    if (id === last) return hit;
    last = id;
    if (!hit) {
      const residents = [...pages.values()].filter((other) => other.resident).length;
      if (residents < mostLir) page.lir = true;
      else if (residents === c) {
        if (queue.length === 0) demoteOldest();
        pages.get(queue.shift()!)!.resident = false;
      }
    } else if (!page.lir) take(queue, id);
    page.resident = true;
    page.used = ++now;
    if (!page.lir) {
      page.lir = page.inStack;
      if (!page.lir) queue.push(id);
      else if (lirs().length > mostLir) demoteOldest();
    }
    page.inStack = true;
    prune();
    return hit;
  };
}

function lirs(c: number, { hir = 0.01, variant = 'libcachesim' }: LirsSettings): Access {
  if (variant === 'authors') return authorsLirs(c, hir);
  const mostQueued = Math.max(1, Math.floor(c * hir));
  const mostLir = Math.max(1, c - mostQueued);
  const stack: number[] = [];
  const queue: number[] = [];
  const gone: number[] = [];
  const lir = new Set<number>();
  const prune = () => {
    while (stack.length > 0 && !lir.has(stack[0]!)) take(gone, stack.shift()!);
  };
  const demoteOldest = () => {
    prune();
    const bottom = stack.shift()!;
    lir.delete(bottom);
    queue.push(bottom);
    prune();
  };
  const evict = () => {
    if (queue.length === 0) demoteOldest();
    const victim = queue.shift()!;
    if (stack.includes(victim)) gone.push(victim);
  };
  const hit = (id: number, inStack: boolean) => {
    if (lir.has(id)) {
      stack.push(id);
      prune();
      return;
    }
    take(queue, id);
    if (inStack) {
      if (lir.size === mostLir) demoteOldest();
      lir.add(id);
    } else {
      queue.push(id);
      if (lir.size === mostLir) {
        demoteOldest();
        if (queue.length > mostQueued && queue[0] !== id) evict();
      }
    }
    stack.push(id);
  };
  const missed = (id: number) => {
    const known = take(gone, id);
    if (known && lir.size === mostLir) demoteOldest();
    if (lir.size + queue.length === c) evict();
    stack.push(id);
    if (known || lir.size < mostLir) lir.add(id);
    else queue.push(id);
  };
  return (id) => {
    const resident = lir.has(id) || queue.includes(id);
    const inStack = take(stack, id);
    if (resident) hit(id, inStack);
    else missed(id);
    while (stack.length > 2 * c && gone.length > 0) take(stack, gone.shift()!);
    return resident;
  };
}

function lfu(c: number): Access {
  /** In the order in which they reached their count. */
  const pages: { id: number; uses: number }[] = [];
  return (id) => {
    const at = pages.findIndex((page) => page.id === id);
    if (at >= 0) {
      const [known] = pages.splice(at, 1) as [(typeof pages)[0]];
      pages.push({ id, uses: known.uses + 1 });
      return true;
    }
    if (pages.length === c) {
      const least = Math.min(...pages.map((page) => page.uses));
      pages.splice(
        pages.findIndex((page) => page.uses === least),
        1,
      );
    }
    pages.push({ id, uses: 1 });
    return false;
  };
}

function s3fifo(c: number, { small = 0.1, ghost = 0.9, threshold = 2 }): Access {
  const smallPages = Math.max(1, Math.floor(c * small));
  const ghostPages = ghost > 0 ? Math.max(1, Math.floor(c * ghost)) : 0;
  const smallQueue: { id: number; uses: number }[] = [];
  const main: { id: number; uses: number }[] = [];
  const gone: number[] = [];
  /** A search of the small queue goes on until a page has gone, even when the main queue is over its size by then. */
  const evictSmall = () => {
    for (let oldest = smallQueue.shift(); oldest; oldest = smallQueue.shift()) {
      if (oldest.uses >= threshold) main.push({ id: oldest.id, uses: 0 });
      else {
        gone.push(oldest.id);
        if (gone.length > ghostPages) gone.shift();
        return;
      }
    }
  };
  const evictMain = () => {
    for (;;) {
      const oldest = main.shift()!;
      if (oldest.uses === 0) return;
      main.push({ id: oldest.id, uses: Math.min(oldest.uses, 3) - 1 });
    }
  };
  return (id) => {
    const known = [...smallQueue, ...main].find((page) => page.id === id);
    if (known) {
      known.uses++;
      return true;
    }
    const wasGone = take(gone, id);
    while (smallQueue.length + main.length === c) {
      if (main.length > c - smallPages || smallQueue.length === 0) evictMain();
      else evictSmall();
    }
    (wasGone ? main : smallQueue).push({ id, uses: 0 });
    return false;
  };
}

function sieve(c: number): Access {
  const queue: { id: number; visited: boolean }[] = [];
  let hand = 0;
  return (id) => {
    const known = queue.find((page) => page.id === id);
    if (known) {
      known.visited = true;
      return true;
    }
    if (queue.length === c) {
      while (queue[hand]?.visited) {
        queue[hand]!.visited = false;
        hand = (hand + 1) % queue.length;
      }
      queue.splice(hand, 1);
      if (hand === queue.length) hand = 0;
    }
    queue.push({ id, visited: false });
    return false;
  };
}

/** By name: a cache of `c` pages. */
export const naivePolicies: Readonly<
  Record<string, (c: number, parameters: Readonly<Record<string, number>>) => Access>
> = { fifo, lru, mru, clock, slru, twoq, arc, car, lirs, lfu, s3fifo, sieve };
