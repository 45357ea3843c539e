/** Where one is signed in, through all APIs of the server; what is on one device is one. */

import { record, records, text } from '../sync/model';
import { deviceId } from './http';
import { tada } from './tada';

export type Api = 'sama' | 'tada' | 'unet' | 'astrak';

export interface OpenSession {
  readonly key: string;
  readonly ids: readonly string[];
  readonly apis: readonly Api[];
  readonly name: string;
  readonly type: string;
  /** Milliseconds since 1970; true to the hour. */
  readonly lastUsed: number;
  readonly isHere: boolean;
}

/** All of them, this device first, then those used last. */
export async function sessions(): Promise<OpenSession[]> {
  const mine = deviceId();
  const found = new Map<string, OpenSession>();
  for (const each of records(await tada('GET', '/sessions'))) {
    const id = text(each.id);
    const api = text(each.api) as Api;
    const device = text(each.device_id);
    // The same device speaks SAMA and Tada; programs have a line each.
    const key = device && (api === 'sama' || api === 'tada') ? `device ${device}` : id;
    const other = found.get(key);
    found.set(key, {
      key,
      ids: [...(other?.ids ?? []), id],
      apis: [...new Set([...(other?.apis ?? []), api])].sort(),
      name: other?.name || text(each.name),
      type: other?.type || text(each.type),
      lastUsed: Math.max(other?.lastUsed ?? 0, Date.parse(text(each.last_used)) || 0),
      isHere: device === mine && (api === 'sama' || api === 'tada'),
    });
  }
  return [...found.values()].sort((a, b) => Number(b.isHere) - Number(a.isHere) || b.lastUsed - a.lastUsed);
}

/** Signed out there. What is over already is as good. */
export async function endSession(which: OpenSession): Promise<void> {
  for (const id of which.ids) {
    await tada('DELETE', `/sessions/${id}`).catch((error: unknown) => {
      if (record(error)?.status !== 404) throw error;
    });
  }
}

/** Signed out everywhere but here. */
export async function endOthers(): Promise<void> {
  const here = (await sessions()).filter((each) => each.isHere).flatMap((each) => each.ids);
  await tada('DELETE', `/sessions?keep=${here.join(',')}`);
}
