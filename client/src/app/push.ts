/** Pushes while the page is closed: where this browser can be reached, and what its worker needs to know. */

import { about } from '../wire/http';
import type { Json } from '../wire/socket';
import type { Told } from './told';
import { TOLD_CACHE, TOLD_URL } from './told';

/** What became of the wish to be pushed. */
export type PushState = 'on' | 'off' | 'denied' | 'failed';

/** Whether push can work here at all. */
export function canPush(): boolean {
  return 'serviceWorker' in navigator && 'PushManager' in globalThis && isSecureContext;
}

type Ask = (name: string, params: unknown) => Promise<Json>;

/** Tell the server where this browser is, or that it is not to be told any more. Never throws. */
export async function subscribe(isWanted: boolean, deviceId: string, ask: Ask): Promise<PushState> {
  if (!canPush()) return isWanted ? 'failed' : 'off';
  try {
    const worker = await navigator.serviceWorker.getRegistration();
    let made = (await worker?.pushManager.getSubscription()) ?? null;
    if (!isWanted) {
      if (!made) return 'off';
      await made.unsubscribe();
      await ask('push_subscription_delete', { device_udid: deviceId });
      return 'off';
    }
    if (Notification.permission === 'denied') return 'denied';
    const key = (await about())?.push_key;
    if (!worker || !key) return 'failed';
    // A server that was set up anew has another key, and its pushes would be refused.
    if (made && !isOf(made, key)) {
      await made.unsubscribe();
      made = null;
    }
    made ??= await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
    const { keys } = made.toJSON();
    await ask('push_subscription_create', {
      platform: 'web',
      web_endpoint: made.endpoint,
      web_key_auth: keys?.auth,
      web_key_p256dh: keys?.p256dh,
      device_udid: deviceId,
    });
    return 'on';
  } catch (error) {
    // No push service, or it refuses: everything else still works.
    console.info('no push', error);
    return isWanted ? 'failed' : 'off';
  }
}

function isOf(made: PushSubscription, key: string): boolean {
  const bytes = made.options?.applicationServerKey;
  if (!bytes) return true;
  const text = btoa(String.fromCharCode(...new Uint8Array(bytes)));
  return text.replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '') === key.replace(/=+$/, '');
}

/** Nobody is signed in here any more: no pushes, nothing shown, nothing known. */
export async function forgetPushes(): Promise<void> {
  const worker = await navigator.serviceWorker?.getRegistration();
  await Promise.allSettled([
    worker?.pushManager?.getSubscription().then((made) => made?.unsubscribe()),
    worker?.getNotifications().then((all) => all.forEach((each) => each.close())),
    globalThis.caches?.delete(TOLD_CACHE),
    (navigator as { clearAppBadge?: () => Promise<void> }).clearAppBadge?.(),
  ]);
}

/** What the worker needs, in the words of the moment. */
export async function tellWorker(told: Told): Promise<void> {
  try {
    const cache = await globalThis.caches?.open(TOLD_CACHE);
    await cache?.put(TOLD_URL, new Response(JSON.stringify(told)));
  } catch {
    // Not stored: its notifications are plainer.
  }
}
