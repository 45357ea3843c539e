/** How a person hears of new messages: the title, a sound, the browser, and push when the page is closed. */

import { t } from '../i18n/index.svelte';
import type { ChatRecord, Message } from '../sync/model';
import { looksOf } from '../sync/model';
import type { World } from '../sync/world.svelte';
import { plain } from '../text/format';
import { nameOf, tame } from '../text/names';
import { about } from '../wire/http';
import type { Json } from '../wire/socket';
import { announce } from './said.svelte';
import { settings } from './settings.svelte';

const SOUND_EVERY_MS = 900;

/** What a message says, in one line; `""` for a notice. */
export function gist(message: Message): string {
  if (message.body) return plain(message.body);
  const [first] = message.attachments;
  if (!first) return '';
  if (message.attachments.length > 1) return t('file.several', { n: message.attachments.length });
  const looks = looksOf(first);
  return looks === 'file' ? tame(first.name) : t(`file.${looks}`);
}

export class Notifier {
  #sounded = 0;
  #audio: AudioContext | null = null;
  #stopped = new AbortController();

  constructor(
    private readonly world: () => World,
    private readonly ask: (name: string, params: unknown) => Promise<Json>,
    private readonly deviceId: string,
  ) {
    // Browsers let a page sound only after it was touched.
    const wake = (): void => {
      this.#audio ??= new AudioContext();
      void this.#audio.resume().catch(() => undefined);
    };
    for (const name of ['pointerdown', 'keydown']) {
      addEventListener(name, wake, { once: true, signal: this.#stopped.signal });
    }
  }

  stop(): void {
    this.#stopped.abort();
    void this.#audio?.close().catch(() => undefined);
  }

  /** A message of somebody else has come. */
  news(chat: ChatRecord, message: Message): void {
    const world = this.world();
    const isLooking = !document.hidden && document.hasFocus();
    const isOpen = isLooking && world.openId === chat.id;
    const who = nameOf(world.person(message.from));
    if (isOpen && !message.notice) announce(t('hear.message', { name: tame(who), text: gist(message) }));
    if (isOpen || message.notice || !this.#isWanted(chat)) return;
    this.#sound();
    if (!isLooking) void this.#show(chat, message, who);
  }

  /** The number in the title and on the app's icon. */
  badge(unread: number, name: string): void {
    document.title = (unread ? `(${unread}) ` : '') + (name ? `${tame(name)} · Tertulia` : 'Tertulia');
    const has = navigator as { setAppBadge?: (n: number) => Promise<void> };
    void has.setAppBadge?.(unread).catch(() => undefined);
    const icon = document.querySelector<HTMLLinkElement>('link[rel=icon]');
    const wanted = unread ? '/icons/unread.svg' : '/icons/icon.svg';
    if (icon && icon.getAttribute('href') !== wanted) icon.href = wanted;
  }

  /** Whether push can work here at all. */
  static get canPush(): boolean {
    return 'serviceWorker' in navigator && 'PushManager' in globalThis && isSecureContext;
  }

  /** Tell the server where this browser can be reached, or that it is not to be. */
  async subscribe(): Promise<void> {
    if (!Notifier.canPush) return;
    try {
      const worker = await navigator.serviceWorker.getRegistration();
      if (!worker) return;
      const old = await worker.pushManager.getSubscription();
      if (!settings.push || settings.notify === 'none') {
        if (!old) return;
        await old.unsubscribe();
        await this.ask('push_subscription_delete', { device_udid: this.deviceId });
        return;
      }
      const key = (await about())?.push_key;
      if (!key) return;
      const made =
        old ??
        (await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key }));
      const { keys } = made.toJSON();
      await this.ask('push_subscription_create', {
        platform: 'web',
        web_endpoint: made.endpoint,
        web_key_auth: keys?.auth,
        web_key_p256dh: keys?.p256dh,
        device_udid: this.deviceId,
      });
    } catch (error) {
      // No push service, or it refuses: everything else still works.
      console.info('no push', error);
    }
  }

  #isWanted(chat: ChatRecord): boolean {
    return settings.notify === 'all' || (settings.notify === 'direct' && chat.kind === 'direct');
  }

  async #show(chat: ChatRecord, message: Message, who: string): Promise<void> {
    if (!settings.browser || !('Notification' in globalThis) || Notification.permission !== 'granted') return;
    const title = tame(chat.kind === 'direct' ? who : `${who} · ${chat.name}`);
    const options = { body: gist(message), tag: chat.id, icon: '/icons/192.png', data: { chat: chat.id } };
    const worker = await navigator.serviceWorker?.getRegistration();
    try {
      if (worker) return void (await worker.showNotification(title, options));
      new Notification(title, options).onclick = () => {
        focus();
        location.hash = `#/chats/${chat.id}`;
      };
    } catch {
      // A browser that has the word but not the thing.
    }
  }

  /** Two soft notes. */
  #sound(): void {
    const now = Date.now();
    if (!settings.sound || !this.#audio || now - this.#sounded < SOUND_EVERY_MS) return;
    this.#sounded = now;
    const { currentTime: at, destination } = this.#audio;
    for (const [delay, pitch] of [[0, 660], [0.11, 880]] as const) {
      const tone = this.#audio.createOscillator();
      const volume = this.#audio.createGain();
      tone.frequency.value = pitch;
      volume.gain.setValueAtTime(0, at + delay);
      volume.gain.linearRampToValueAtTime(0.12, at + delay + 0.015);
      volume.gain.exponentialRampToValueAtTime(0.0001, at + delay + 0.28);
      tone.connect(volume).connect(destination);
      tone.start(at + delay);
      tone.stop(at + delay + 0.3);
    }
  }
}
