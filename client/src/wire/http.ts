/** What goes over HTTP: signing in, signing out, the content of files, and facts about the server. */

import { LineLost, Refused, SignedOut } from './socket';

/** A sign-in, as this browser keeps it. */
export interface Session {
  deviceId: string;
  userId: string;
  token: string;
  /** Milliseconds since 1970. */
  expiresAt: number;
}

/** What the server says of itself before anybody is signed in. */
export interface About {
  version: string;
  push_key: string;
  max_upload: number;
  /** Who may make an account. */
  registration: 'open' | 'invite' | 'closed';
  /** Nobody has an account yet. */
  is_new: boolean;
}

const KEPT = 'tertulia.session';
const DEVICE = 'tertulia.device';
const EARLY_MS = 10 * 60_000;

/** Sixteen random bytes as text; works where pages are not encrypted, too. */
export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The session of this browser, if somebody is signed in. */
export function keptSession(): Session | null {
  try {
    const session = JSON.parse(localStorage.getItem(KEPT) ?? 'null') as Session | null;
    return session && session.userId && session.deviceId ? session : null;
  } catch {
    return null;
  }
}

/** Calls back when another tab signs in or out. */
export function onSessionElsewhere(changed: (session: Session | null) => void): void {
  window.addEventListener('storage', (event) => {
    if (event.key === KEPT) changed(keptSession());
  });
}

/** Sign in with a password. Throws `Refused`, `LineLost`. */
export async function signIn(login: string, password: string): Promise<Session> {
  return signedIn(await post('/login', { login, password, device_id: deviceId() }), deviceId());
}

/**
 * A token that is good for a while: the kept one, or a new one. Tabs take turns, so that a refresh token is
 * used once. Throws `SignedOut`, `LineLost`.
 *
 * @param dead a token that the server has refused.
 */
export function freshSession(dead = ''): Promise<Session> {
  return inTurn('tertulia-session', async () => {
    const kept = keptSession();
    if (!kept) throw new SignedOut();
    if (kept.token !== dead && kept.expiresAt - Date.now() > EARLY_MS) return kept;
    try {
      const answer = await post('/login', { device_id: kept.deviceId }, kept.token, true);
      return signedIn(answer, kept.deviceId);
    } catch (error) {
      if (error instanceof Refused && (error.status === 401 || error.status === 422)) {
        throw new SignedOut();
      }
      throw error instanceof Refused ? new LineLost() : error;
    }
  });
}

/** End the session, here in any case, and at the server if it can be reached. */
export async function signOut(): Promise<void> {
  const kept = keptSession();
  forgetSession();
  if (kept) await post('/logout', null, kept.token).catch(() => undefined);
}

/** Nobody is signed in here any more. */
export function forgetSession(): void {
  localStorage.removeItem(KEPT);
}

/** Facts about the server; null when it does not answer. */
export async function about(): Promise<About | null> {
  try {
    const answer = await fetch('/web.json');
    return answer.ok ? ((await answer.json()) as About) : null;
  } catch {
    return null;
  }
}

/**
 * Put a file's content to its upload link. Throws `Refused`, `LineLost`.
 *
 * @param progress is told which part of it, between 0 and 1, has gone.
 */
export function upload(
  url: string,
  content: Blob,
  kind: string,
  progress: (part: number) => void,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((done, fail) => {
    const request = new XMLHttpRequest();
    request.open('PUT', here(url));
    request.setRequestHeader('Content-Type', kind);
    request.upload.onprogress = (event) => progress(event.loaded / Math.max(1, content.size));
    request.onload = () => {
      if (request.status < 300) done();
      else fail(new Refused(request.status, request.responseText.slice(0, 200)));
    };
    request.onerror = () => fail(new LineLost());
    request.onabort = () => fail(new DOMException('cancelled', 'AbortError'));
    signal.addEventListener('abort', () => request.abort());
    request.send(content);
  });
}

/**
 * A link of the server, on the host that this page came from: the server is known by several names, and the
 * signature is the same under each.
 */
export function here(url: string): string {
  try {
    const { pathname, search } = new URL(url, location.href);
    return pathname.startsWith('/files/') ? pathname + search : url;
  } catch {
    return url;
  }
}

/** The name of this browser, which stays. */
export function deviceId(): string {
  const kept = localStorage.getItem(DEVICE);
  if (kept) return kept;
  const made = `web-${randomId()}`;
  localStorage.setItem(DEVICE, made);
  return made;
}

function signedIn(answer: Record<string, unknown>, device: string): Session {
  const user = answer.user as { _id: string };
  const session: Session = {
    deviceId: device,
    userId: user._id,
    token: String(answer.access_token),
    expiresAt: Number(answer.expired_at),
  };
  localStorage.setItem(KEPT, JSON.stringify(session));
  return session;
}

async function post(
  path: string,
  body: unknown,
  token = '',
  keepalive = false,
): Promise<Record<string, unknown>> {
  let answer: Response;
  try {
    answer = await fetch(path, {
      method: 'POST',
      // A new refresh token must not be lost because the page was closed in that moment.
      keepalive,
      headers: {
        ...(body === null ? {} : { 'Content-Type': 'application/json' }),
        ...(token ? { Authorization: `Bearer ${token}` } : {}),
      },
      ...(body === null ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(15_000),
    });
  } catch {
    throw new LineLost();
  }
  if (!answer.ok) throw new Refused(answer.status, (await answer.text()).slice(0, 200));
  try {
    return (await answer.json()) as Record<string, unknown>;
  } catch {
    throw new LineLost();
  }
}

/** One at a time over all tabs, where the browser can do that. */
function inTurn<T>(name: string, work: () => Promise<T>): Promise<T> {
  const locks = navigator.locks as LockManager | undefined;
  return locks ? (locks.request(name, work) as Promise<T>) : work();
}
