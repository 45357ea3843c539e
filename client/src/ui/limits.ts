/** What the server takes. */

/** Signs of one message. */
export const MOST_SIGNS = 65_536;
/** Files of one message. */
export const MOST_FILES = 10;
/** Bytes of one file. */
export const MOST_BYTES = 100 * 1024 * 1024;

/** How many signs a text has, as the server counts them. */
export function signs(text: string): number {
  // Half of a pair counts with the other half.
  let count = text.length;
  for (let i = 0; i < text.length; i++) if ((text.charCodeAt(i) & 0xfc00) === 0xdc00) count--;
  return count;
}
