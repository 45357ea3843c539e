import { expect, test } from 'vitest';
import type { ChatRecord } from './model';
import { ChatOrder } from './order.svelte';

const chat = (id: string, changedAt: string): ChatRecord => ({
  id, changedAt, kind: 'group', isEncrypted: false, name: id, description: '', ownerId: '', personId: '', pictureUrl: '', subscribers: 0, last: null, unread: 0,
});
const ids = (order: ChatOrder): string => order.list.map((each) => each.id).join('');

test('what changed last stands first, whichever way it came to be known', () => {
  const order = new ChatOrder();
  const a = chat('a', '2026-01-01');
  const b = chat('b', '2026-01-03');
  order.put(a, undefined);
  order.put(b, undefined);
  order.put(chat('c', '2026-01-02'), undefined);
  expect(ids(order)).toBe('bca');
  const later = chat('a', '2026-01-04');
  order.put(later, a);
  expect(ids(order)).toBe('abc');
  order.put({ ...b, unread: 1 }, b);
  expect(order.list[1]?.unread).toBe(1);
  order.drop(later);
  expect(ids(order)).toBe('bc');
  order.putAll([chat('d', '2026-01-02T12'), chat('c', '2026-01-05')]);
  expect(ids(order)).toBe('cbd');
});
