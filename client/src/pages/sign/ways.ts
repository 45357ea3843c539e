/** What all ways in have in common. */

import type { About, Session } from '$/wire/http';

export interface WayIn extends Record<string, unknown> {
  /** What the server says of itself; null while that is not known. */
  facts: About | null;
  signedIn: (session: Session) => void;
}

/** Whether a login, or a password, has a length that the server takes. */
export function isLogin(text: string): boolean {
  return /^\S(.{1,38}\S)$/su.test(text);
}

export function isPassword(text: string): boolean {
  const length = [...text].length;
  return length >= 8 && length <= 40;
}
