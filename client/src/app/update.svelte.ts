/** The service worker, and a newer version of the page: it is offered, never forced, and nobody is kept from it. */

const CHECK_MS = 60 * 60_000;
const TAKEOVER_MS = 3000;

export const update = $state({ isReady: false });

let waiting: ServiceWorker | null = null;
let isReloading = false;

/** Install the worker, and look for a newer one now and then. */
export async function keepFresh(url: string): Promise<void> {
  const workers = navigator.serviceWorker;
  // Some extensions put a stand-in there, which registers nothing.
  let registration: ServiceWorkerRegistration | undefined;
  try {
    registration = await workers.register(url);
  } catch (error) {
    console.info('no service worker', error);
    return;
  }
  if (!registration) return;
  const found = registration;
  const look = (): void => {
    if (found.waiting) void offer(found.waiting);
  };
  found.addEventListener('updatefound', () => {
    const coming = found.installing;
    // Without one that is in charge already, it is the first one, and not news.
    if (workers.controller) coming?.addEventListener('statechange', () => coming.state === 'installed' && look());
  });
  look();
  workers.addEventListener('controllerchange', () => isReloading && location.reload());
  let checked = Date.now();
  const check = (): void => {
    if (document.hidden || Date.now() - checked < CHECK_MS) return;
    checked = Date.now();
    void found.update().catch(() => undefined);
  };
  setInterval(check, CHECK_MS / 4);
  document.addEventListener('visibilitychange', check);
}

/** The page is loaded anew, by the new version. */
export function reload(): void {
  isReloading = true;
  waiting?.postMessage({ takeOver: true });
  setTimeout(() => location.reload(), waiting ? TAKEOVER_MS : 0);
}

/** A part of the page is gone from the server: it has a newer one. */
addEventListener('vite:preloadError', () => (update.isReady = true));

/** When this page is of the new version already, its worker may take over at once. */
async function offer(worker: ServiceWorker): Promise<void> {
  waiting = worker;
  const script = document.querySelector<HTMLScriptElement>('script[type=module]')?.src ?? '';
  const isOurs = await new Promise<boolean>((done) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = (event: MessageEvent<boolean>) => done(event.data);
    setTimeout(() => done(false), TAKEOVER_MS);
    worker.postMessage({ isYours: new URL(script, location.href).pathname }, [port2]);
  });
  if (isOurs) worker.postMessage({ takeOver: true });
  else update.isReady = true;
}
