import { expect, it } from 'vitest';
import { callOf, mentions } from './told';

it.each([
  ['@anna', true], ['hello @Anna!', true], ['(@anna)', true], ['Привет, @anna, как дела', true],
  ['anna', false], ['@annabel', false], ['mail@anna', false], ['@@anna', false], ['@anna_b', false], ['', false],
])('whether somebody is called: %s', (text, is) => {
  expect(mentions(text, callOf('anna'))).toBe(is);
});

it('takes a login as it is', () => {
  expect(mentions('@a.b', callOf('a.b'))).toBe(true);
  expect(mentions('@axb', callOf('a.b'))).toBe(false);
  expect(mentions('@', callOf(''))).toBe(false);
});
