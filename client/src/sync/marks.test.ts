import { expect, test } from 'vitest';
import { Marks } from './marks.svelte';

test('what the server has takes the place of what was known', () => {
  const marks = new Marks('anna');
  marks.merge({ a: { pinned: true, muted: false, order: 0 }, b: { pinned: false, muted: true, order: 0 } });
  expect([...marks.pinned.keys(), ...marks.muted]).toEqual(['a', 'b']);
  marks.replace({ c: { pinned: true, muted: true, order: 3 } });
  expect([...marks.pinned.entries()]).toEqual([['c', 3]]);
  expect([...marks.muted]).toEqual(['c']);
});

test('another device pins, mutes, and takes it back', () => {
  const marks = new Marks('boris');
  marks.hear({ cid: 'a', pinned: true, muted: true, order: -2 });
  expect(marks.pinned.get('a')).toBe(-2);
  marks.hear({ cid: 'a', pinned: false, muted: false, order: -2 });
  expect(marks.pinned.size + marks.muted.size).toBe(0);
  // What is no such packet changes nothing.
  marks.hear({ pinned: true });
  expect(marks.pinned.size).toBe(0);
});

test('the next one is pinned above all others', () => {
  const marks = new Marks('clara');
  expect(marks.above).toBe(0);
  marks.merge({ a: { pinned: true, order: 0 }, b: { pinned: true, order: -5 } });
  expect(marks.above).toBe(-6);
});
