/// <reference lib="webworker" />
/** The service worker: the page opens offline, and messages are told of while it is closed. */

// Types only: the worker is one file.
import type { Told } from './app/told';

const worker = self as unknown as ServiceWorkerGlobalScope;

// Both are put in by the build.
const SHELL = '__SHELL__'.split('\n');
const CACHE = 'tertulia-__VERSION__';
const FRONT_MS = 3000;

// It waits until the page agrees: pages of the version before may still want their parts.
worker.addEventListener('install', (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(SHELL)));
});

worker.addEventListener('activate', (event) => {
  event.waitUntil(
    (async () => {
      const all = (await caches.keys()).filter((name) => name.startsWith('tertulia-') && name !== CACHE);
      // The version before stays, for pages that have not been loaded anew.
      for (const name of all.slice(0, -1)) await caches.delete(name);
      await worker.clients.claim();
    })(),
  );
});

worker.addEventListener('message', (event: ExtendableMessageEvent) => {
  const asked = event.data as { takeOver?: boolean; isYours?: string } | null;
  if (asked?.takeOver) void worker.skipWaiting();
  if (asked?.isYours) event.ports[0]?.postMessage(SHELL.includes(asked.isYours));
});

worker.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== location.origin) return;
  if (request.mode === 'navigate' && url.pathname === '/') event.respondWith(front(request));
  else if (SHELL.includes(url.pathname)) event.respondWith(kept(request, CACHE));
  // Their names hold a digest: what is kept under one is right, whatever version it is of.
  else if (url.pathname.startsWith('/assets/')) event.respondWith(kept(request));
});

/** The page as the server has it, or as it was, when the server is silent. */
async function front(request: Request): Promise<Response> {
  const own = (): Promise<Response | undefined> => caches.match('/', { cacheName: CACHE });
  try {
    const answer = await fetch(request, { signal: AbortSignal.timeout(FRONT_MS) });
    if (answer.ok) return answer;
    return (await own()) ?? answer;
  } catch {
    return (await own()) ?? Response.error();
  }
}

async function kept(request: Request, cacheName?: string): Promise<Response> {
  const { pathname } = new URL(request.url);
  return (await caches.match(pathname, cacheName ? { cacheName } : {})) ?? fetch(request);
}

interface Pushed {
  title?: unknown;
  body?: unknown;
  cid?: unknown;
  firstAttachmentUrl?: unknown;
}

worker.addEventListener('push', (event) => {
  let it: Pushed | null = null;
  try {
    it = event.data?.json() as Pushed;
  } catch {
    // Nothing that can be read: it is still told that something came.
  }
  event.waitUntil(pushed(it ?? {}));
});

async function pushed(it: Pushed): Promise<void> {
  const pages = await worker.clients.matchAll({ type: 'window', includeUncontrolled: true });
  // Who looks at the page sees it there.
  if (pages.some((page) => page.focused)) return;
  const chat = text(it.cid);
  const told = await whatWasTold();
  const words = told ? await wordsOf(it, told) : { title: 'Tertulia', body: '' };
  if (!words) return;
  await worker.registration.showNotification(words.title, {
    body: words.body,
    tag: chat || 'tertulia',
    icon: '/icons/192.png',
    badge: '/icons/badge.png',
    lang: told?.language ?? '',
    silent: told ? !told.sound : false,
    data: { chat },
  });
  const badge = navigator as { setAppBadge?: () => Promise<void> };
  await badge.setAppBadge?.().catch(() => undefined);
}

/** The settings of who is signed in; null: nobody is, and what was written is not shown. */
async function whatWasTold(): Promise<Told | null> {
  try {
    const answer = await caches.match('/told.json');
    return answer ? ((await answer.json()) as Told) : null;
  } catch {
    return null;
  }
}

const HAPPENED = /^(.*) (created a new conversation|added you to conversation|removed you from conversation)$/;

/** What is shown, in the language of the page and with the names it knows; null: nothing. */
async function wordsOf(it: Pushed, told: Told): Promise<{ title: string; body: string } | null> {
  const { words } = told;
  const body = text(it.body);
  const known = await lookUp(told.userId, text(it.cid));
  // The server says `login`, or `login | name of the group`.
  const [login = '', ...group] = text(it.title).split(' | ');
  const happened = HAPPENED.exec(body);
  const isDirect = known.chat ? known.chat.kind === 'direct' : !group.length && !happened;
  if (told.notify === 'none') return null;
  if (told.notify === 'direct' && !isDirect && !happened && !isCalled(body, told.call)) return null;
  const who = known.nameOf(login);
  if (happened) {
    const [, name = '', what = ''] = happened;
    const sentence = what.startsWith('created') ? words.opened : what.startsWith('added') ? words.added : words.removed;
    return { title: text(it.title) || 'Tertulia', body: sentence.replace('{who}', name) };
  }
  const title = (group.length ? `${who} · ${known.chat?.name || group.join(' | ')}` : who) || 'Tertulia';
  const said = body || (it.firstAttachmentUrl ? words.file : words.message);
  return { title, body: told.preview ? said : words.message };
}

function isCalled(body: string, call: string): boolean {
  return call !== '' && new RegExp(call, 'iu').test(body);
}

interface Known {
  chat: { kind: string; name: string } | undefined;
  nameOf(login: string): string;
}

/** What the page has kept of the chat and its people. */
async function lookUp(userId: string, chatId: string): Promise<Known> {
  try {
    const db = await opened(`tertulia-${userId}`);
    const stores = db.transaction(['chats', 'people']);
    const [chat, people] = await Promise.all([
      result(stores.objectStore('chats').get(chatId)) as Promise<Known['chat']>,
      result(stores.objectStore('people').getAll()) as Promise<{ login: string; firstName: string; lastName: string }[]>,
    ]);
    db.close();
    const names = new Map(people.map((each) => [each.login, `${each.firstName} ${each.lastName}`.trim()]));
    return { chat, nameOf: (login) => names.get(login) || login };
  } catch {
    return { chat: undefined, nameOf: (login) => login };
  }
}

/** A database that is there; one that is not is not made. */
function opened(name: string): Promise<IDBDatabase> {
  const request = indexedDB.open(name);
  request.onupgradeneeded = () => request.transaction?.abort();
  return result(request);
}

function result<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((done, fail) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => fail(request.error);
  });
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

worker.addEventListener('notificationclick', (event) => {
  event.notification.close();
  const { chat } = (event.notification.data ?? {}) as { chat?: string };
  event.waitUntil(show(chat ?? ''));
});

/** The chat, in a page that is open already if there is one. */
async function show(chat: string): Promise<void> {
  const pages = await worker.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const page = pages.find((each) => each.visibilityState === 'visible') ?? pages[0];
  if (!page) return void (await worker.clients.openWindow(chat ? `/#/chats/${chat}` : '/'));
  page.postMessage({ open: chat });
  // The browser may not let us: then the chat is open all the same.
  await page.focus().catch(() => undefined);
}
