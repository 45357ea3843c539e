/** What the page says: short notes at its edge, words for screen readers, and what failures are called. */

import type { Key } from '../i18n/index.svelte';
import { t } from '../i18n/index.svelte';
import { REPLY_GONE } from '../sync/outbox.svelte';
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

/** So often something is said to who listens: faster than that nobody can. */
const HEARD_EVERY_MS = 1000;
const MOST_HEARD = 3;

let saying: string[] = [];
let speaking: ReturnType<typeof setTimeout> | undefined;
let spokenAt = 0;

/** Say something to who listens instead of looking. Each text is read once; of many only how many they are. */
export function announce(text: string): void {
  saying.push(text);
  speaking ??= setTimeout(speak, Math.max(50, spokenAt + HEARD_EVERY_MS - Date.now()));
}

function speak(): void {
  const all = saying;
  saying = [];
  speaking = undefined;
  spokenAt = Date.now();
  const text = all.length > MOST_HEARD ? `${t('hear.many', { n: all.length - 1 })}. ${all.at(-1)}` : all.join('\n');
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
  [/^Message ID not found/, 'fail.message'],
  [REPLY_GONE, 'fail.reply'],
  [/^upload$/, 'fail.upload'],
  [/^The file is too large|^Incorrect file size/, 'fail.tooLarge'],
];

/** A failure that brings its sentence along. */
export class Said extends Error {
  /** The sentence, in the language of the moment. */
  constructor(readonly say: () => string) {
    super();
  }
}

/** A failure, in a sentence of the page's language. */
export function wordsFor(error: unknown): string {
  if (error instanceof Said) return error.say();
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
