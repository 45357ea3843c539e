import { expect, test } from 'vitest';
import type { Message } from '../sync/model';
import { messageOf } from '../sync/model';
import { rowsOf } from './rows';
import type { Row } from './rows';

const NOON = new Date(2026, 2, 28, 12).getTime();
const DAY = 86_400_000;

let count = 0;
const said = (from: string, at: number, more: object = {}): Message => ({
  ...messageOf({ _id: (++count).toString(16).padStart(24, '0'), cid: 'c', from, body: 'x', created_at: new Date(at).toISOString() }, 'me'),
  ...more,
});
const none = new Map<string, Row>();
const shape = (rows: Row[]): string =>
  rows.map((row) => (row.kind === 'message' ? `${row.isFirst ? '<' : '-'}${row.isLast ? '>' : '-'}` : row.kind)).join(' ');

test('days have lines, and what one person wrote in a row belongs together', () => {
  const messages = [said('a', NOON), said('a', NOON + 1000), said('b', NOON + 2000), said('b', NOON + 400_000), said('b', NOON + DAY)];
  expect(shape(rowsOf(messages, '', none))).toBe('day <- -> <> <> day <>');
});

test('a night in which the clocks change is one night', () => {
  const rows = rowsOf([said('a', NOON), said('a', NOON + DAY / 2 + 3_600_000), said('a', NOON + DAY)], '', none);
  expect(rows.filter((row) => row.kind === 'day')).toHaveLength(2);
});

test('the unread line stands before the first unread message, and parts what belongs together', () => {
  const messages = [said('a', NOON), said('a', NOON + 1000), said('a', NOON + 2000)];
  expect(shape(rowsOf(messages, messages[1]!.id, none))).toBe('day <> unread <- ->');
});

test('notices belong to nobody', () => {
  const messages = [said('a', NOON), said('a', NOON + 1000, { notice: { what: 'left', personId: 'a' } }), said('a', NOON + 2000)];
  expect(shape(rowsOf(messages, '', none))).toBe('day <> <> <>');
});

test('what has not changed is the same row; a message keeps the name it had before it was acknowledged', () => {
  const messages = [said('a', NOON), said('me', NOON + 1000, { ref: 'mine' })];
  const first = rowsOf(messages, '', none);
  const kept = new Map(first.map((row) => [row.key, row]));
  const second = rowsOf([...messages, said('b', NOON + 2000)], '', kept);
  expect(second.slice(0, 3)).toEqual(first);
  second.slice(0, 3).forEach((row, i) => expect(row).toBe(first[i]));
  expect(first[2]?.key).toBe('mine');
});

test('every row has a name of its own, also if the clock went back', () => {
  const messages = [said('a', NOON + DAY), said('a', NOON), said('a', NOON + DAY + 1000), said('me', NOON, { ref: 'r' }), said('me', NOON, { ref: 'r' })];
  const keys = rowsOf(messages, '', none).map((row) => row.key);
  expect(new Set(keys).size).toBe(keys.length);
});
