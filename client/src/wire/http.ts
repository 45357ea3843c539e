/** What goes over HTTP: signing in, signing out, the content of files, and facts about the server. */

import { local } from './local';
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
  /** Whether codes go out by SMS, and by e-mail. */
  sms: boolean;
  mail: boolean;
}

const KEPT = 'tertulia.session';
const DEVICE = 'tertulia.device';
const TADA = 'tertulia.tada';
const EARLY_MS = 10 * 60_000;

/** Whoever replaces the kept session takes this turn. */
export const SESSION_TURN = 'tertulia-session';

/** Sixteen random bytes as text; works where pages are not encrypted, too. */
export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The session of this browser, if somebody is signed in. */
export function keptSession(): Session | null {
  try {
    const session = JSON.parse(local.get(KEPT) ?? 'null') as Session | null;
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

/** Sign in with a session of Tada, which stays this browser's, too. Throws `Refused`, `LineLost`. */
export async function signInWithTada(token: string): Promise<{ session: Session; hasName: boolean }> {
  const answer = await post('/login', { tada_token: token, device_id: deviceId() });
  const session = signedIn(answer, deviceId());
  keepTada(session.userId, token);
  const user = answer.user as { first_name?: string; last_name?: string };
  return { session, hasName: !!(user.first_name || user.last_name) };
}

/**
 * A token that is good for a while: the kept one, or a new one. Tabs take turns, so that a refresh token is
 * used once. Throws `SignedOut`, `LineLost`.
 *
 * @param dead a token that the server has refused.
 */
export function freshSession(dead = ''): Promise<Session> {
  return inTurn(SESSION_TURN, async () => {
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
  local.remove(KEPT);
  forgetTada();
}

/** The token of Tada that belongs to this browser's session; `""`: there is none yet. */
export function keptTada(): string {
  try {
    const kept = JSON.parse(local.get(TADA) ?? 'null') as { userId: string; token: string } | null;
    return kept && kept.userId === keptSession()?.userId ? kept.token : '';
  } catch {
    return '';
  }
}

export function keepTada(userId: string, token: string): void {
  local.set(TADA, JSON.stringify({ userId, token }));
}

export function forgetTada(): void {
  local.remove(TADA);
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
  const kept = local.get(DEVICE);
  if (kept) return kept;
  const made = `web-${randomId()}`;
  local.set(DEVICE, made);
  return made;
}

/** What this browser is called in the list of one's sessions: `Firefox, Linux`. */
export function deviceName(agent = navigator.userAgent): string {
  const first = (names: readonly (readonly [string, RegExp])[]): string =>
    names.find(([, pattern]) => pattern.test(agent))?.[0] ?? '';
  const browser = first([
    ['Edge', /Edg/], ['Opera', /OPR\//], ['Yandex', /YaBrowser/], ['Samsung Internet', /SamsungBrowser/],
    ['Firefox', /Firefox|FxiOS/], ['Chrome', /Chrom|CriOS/], ['Safari', /Safari/],
  ]);
  const system = first([
    ['Android', /Android/], ['iPhone', /iPhone/], ['iPad', /iPad/], ['Windows', /Windows/],
    ['ChromeOS', /CrOS/], ['macOS', /Mac OS/], ['Linux', /Linux|X11/],
  ]);
  return [browser, system].filter(Boolean).join(', ') || 'Web';
}

function signedIn(answer: Record<string, unknown>, device: string): Session {
  const userId = (answer.user as { _id?: unknown } | undefined)?._id;
  const token = answer.access_token;
  if (typeof userId !== 'string' || typeof token !== 'string') throw new Refused(502, 'This is no sign-in.');
  const session: Session = { deviceId: device, userId, token, expiresAt: Number(answer.expired_at) || 0 };
  local.set(KEPT, JSON.stringify(session));
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
  const said: unknown = await answer.json().catch(() => null);
  if (typeof said !== 'object' || said === null) throw new Refused(502, 'This is no answer.');
  return said as Record<string, unknown>;
}

/** One at a time over all tabs, where the browser can do that. */
export function inTurn<T>(name: string, work: () => Promise<T>): Promise<T> {
  const locks = navigator.locks as LockManager | undefined;
  return locks ? (locks.request(name, work) as Promise<T>) : work();
}
