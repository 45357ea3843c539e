/** The words of the page, in the language of the moment. What reads them is drawn anew when it changes. */

import type { Entry, Key } from './en';
import { en } from './en';
import { ru } from './ru';

export type { Key };
export type Language = 'en' | 'ru';

export const LANGUAGES: Record<Language, string> = { en: 'English', ru: 'Русский' };
const WORDS: Record<Language, Record<Key, Entry>> = { en, ru };

let language = $state<Language>(preferred());
/** The last midnight: what names days is drawn anew when there is another one. */
let today = $state(midnight(Date.now()));

const plurals = $derived(new Intl.PluralRules(language));
const clock = $derived(new Intl.DateTimeFormat(language, { timeStyle: 'short' }));
const weekday = $derived(new Intl.DateTimeFormat(language, { weekday: 'short' }));
const dayMonth = $derived(new Intl.DateTimeFormat(language, { day: 'numeric', month: 'short' }));
const longDay = $derived(new Intl.DateTimeFormat(language, { day: 'numeric', month: 'long' }));
const numeric = $derived(
  new Intl.DateTimeFormat(language, { day: '2-digit', month: '2-digit', year: 'numeric' }),
);
const longDate = $derived(
  new Intl.DateTimeFormat(language, { day: 'numeric', month: 'long', year: 'numeric' }),
);
const full = $derived(new Intl.DateTimeFormat(language, { dateStyle: 'long', timeStyle: 'short' }));
const count = $derived(new Intl.NumberFormat(language, { maximumFractionDigits: 1 }));

/** The language that the browser asks for, of those we have. */
export function preferred(): Language {
  const wished = globalThis.navigator?.languages ?? [];
  return wished.map((each) => each.slice(0, 2)).find((each) => each in WORDS) as Language ?? 'en';
}

export function currentLanguage(): Language {
  return language;
}

/** All words change at once. */
export function speak(next: Language): void {
  language = next;
  if (globalThis.document) document.documentElement.lang = next;
}

/** A sentence. `{name}` stands for a value; `n` chooses the plural. */
export function t(key: Key, values: Readonly<Record<string, string | number>> = {}): string {
  const entry: Entry = WORDS[language][key];
  const form =
    typeof entry === 'string'
      ? entry
      : (entry[plurals.select(Number(values.n)) as 'one' | 'few' | 'many' | 'other'] ?? entry.other);
  return form.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    return value === undefined ? whole : typeof value === 'number' ? count.format(value) : value;
  });
}

export function time(at: number): string {
  return clock.format(at);
}

export function fullDate(at: number): string {
  return full.format(at);
}

function midnight(at: number): number {
  return new Date(at).setHours(0, 0, 0, 0);
}

/** It may be another day: to be called now and then, and when somebody comes back to the page. */
export function turnDay(): void {
  today = midnight(Date.now());
}

/** This moment; who asks for it is drawn anew on another day. */
function current(): number {
  void today;
  return Date.now();
}

/** A day by the calendar of the place, as fields and machines write it: `2026-01-31`. */
export function isoDay(at = current()): string {
  const day = new Date(at);
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${String(day.getFullYear()).padStart(4, '0')}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
}

/** Days between then and now, by the calendar. */
function daysAgo(at: number, now: number): number {
  return Math.round((midnight(now) - midnight(at)) / 86_400_000);
}

/** When, in as few letters as a list has room for. */
export function shortDate(at: number, now = current()): string {
  const days = daysAgo(at, now);
  if (days <= 0) return time(at);
  if (days < 7) return weekday.format(at);
  return new Date(at).getFullYear() === new Date(now).getFullYear() ? dayMonth.format(at) : numeric.format(at);
}

/** A day, as a line between messages says it. */
export function dayName(at: number, now = current()): string {
  const days = daysAgo(at, now);
  if (days === 0) return t('today');
  if (days === 1) return t('yesterday');
  return new Date(at).getFullYear() === new Date(now).getFullYear() ? longDay.format(at) : longDate.format(at);
}

/** Since when somebody is away. */
export function lastSeen(seconds: number, now = current()): string {
  if (!seconds) return t('presence.never');
  const at = seconds * 1000;
  const days = daysAgo(at, now);
  const when = days <= 0 ? t('at', { time: time(at) }) : days === 1 ? since(at, now) : dayName(at, now);
  return t('presence.last', { when });
}

/** When something was, as a sentence says it: `today at 14:05`. */
export function since(at: number, now = current()): string {
  const days = daysAgo(at, now);
  if (days > 1) return dayName(at, now);
  return t('dayAt', { day: t(days === 1 ? 'yesterday' : 'today').toLowerCase(), time: time(at) });
}

/** A number of bytes. */
export function fileSize(bytes: number): string {
  if (bytes < 1024) return t('size.b', { n: bytes });
  if (bytes < 1024 * 1024) return t('size.kb', { n: Math.round(bytes / 1024) });
  return t('size.mb', { n: bytes / 1024 / 1024 });
}
