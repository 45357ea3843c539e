/** What the server takes. */

import { about } from '../wire/http';

/** Signs of one message. */
export const MOST_SIGNS = 65_536;
/** Files of one message. */
export const MOST_FILES = 10;
/** Bytes of one file, where the server does not say. */
const MOST_BYTES = 100 * 1024 * 1024;

let asked: Promise<number> | undefined;

/** Bytes of one file. */
export function mostBytes(): Promise<number> {
  asked ??= about().then((facts) => {
    // It did not answer: asked again next time.
    if (!facts) asked = undefined;
    return facts?.max_upload || MOST_BYTES;
  });
  return asked;
}

/** How many signs a text has, as the server counts them. */
export function signs(text: string): number {
  // Half of a pair counts with the other half.
  let count = text.length;
  for (let i = 0; i < text.length; i++) if ((text.charCodeAt(i) & 0xfc00) === 0xdc00) count--;
  return count;
}
