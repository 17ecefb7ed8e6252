import type { Database } from '../../harness/trace/buffer-pool/database.js';

/** A stream of numbers in [0, 1). */
type Random = () => number;

/** Bytes of a block that rows can have, and what a row takes besides its columns. Source: PostgreSQL, bufpage.h, htup_details.h. */
const BLOCK_ROOM = 8192 - 24;
const ROW_OVERHEAD = 28;
/** Entries of a leaf of an index. Recorded: 2745 blocks of pgbench_accounts_pkey for a million rows. */
const LEAF_ENTRIES = 366;

/** Row lengths and counts. Source: TPC-C 5.11, clauses 1.2.1 and 4.3.3. */
const DISTRICTS = 10;
const DISTRICT_CUSTOMERS = 3000;
const ITEMS = 100_000;
const ROW_BYTES = {
  warehouse: 89,
  district: 95,
  customer: 655,
  history: 46,
  'new-order': 8,
  order: 24,
  'order-line': 54,
  item: 82,
  stock: 306,
} as const;
type Table = keyof typeof ROW_BYTES;

/** Shares of the transactions, Stock-Level is the rest. Source: TPC-C 5.11, clause 5.2.3. */
const NEW_ORDER_SHARE = 0.45;
const PAYMENT_SHARE = 0.43;
const ORDER_STATUS_SHARE = 0.04;
const DELIVERY_SHARE = 0.04;
/** Order lines of an order: 5 to 15. Source: clause 2.4.1.3. */
const FEWEST_LINES = 5;
const LINE_CHOICES = 11;
/** Orders whose lines Stock-Level looks at. Source: clause 2.8.2.2. */
const RECENT_ORDERS = 20;
const LINES_PER_ORDER = 10;

function rowsPerBlock(table: Table): number {
  return Math.floor(BLOCK_ROOM / (ROW_BYTES[table] + ROW_OVERHEAD));
}

function below(n: number, random: Random): number {
  return Math.floor(random() * n);
}

/**
 * A number below `n` by NURand(A, 0, n − 1) with C = 0: the bits of A make some numbers much more frequent.
 * Source: TPC-C 5.11, clause 2.1.6.
 */
export function nuRand(a: number, n: number, random: Random): number {
  return (below(a + 1, random) | below(n, random)) % n;
}

/** What a table with a primary key is stored in. */
interface Keyed {
  readonly heap: number;
  readonly index: number;
  readonly rowsPerBlock: number;
}

/** A table that rows are added to at its end. */
interface Log {
  readonly heap: number;
  readonly rowsPerBlock: number;
  rows: number;
}

/**
 * The tables of TPC-C in a database, and its transactions as uses of blocks: a row that is looked up costs the root and a
 * leaf of its index and its block, an inserted row the last block of its table. Locks, logging and rollbacks are left
 * out; customers are found by number, not by name.
 */
export class Tpcc {
  private readonly keyed: Record<'warehouse' | 'district' | 'customer' | 'item' | 'stock', Keyed>;
  private readonly logs: Record<'history' | 'new-order' | 'order' | 'order-line', Log>;
  readonly stockBlocks: number;

  constructor(
    private readonly database: Database,
    private readonly warehouses: number,
  ) {
    const districts = warehouses * DISTRICTS;
    this.keyed = {
      warehouse: this.addKeyed('warehouse', warehouses),
      district: this.addKeyed('district', districts),
      customer: this.addKeyed('customer', districts * DISTRICT_CUSTOMERS),
      item: this.addKeyed('item', ITEMS),
      stock: this.addKeyed('stock', warehouses * ITEMS),
    };
    this.logs = {
      history: this.addLog('history'),
      'new-order': this.addLog('new-order'),
      order: this.addLog('order'),
      'order-line': this.addLog('order-line'),
    };
    this.stockBlocks = Math.ceil((warehouses * ITEMS) / rowsPerBlock('stock'));
  }

  /** The relation that a report reads from start to end. */
  get stock(): number {
    return this.keyed.stock.heap;
  }

  /** A transaction of a backend, drawn by their shares: a step a use of a block. `now` is asked for the time of each. */
  transaction(space: number, now: () => number, random: Random): Generator<void> {
    const draw = random();
    const backend = new Backend(this.database, space, now);
    let above = NEW_ORDER_SHARE;
    if (draw < above) return this.newOrder(backend, random);
    above += PAYMENT_SHARE;
    if (draw < above) return this.payment(backend, random);
    above += ORDER_STATUS_SHARE;
    if (draw < above) return this.orderStatus(backend, random);
    above += DELIVERY_SHARE;
    return draw < above ? this.delivery(backend, random) : this.stockLevel(backend, random);
  }

  private *newOrder(backend: Backend, random: Random): Generator<void> {
    const warehouse = below(this.warehouses, random);
    yield* backend.look(this.keyed.warehouse, warehouse, false);
    const district = warehouse * DISTRICTS + below(DISTRICTS, random);
    yield* backend.look(this.keyed.district, district, true);
    yield* backend.look(this.keyed.customer, customerOf(district, random), false);
    yield* backend.insert(this.logs.order);
    yield* backend.insert(this.logs['new-order']);
    for (let lines = FEWEST_LINES + below(LINE_CHOICES, random); lines > 0; lines--) {
      const item = nuRand(8191, ITEMS, random);
      yield* backend.look(this.keyed.item, item, false);
      yield* backend.look(this.keyed.stock, warehouse * ITEMS + item, true);
      yield* backend.insert(this.logs['order-line']);
    }
  }

  private *payment(backend: Backend, random: Random): Generator<void> {
    const warehouse = below(this.warehouses, random);
    const district = warehouse * DISTRICTS + below(DISTRICTS, random);
    yield* backend.look(this.keyed.warehouse, warehouse, true);
    yield* backend.look(this.keyed.district, district, true);
    yield* backend.look(this.keyed.customer, customerOf(district, random), true);
    yield* backend.insert(this.logs.history);
  }

  private *orderStatus(backend: Backend, random: Random): Generator<void> {
    const district = below(this.warehouses * DISTRICTS, random);
    yield* backend.look(this.keyed.customer, customerOf(district, random), false);
    yield* backend.recent(this.logs.order, 1, false);
    yield* backend.recent(this.logs['order-line'], LINES_PER_ORDER, false);
  }

  /** The oldest orders of all districts of a warehouse: here the newest of all. */
  private *delivery(backend: Backend, random: Random): Generator<void> {
    const warehouse = below(this.warehouses, random);
    for (let i = 0; i < DISTRICTS; i++) {
      const district = warehouse * DISTRICTS + i;
      yield* backend.recent(this.logs['new-order'], 1, true);
      yield* backend.recent(this.logs.order, 1, true);
      yield* backend.recent(this.logs['order-line'], LINES_PER_ORDER, true);
      yield* backend.look(this.keyed.customer, customerOf(district, random), true);
    }
  }

  private *stockLevel(backend: Backend, random: Random): Generator<void> {
    const warehouse = below(this.warehouses, random);
    const district = warehouse * DISTRICTS + below(DISTRICTS, random);
    yield* backend.look(this.keyed.district, district, false);
    yield* backend.recent(this.logs['order-line'], RECENT_ORDERS * LINES_PER_ORDER, false);
    for (let lines = RECENT_ORDERS * LINES_PER_ORDER; lines > 0; lines--)
      yield* backend.look(this.keyed.stock, warehouse * ITEMS + nuRand(8191, ITEMS, random), false);
  }

  private addKeyed(table: Table, rows: number): Keyed {
    const perBlock = rowsPerBlock(table);
    const heap = this.database.addRelation(0, table, Math.ceil(rows / perBlock));
    const index = this.database.addRelation(0, `${table}.index`, 1 + Math.ceil(rows / LEAF_ENTRIES));
    return { heap, index, rowsPerBlock: perBlock };
  }

  private addLog(table: Table): Log {
    return { heap: this.database.addRelation(0, table, 1), rowsPerBlock: rowsPerBlock(table), rows: 0 };
  }
}

function customerOf(district: number, random: Random): number {
  return district * DISTRICT_CUSTOMERS + nuRand(1023, DISTRICT_CUSTOMERS, random);
}

/** A process that works for a client: each step uses one block. */
class Backend {
  constructor(
    private readonly database: Database,
    private readonly space: number,
    private readonly now: () => number,
  ) {}

  /** A row by its key: the root of the index, a leaf, the row. */
  *look({ heap, index, rowsPerBlock: perBlock }: Keyed, row: number, write: boolean): Generator<void> {
    yield this.use(index, 0, false);
    yield this.use(index, 1 + Math.floor(row / LEAF_ENTRIES), false);
    yield this.use(heap, Math.floor(row / perBlock), write);
  }

  /** A row at the end of a table. */
  *insert(log: Log): Generator<void> {
    const block = Math.floor(log.rows / log.rowsPerBlock);
    const first = log.rows % log.rowsPerBlock === 0 && block > 0;
    log.rows++;
    if (first) this.database.extend(this.now(), this.space, log.heap, block);
    else this.use(log.heap, block, true);
    yield;
  }

  /** The last rows of a table, a block at a time. */
  *recent(log: Log, rows: number, write: boolean): Generator<void> {
    const last = Math.max(0, log.rows - 1);
    const from = Math.floor(Math.max(0, last - rows + 1) / log.rowsPerBlock);
    for (let block = from; block <= Math.floor(last / log.rowsPerBlock); block++)
      yield this.use(log.heap, block, write);
  }

  private use(relation: number, block: number, write: boolean): void {
    this.database.read(this.now(), this.space, relation, block);
    if (write) this.database.write(this.now(), this.space, relation, block);
  }
}
