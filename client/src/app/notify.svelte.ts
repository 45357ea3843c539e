/** How a person hears of new messages: the title, a sound, the browser, and push when the page is closed. */

import { currentLanguage, t } from '../i18n/index.svelte';
import type { ChatRecord, Message } from '../sync/model';
import { looksOf } from '../sync/model';
import type { World } from '../sync/world.svelte';
import { plain } from '../text/format';
import { nameOf, tame } from '../text/names';
import type { Json } from '../wire/socket';
import { Gaze, isLookedAt } from './gaze';
import type { PushState } from './push';
import { subscribe, tellWorker } from './push';
import { announce } from './said.svelte';
import { settings } from './settings.svelte';
import { callOf, mentions } from './told';

const SOUND_EVERY_MS = 900;
const GOODBYE_MS = 2000;

/** What a message says, in one line; `""` for a notice. */
export function gist(message: Message): string {
  if (message.body) return plain(message.body);
  if (message.isEncrypted) return t('message.encrypted');
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
  #gaze = new Gaze(this.#stopped.signal);
  /** Whether pushes come while the page is closed. */
  push = $state<PushState>('off');

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
    // Nothing of it stays in the title for whoever comes next.
    this.badge(0, '');
    void this.#audio?.close().catch(() => undefined);
  }

  /** A message of somebody else has come. */
  news(chat: ChatRecord, message: Message): void {
    const world = this.world();
    const isLooking = isLookedAt();
    const isOpen = isLooking && world.openId === chat.id;
    const who = nameOf(world.person(message.from));
    if (isOpen && !message.notice) announce(t('hear.message', { name: tame(who), text: gist(message) }));
    if (isOpen || message.notice || !this.#isWanted(chat, message)) return;
    if (isLooking) this.#sound();
    else void this.#call(chat, message, who);
  }

  /** Call who looks elsewhere; who looks at another tab hears of it there. */
  async #call(chat: ChatRecord, message: Message, who: string): Promise<void> {
    if (await this.#gaze.isElsewhere()) return;
    this.#sound();
    await this.#show(chat, message, who);
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

  /** Let this browser be pushed to, or not, as it is set. */
  async subscribe(): Promise<void> {
    const isWanted = settings.push && settings.notify !== 'none';
    this.push = await subscribe(isWanted, this.deviceId, this.ask);
  }

  /** No pushes any more: somebody signs out, and does not wait long for a server that is silent. */
  async unsubscribe(): Promise<void> {
    if (this.push !== 'on') return;
    const patience = new Promise((done) => setTimeout(done, GOODBYE_MS));
    await Promise.race([subscribe(false, this.deviceId, this.ask), patience]);
  }

  /** What the worker is to know; again when a setting or the language changes. */
  tellWorker(): void {
    const { me, meId } = this.world();
    const { notify, sound, preview } = settings;
    const words = {
      message: t('notify.message'), file: t('notify.file'), opened: t('notify.opened'),
      added: t('notify.added'), removed: t('notify.removed'),
    };
    void tellWorker({ userId: meId, call: callOf(me.login), language: currentLanguage(), notify, sound, preview, words });
  }

  /** A chat is looked at: what was shown of it is old. */
  async opened(chatId: string): Promise<void> {
    const worker = await navigator.serviceWorker?.getRegistration();
    const shown = (await worker?.getNotifications?.({ tag: chatId })) ?? [];
    shown.forEach((each) => each.close());
  }

  #isWanted(chat: ChatRecord, message: Message): boolean {
    const world = this.world();
    if (world.marks.muted.has(chat.id)) return false;
    if (settings.notify !== 'direct' || chat.kind === 'direct') return settings.notify !== 'none';
    return mentions(message.body, callOf(world.me.login));
  }

  async #show(chat: ChatRecord, message: Message, who: string): Promise<void> {
    if (!settings.browser || !('Notification' in globalThis) || Notification.permission !== 'granted') return;
    const title = tame(chat.kind === 'direct' ? who : `${who} · ${chat.name}`);
    const options = {
      body: settings.preview ? gist(message) : t('notify.message'),
      // A second one takes the first one's place; the sound is our own.
      tag: chat.id, icon: '/icons/192.png', lang: currentLanguage(), silent: true, data: { chat: chat.id },
    };
    try {
      const worker = await navigator.serviceWorker?.getRegistration();
      if (worker) return void (await worker.showNotification(title, options));
      const shown = new Notification(title, options);
      shown.onclick = () => {
        focus();
        shown.close();
        location.hash = `#/chats/${chat.id}`;
      };
    } catch {
      // A browser that has the word but not the thing.
    }
  }

  /** The sound for once, to hear what it is like. */
  sample(): void {
    this.#sounded = 0;
    this.#audio ??= new AudioContext();
    this.#sound();
  }

  /** Two soft notes. */
  #sound(): void {
    const now = Date.now();
    // Who has just signed in has touched the page before this began to listen for it.
    if (navigator.userActivation?.hasBeenActive) this.#audio ??= new AudioContext();
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
