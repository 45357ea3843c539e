import { expect, test } from 'vitest';
import type { Json } from '../wire/socket';
import { byChange, PAGE } from './pages';

interface Params {
  readonly limit: number;
  readonly updated_at?: { readonly lt: number };
}

/** A server's list, newest change first; so many of them change in each millisecond. */
function listOf(count: number, inOne: number) {
  const all = Array.from({ length: count }, (_, i) => ({
    _id: String(i),
    updated_at: new Date(1_000_000 - Math.floor(i / inOne)).toISOString(),
  }));
  const ask = async (_: string, params: unknown): Promise<Json> => {
    const { limit, updated_at: bounds } = params as Params;
    const found = all.filter((it) => !bounds || Date.parse(it.updated_at) < bounds.lt);
    return { things: found.slice(0, limit) };
  };
  return { ids: all.map((it) => it._id), ask };
}

async function idsOf(list: ReturnType<typeof listOf>): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const page of byChange(list, 'thing_list', 'things')) found.push(...page.map((it) => it._id));
  return found;
}

test.each([1, 3, 7, 60])('what changed in the millisecond in which a page ends is not lost: %i in each', async (inOne) => {
  const list = listOf(350, inOne);
  expect(await idsOf(list)).toEqual(list.ids);
});

test('more than a page in one millisecond ends somewhere', async () => {
  const found = await idsOf(listOf(3 * PAGE, 2 * PAGE));
  expect(found.length).toBeGreaterThanOrEqual(2 * PAGE);
  expect(new Set(found).size).toBe(found.length);
});

test('nothing is nothing', async () => {
  expect(await idsOf(listOf(0, 1))).toEqual([]);
});
