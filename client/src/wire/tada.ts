/**
 * What SAMA has no word for is asked over REST, of the API called Tada: sessions, chats pinned and muted, search
 * in all messages, signing in by phone or by a picture. Its token is got with SAMA's and is renewed by itself.
 */

import { deviceId, deviceName, freshSession, forgetTada, inTurn, keepTada, keptTada } from './http';
import type { Json } from './socket';
import { LineLost, Refused } from './socket';

const ROOT = '/api/v4';
const PATIENCE_MS = 20_000;

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** Tada said no: `code` is its word for it, `details` say which field is wrong. */
export class TadaRefused extends Refused {
  constructor(
    status: number,
    readonly code: string,
    readonly details: Readonly<Record<string, string>>,
    /** After how many seconds it may be tried again; 0: it does not say. */
    readonly retryAfter: number,
  ) {
    super(status, Object.values(details)[0] ?? code);
    this.name = 'TadaRefused';
  }
}

/** Ask as who is signed in; the answer's `result`. Throws `TadaRefused`, `LineLost`, `SignedOut`. */
export async function tada(method: Method, path: string, body?: unknown): Promise<unknown> {
  const token = await ticket('');
  try {
    return await call(method, path, body, token);
  } catch (error) {
    // The session was ended from elsewhere; while SAMA's stands it is opened anew.
    if (!(error instanceof TadaRefused) || error.status !== 401) throw error;
    return call(method, path, body, await ticket(token));
  }
}

/** Ask before anybody is signed in. Throws `TadaRefused`, `LineLost`. */
export function tadaAsGuest(path: string, body: Json): Promise<unknown> {
  return call('POST', path, body, '');
}

/** End this browser's own session of Tada, if there is one. It may fail: then it ends when it is forgotten. */
export async function leaveTada(token: string): Promise<void> {
  const path = `/devices/${encodeURIComponent(deviceId())}`;
  if (token) await call('DELETE', path, undefined, token).catch(() => undefined);
}

/** The token; tabs take turns, so that one session is enough. */
async function ticket(dead: string): Promise<string> {
  const kept = keptTada();
  if (kept && kept !== dead) return kept;
  // First, because it takes its own turn.
  const session = await freshSession();
  return inTurn('tertulia-tada', async () => {
    const other = keptTada();
    if (other && other !== dead) return other;
    forgetTada();
    const body = { sama_token: session.token, device_id: session.deviceId, type: 'web', name: deviceName() };
    const answer = (await call('POST', '/auth/session/get-token', body, '')) as { token: string };
    keepTada(session.userId, answer.token);
    return answer.token;
  });
}

async function call(method: Method, path: string, body: unknown, token: string): Promise<unknown> {
  let answer: Response;
  let told: Json;
  try {
    answer = await fetch(ROOT + path, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...(token ? { Token: token } : {}),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      credentials: 'omit',
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    told = (await answer.json()) as Json;
  } catch {
    throw new LineLost();
  }
  if (told.ok === true) return told.result;
  const details = (told.details ?? {}) as Record<string, string>;
  const code = String(told.error ?? '');
  throw new TadaRefused(answer.status, code, details, Number(answer.headers.get('retry-after')) || 0);
}
