import { mount } from 'svelte';
import App from './App.svelte';
import './app.css';
import './app/install.svelte';
import { apply } from './app/settings.svelte';
import { keepFresh } from './app/update.svelte';

apply();
mount(App, { target: document.getElementById('app')! });

if ('serviceWorker' in navigator && import.meta.env.PROD) {
  // A script's address is only taken from a policy that the page's headers name.
  interface Policy {
    createScriptURL(url: string): string;
  }
  const kinds = (globalThis as { trustedTypes?: { createPolicy(name: string, rules: object): Policy } })
    .trustedTypes;
  const policy = kinds?.createPolicy('tertulia', {
    createScriptURL: (url: string) => {
      if (url !== '/sw.js') throw new TypeError('not ours');
      return url;
    },
  });
  void keepFresh(policy ? policy.createScriptURL('/sw.js') : '/sw.js');
  navigator.serviceWorker.addEventListener('message', (event: MessageEvent<{ open?: string }>) => {
    if (event.data?.open) location.hash = `#/chats/${event.data.open}`;
  });
}
