import { InputError } from '../../base/errors.js';
import { PART } from '../../cost/ledger.js';
import { TRAIT } from '../../policy/reclaim/contract.js';
import { unmapObjectPage } from '../entries/page-walk.js';
import { PAGE_FLAG } from '../memory/pages.js';
import type { State } from '../state/state.js';
import type { SharedObject } from '../state/vma.js';
import { cachePage, identify, WHERE, whereIs } from './page-in.js';

/**
 * Moves pages of an XIP object between the page cache and XIP backing. Mappings lose the pages and fault them in again.
 * Source: the file system that the VM_MIXEDMAP patches were written for moves single pages so.
 *
 * @throws InputError for an object that is not XIP
 */
export function migrate(
  m: State,
  object: SharedObject,
  first: number,
  count: number,
  toCache: boolean,
): void {
  if (object.backing !== 'xip')
    throw new InputError(`migrate of ${object.name}, a ${object.backing} object, expected an xip object`);
  const end = Math.min(first + count, object.size);
  for (let index = first; index < end; index++) {
    const inPlace = whereIs(m, object, index) === WHERE.mappedInPlace;
    if (inPlace === toCache) move(m, object, index, toCache);
  }
}

function move(m: State, object: SharedObject, index: number, toCache: boolean): void {
  const page = identify(m, object, index);
  unmapObjectPage(m, object, index);
  m.ledger.cpu(PART.minor, m.costs.faults.cow_copy.ns);
  if (toCache) {
    m.structPages.remove(page);
    m.pages.setTrait(page, TRAIT.file);
    cachePage(m, object, index);
    return;
  }
  m.uncache(page);
  m.pages.clearTrait(page, TRAIT.file | TRAIT.dirty);
  m.pages.setTrait(page, PAGE_FLAG.unevictable);
  if (object.options.structPages) m.structPages.add(page);
}
