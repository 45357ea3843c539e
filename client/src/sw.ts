/// <reference lib="webworker" />
/** The service worker: the page opens offline, and messages are told of while it is closed. */

const worker = self as unknown as ServiceWorkerGlobalScope;

// Both are put in by the build.
const SHELL = '__SHELL__'.split('\n');
const CACHE = 'tertulia-__VERSION__';
const FRONT_MS = 3000;

worker.addEventListener('install', (event) => {
  event.waitUntil(
    (async () => {
      const cache = await caches.open(CACHE);
      await cache.addAll(SHELL);
      await worker.skipWaiting();
    })(),
  );
});

worker.addEventListener('activate', (event) => {
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys()) {
        if (name.startsWith('tertulia-') && name !== CACHE) await caches.delete(name);
      }
      await worker.clients.claim();
    })(),
  );
});

worker.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== location.origin) return;
  if (request.mode === 'navigate' && url.pathname === '/') event.respondWith(front(request));
  else if (SHELL.includes(url.pathname)) event.respondWith(fromShell(request, url.pathname));
});

/** The page as the server has it, or as it was, when the server is silent. */
async function front(request: Request): Promise<Response> {
  const kept = (): Promise<Response | undefined> => caches.match('/', { cacheName: CACHE });
  try {
    const answer = await fetch(request, { signal: AbortSignal.timeout(FRONT_MS) });
    if (answer.ok) return answer;
    return (await kept()) ?? answer;
  } catch {
    return (await kept()) ?? Response.error();
  }
}

async function fromShell(request: Request, path: string): Promise<Response> {
  return (await caches.match(path, { cacheName: CACHE })) ?? fetch(request);
}

interface Pushed {
  title?: string;
  body?: string;
  cid?: string;
}

worker.addEventListener('push', (event) => {
  let it: Pushed = {};
  try {
    it = (event.data?.json() ?? {}) as Pushed;
  } catch {
    // Nothing that can be read: it is still told that something came.
  }
  event.waitUntil(
    (async () => {
      const pages = await worker.clients.matchAll({ type: 'window', includeUncontrolled: true });
      // Who looks at the page sees it there.
      if (pages.some((page) => page.focused)) return;
      await worker.registration.showNotification(it.title || 'Tertulia', {
        body: it.body ?? '',
        tag: it.cid ?? 'tertulia',
        icon: '/icons/192.png',
        badge: '/icons/192.png',
        data: { chat: it.cid ?? '' },
      });
    })(),
  );
});

worker.addEventListener('notificationclick', (event) => {
  event.notification.close();
  const { chat } = (event.notification.data ?? {}) as { chat?: string };
  const url = chat ? `/#/chats/${chat}` : '/';
  event.waitUntil(
    (async () => {
      const pages = await worker.clients.matchAll({ type: 'window', includeUncontrolled: true });
      const [page] = pages;
      if (!page) return void (await worker.clients.openWindow(url));
      await page.focus();
      page.postMessage({ open: chat ?? '' });
    })(),
  );
});

export {};
