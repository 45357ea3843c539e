import { expect, test } from 'vitest';
import type { Entry } from './en';
import { en } from './en';
import { fileSize, lastSeen, shortDate, speak, t } from './index.svelte';
import { ru } from './ru';

const names = (entry: Entry): string[] => {
  const forms = typeof entry === 'string' ? [entry] : Object.values(entry);
  return [...new Set(forms.flatMap((form) => form?.match(/\{\w+\}/g) ?? []))].sort();
};

test('both languages say the same things, with the same values', () => {
  expect(Object.keys(ru).sort()).toEqual(Object.keys(en).sort());
  for (const key of Object.keys(en) as (keyof typeof en)[]) {
    expect(names(ru[key]), key).toEqual(names(en[key]));
  }
});

test('Russian plurals have all their forms', () => {
  for (const [key, entry] of Object.entries(ru)) {
    if (typeof entry !== 'string') expect(Object.keys(entry).sort(), key).toEqual(['few', 'many', 'one', 'other']);
  }
});

test('the language is switched at once', () => {
  speak('en');
  expect(t('info.members', { n: 1 })).toBe('1 member');
  expect(t('info.members', { n: 1200 })).toBe('1,200 members');
  speak('ru');
  expect([1, 3, 5, 11, 21].map((n) => t('info.members', { n }))).toEqual([
    '1 участник', '3 участника', '5 участников', '11 участников', '21 участник',
  ]);
  expect(fileSize(1536 * 1024)).toBe('1,5 МБ');
});

test('dates are as short as they can be', () => {
  speak('en');
  const now = new Date(2026, 10, 22, 12, 0).getTime();
  expect(shortDate(new Date(2026, 10, 22, 9, 5).getTime(), now)).toBe('9:05 AM');
  expect(shortDate(new Date(2026, 10, 20, 9, 5).getTime(), now)).toBe('Fri');
  expect(shortDate(new Date(2026, 0, 5).getTime(), now)).toBe('Jan 5');
  expect(lastSeen(new Date(2026, 10, 21, 20, 0).getTime() / 1000, now)).toBe('last seen yesterday at 8:00 PM');
  speak('ru');
  expect(shortDate(new Date(2026, 10, 22, 9, 5).getTime(), now)).toBe('09:05');
  expect(lastSeen(new Date(2026, 10, 22, 9, 5).getTime() / 1000, now)).toBe('был(а) в 09:05');
  expect(lastSeen(new Date(2026, 10, 21, 20, 0).getTime() / 1000, now)).toBe('был(а) вчера в 20:00');
  expect(lastSeen(new Date(2026, 10, 5).getTime() / 1000, now)).toBe('был(а) 5 ноября');
});
