import { afterEach, expect, test, vi } from 'vitest';
import { local } from './local';

afterEach(() => vi.unstubAllGlobals());

test('what the browser refuses to keep lives as long as the page', () => {
  vi.stubGlobal('localStorage', undefined);
  local.set('a', 'one');
  expect(local.get('a')).toBe('one');
  local.remove('a');
  expect(local.get('a')).toBeNull();
});

test('what does not fit any more hides what is kept, until it fits', () => {
  const kept = new Map([['a', 'old']]);
  let isFull = true;
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => {
      if (isFull) throw new DOMException('full', 'QuotaExceededError');
      kept.set(key, value);
    },
    removeItem: (key: string) => kept.delete(key),
  });
  local.set('a', 'new');
  expect(local.get('a')).toBe('new');
  isFull = false;
  local.set('a', 'newer');
  expect(local.get('a')).toBe('newer');
  expect(kept.get('a')).toBe('newer');
});
