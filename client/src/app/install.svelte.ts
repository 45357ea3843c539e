/** The browser offers once to install the page as an app; the offer is kept for the settings. */

interface Offer extends Event {
  prompt(): Promise<unknown>;
  readonly userChoice: Promise<{ outcome: 'accepted' | 'dismissed' }>;
}

export const install = $state({ canAsk: false });

/** Browsers that install from a menu of their own. */
export const isApple = /iPhone|iPad/.test(navigator.userAgent);

export function isInstalled(): boolean {
  return matchMedia('(display-mode: standalone)').matches;
}

let offer: Offer | null = null;

addEventListener('beforeinstallprompt', (event) => {
  event.preventDefault();
  offer = event as Offer;
  install.canAsk = true;
});

addEventListener('appinstalled', () => {
  offer = null;
  install.canAsk = false;
});

/** Ask; whether it was installed. The offer is good once. */
export async function askToInstall(): Promise<boolean> {
  const it = offer;
  offer = null;
  install.canAsk = false;
  if (!it) return false;
  await it.prompt();
  return (await it.userChoice).outcome === 'accepted';
}
