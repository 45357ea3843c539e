/**
 * One device lets another one in by a QR picture (docs/decisions/0114). Either the signed-in one shows a ticket,
 * or the new one shows the hash of a secret, and the signed-in one agrees.
 */

import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { deviceId, deviceName, randomId, signInWithTada } from './http';
import type { Session } from './http';
import { record } from '../sync/model';
import { tada, tadaAsGuest } from './tada';

const HASH = /^[0-9a-f]{64}$/;
const TICKET = /^[\w-]{16}$/;

export interface Knock {
  readonly secret: string;
  readonly hash: string;
}

/** A new device that wants to be let in. */
export function knock(): Knock {
  const secret = randomId();
  return { secret, hash: bytesToHex(sha256(utf8ToBytes(secret))) };
}

/** What stands in the picture of a new device. */
export function linkFor(hash: string): string {
  return `${location.origin}/#/link/${hash}`;
}

/** What stands in the picture of a signed-in one. */
export function entryFor(ticket: string): string {
  return `${location.origin}/#/enter/${ticket}`;
}

/** Four digits that both devices show, so that one sees which device it is. */
export function digitsOf(hash: string): string {
  return String(parseInt(hash.slice(0, 12), 16) % 10_000).padStart(4, '0');
}

/** What a picture, a link or a typed text asks for; null when it is none of ours. */
export function readLink(text: string): { what: 'link' | 'enter'; id: string } | null {
  const id = /([\w-]+)\s*$/.exec(text.trim())?.[1] ?? '';
  if (HASH.test(id)) return { what: 'link', id };
  if (TICKET.test(id)) return { what: 'enter', id };
  return null;
}

/** Sign in with what the other device showed or agreed to. Throws `TadaRefused` when it is nothing (yet). */
export async function enter(ticket: string): Promise<Session> {
  const answer = record(
    await tadaAsGuest('/qr-auth', { temp_token: ticket, device_id: deviceId(), type: 'web', name: deviceName() }),
  );
  return (await signInWithTada(String(answer?.token))).session;
}

/** Let that device in. Throws `TadaRefused`, `LineLost`. */
export async function agree(hash: string): Promise<void> {
  await tada('POST', '/auth/qr/confirm', { ticket_hash: hash });
}

/** A ticket for a new device, and for how many seconds it is good. */
export async function newTicket(): Promise<{ ticket: string; seconds: number }> {
  const answer = record(await tada('GET', '/qr-login.png?debug=1'));
  return { ticket: String(answer?.url).split('/').pop() ?? '', seconds: Number(answer?.lifetime_sec) || 60 };
}
