/** What the page says: short notes at its edge, words for screen readers, and what failures are called. */

import type { Key } from '../i18n/index.svelte';
import { t } from '../i18n/index.svelte';
import { LineLost, Refused } from '../wire/socket';

export interface Note {
  readonly id: number;
  readonly text: string;
  readonly isBad: boolean;
}

const NOTE_MS = 5000;
const MOST = 3;

let count = 0;
export const said = $state({ notes: [] as Note[], heard: '' });

/** Say something at the edge of the page, for some seconds. */
export function note(text: string, isBad = false): void {
  const id = ++count;
  said.notes = [...said.notes.slice(1 - MOST), { id, text, isBad }];
  setTimeout(() => unsay(id), NOTE_MS);
}

/** Take a note away. */
export function unsay(id: number): void {
  said.notes = said.notes.filter((each) => each.id !== id);
}

/** Say something to who listens instead of looking. Each new text is read once. */
export function announce(text: string): void {
  // The same text again is still news: a sign that nobody hears makes it another one.
  said.heard = said.heard === text ? `${text}\u00a0` : text;
}

const WORDS: [RegExp, Key][] = [
  [/^Incorrect username/, 'fail.credentials'],
  [/already associated/, 'fail.taken'],
  [/^The login provided|^"login"/, 'fail.login'],
  [/^The password entered|^"password"|^"new_password"/, 'fail.password'],
  [/^The current password/, 'fail.current'],
  [/^Communication is not possible/, 'fail.block'],
  [/^Incorrect token for password/, 'fail.code'],
  [/^We couldn't find/, 'fail.noUser'],
  [/^The invitation is unknown|by invitation only/, 'fail.invite'],
  [/^Registration on this server is closed/, 'sign.closed'],
  [/too many users|maximum participant/, 'fail.full'],
];

/** A failure, in a sentence of the page's language. */
export function wordsFor(error: unknown): string {
  if (error instanceof LineLost) return t('fail.line');
  if (!(error instanceof Refused)) return t('fail.unknown');
  const known = WORDS.find(([pattern]) => pattern.test(error.message));
  if (known) return t(known[1]);
  if (error.status === 429) return t('fail.many');
  if (error.status === 403) return t('fail.forbidden');
  if (error.status === 404) return t('fail.gone');
  if (error.status >= 500) return t('fail.server');
  return t('fail.unknown');
}

/** The words for what a message could not be sent for. */
export function wordsForRefusal(message: string): string {
  return wordsFor(new Refused(/^Forbidden/.test(message) ? 403 : 422, message));
}
