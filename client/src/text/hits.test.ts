import { expect, test } from 'vitest';
import { hitsIn, marked, snippet } from './hits';

test('a part of a word is found in any case, in both languages', () => {
  expect(hitsIn('Завтра в ВОСЕМЬ, у ёлки', 'восем')).toEqual([[9, 14]]);
  expect(hitsIn('Ёлочка и ЕЛКА', 'ел')).toEqual([[0, 2], [9, 11]]);
  expect(hitsIn('tea Tea TEA', 'tea')).toHaveLength(3);
  expect(hitsIn('nothing', '  ')).toEqual([]);
  expect(hitsIn('100% a_b', '_')).toEqual([[6, 7]]);
});

test('signs that change their length keep their places', () => {
  const text = 'İstanbul 🎉 tea';
  const [[from, to] = [0, 0]] = hitsIn(text, 'TEA');
  expect(text.slice(from, to)).toBe('tea');
  expect(hitsIn('İ', 'i')).toEqual([[0, 1]]);
});

test('all of a text is in its pieces', () => {
  const pieces = marked('one two one', 'ONE');
  expect(pieces.map((each) => each.isHit)).toEqual([true, false, true]);
  expect(pieces.map((each) => each.text).join('')).toBe('one two one');
});

test('of a long text the surroundings of the first place are shown', () => {
  const pieces = snippet(`${'before '.repeat(60)}the\nneedle ${'after '.repeat(90)}`, 'NEEDLE');
  const text = pieces.map((each) => each.text).join('');
  expect(text.startsWith('…before')).toBe(true);
  expect(text.length).toBeLessThan(170);
  expect(pieces.find((each) => each.isHit)?.text).toBe('needle');
});

test('marks are not shown, but where they were looked for', () => {
  const shown = (text: string, words: string): string => snippet(text, words).map((each) => each.text).join('');
  expect(shown('bring **bread** and `oil`', 'bread')).toBe('bring bread and oil');
  expect(shown('bring **bread**', '**')).toBe('bring **bread**');
});

test('a mountain of text is looked through in no time', () => {
  expect(hitsIn('a'.repeat(1_000_000), 'aa').length).toBeLessThan(40_000);
});
