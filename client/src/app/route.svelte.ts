/** Where on the page one is: what stands behind `#` in the address. */

import { idNamed } from '../wire/ids';

export interface Route {
  readonly page: 'chats' | 'chat' | 'info' | 'person' | 'settings' | 'new' | 'contacts' | 'sign' | 'link' | 'enter';
  readonly id: string;
  /** A part of a page: `group` of `new`, a message's id of `chat`. */
  readonly part: string;
}

let now = $state.raw<Route>(read(location.hash));
/** How many pages of ours lie before this one. */
let steps = 0;

export const route = {
  get page() {
    return now.page;
  },
  get id() {
    return now.id;
  },
  get part() {
    return now.part;
  },
};

/** The browser keeps the steps with each page, so that they hold after going to and fro, and after a reload. */
function arrived(stepsIfNew: number): void {
  const known = (history.state as { steps?: number } | null)?.steps;
  steps = known ?? stepsIfNew;
  if (known === undefined) history.replaceState({ steps }, '');
}

arrived(0);
addEventListener('hashchange', () => {
  now = read(location.hash);
  arrived(steps + 1);
});

/** Go to a page; `#/…`. */
export function go(hash: string, replace = false): void {
  if (replace) {
    history.replaceState({ steps }, '', hash);
    now = read(hash);
  } else if (location.hash !== hash) {
    location.hash = hash;
  }
}

/** Back to where one came from, or to that page when one came from elsewhere. */
export function back(otherwise: string): void {
  if (steps > 0) history.back();
  else go(otherwise, true);
}

export function read(hash: string): Route {
  const [first = '', second = '', third = '', fourth = ''] = hash.replace(/^#\/?/, '').split('/');
  const id = idNamed(second);
  if (first === 'chats' && id && third === 'info') return { page: 'info', id, part: '' };
  if (first === 'chats' && id) return { page: 'chat', id, part: third === 'at' ? fourth : '' };
  if (first === 'users' && id) return { page: 'person', id, part: '' };
  if (first === 'settings') return { page: 'settings', id: '', part: second };
  if (first === 'contacts') return { page: 'contacts', id: '', part: '' };
  if (first === 'new') return { page: 'new', id: '', part: second };
  // The link of an invitation, as `tertulia invite create` prints it.
  if (first === 'invite') return { page: 'sign', id: second, part: 'up' };
  // What stands in QR pictures: a device that is to be let in, and a ticket that lets one in.
  if (first === 'link') return { page: 'link', id: second, part: '' };
  if (first === 'enter') return { page: 'enter', id: second, part: '' };
  if (first === 'sign') return { page: 'sign', id: '', part: second };
  return { page: 'chats', id: '', part: '' };
}
