/** What the page tells its service worker, which sees neither its memory nor its settings. */

export const TOLD_CACHE = 'told-by-tertulia';
export const TOLD_URL = '/told.json';

export interface Told {
  readonly userId: string;
  /** What calls somebody, as the source of a regular expression; `""`: nothing. */
  readonly call: string;
  readonly language: string;
  readonly notify: 'all' | 'direct' | 'none';
  readonly sound: boolean;
  /** Whether what was written may be shown. */
  readonly preview: boolean;
  readonly words: {
    readonly message: string;
    readonly file: string;
    /** With `{who}` in them. */
    readonly opened: string;
    readonly added: string;
    readonly removed: string;
  };
}

/** What calls somebody in a text: `@login`, as a word of its own. To be read with the flags `iu`. */
export function callOf(login: string): string {
  const name = login.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
  return login && `(^|[^\\p{L}\\p{N}_@])@${name}($|[^\\p{L}\\p{N}_])`;
}

export function mentions(text: string, call: string): boolean {
  return call !== '' && new RegExp(call, 'iu').test(text);
}
