/** How people and chats are called. */

import type { Person } from '../sync/model';
import { fold } from './hits';

/** What turns the direction of text, or hides in it. Names are shown isolated; this is for plain strings. */
const MARKS = /[\u0000-\u001f\u007f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;

/** A string for a title or a notification: one line, without signs that turn or hide text. */
export function tame(text: string): string {
  return text.replace(MARKS, ' ').replace(/\s+/g, ' ').trim();
}

/** What a person is called; `""` when it is not known. */
export function nameOf(person: Person): string {
  return `${person.firstName} ${person.lastName}`.trim() || person.login;
}

/** Who was looked for: whose login it is, then whose names or login begin so, then the others; else as they were. */
export function bestFirst(people: readonly Person[], keyword: string): Person[] {
  const wanted = fold(keyword.trim());
  const rank = (person: Person): number => {
    if (fold(person.login) === wanted) return 0;
    const names = [person.login, person.firstName, person.lastName, nameOf(person)];
    return names.some((name) => fold(name).startsWith(wanted)) ? 1 : 2;
  };
  return [...people].sort((a, b) => rank(a) - rank(b));
}

/** One or two letters for a picture. */
export function initials(name: string): string {
  const words = tame(name).split(/[\s_.-]+/).filter((word) => /[\p{L}\p{N}]/u.test(word));
  const letters = words.map((word) => [...word].find((sign) => /[\p{L}\p{N}]/u.test(sign)) ?? '');
  return (letters.length > 1 ? letters[0]! + letters.at(-1)! : (letters[0] ?? '?')).toUpperCase();
}

/** One of eight colours, always the same for the same id. */
export function hueOf(id: string): number {
  let sum = 0;
  for (const sign of id) sum = (sum * 31 + sign.charCodeAt(0)) >>> 0;
  return sum % 8;
}
