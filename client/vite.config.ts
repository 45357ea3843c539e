import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

const here = fileURLToPath(new URL('.', import.meta.url));
const built = join(here, '../src/tertulia/web/static');

/** Where the server to develop against listens. */
const server = process.env.TERTULIA_URL ?? 'http://127.0.0.1:8000';

/** What gets smaller when it is compressed. */
const TEXTS = /\.(html|js|css|svg|json|webmanifest)$/;

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? filesUnder(path) : [path];
    })
    .sort();
}

/** Tells the service worker which files make up the shell, and which version of it this is. */
function shellForWorker(): Plugin {
  return {
    name: 'shell-for-worker',
    apply: 'build',
    closeBundle() {
      const files = filesUnder(built).filter((path) => !/\.(br|gz)$/.test(path));
      const worker = join(built, 'sw.js');
      const shell = files.filter((path) => path !== worker);
      const version = createHash('sha256');
      for (const path of shell) version.update(path).update(readFileSync(path));
      const urls = shell
        .map((path) => '/' + relative(built, path).split(sep).join('/'))
        .filter((url) => !url.startsWith('/.'))
        .map((url) => (url === '/index.html' ? '/' : url));
      const code = readFileSync(worker, 'utf8')
        .replace('__SHELL__', urls.join('\\n'))
        .replace('__VERSION__', version.digest('hex').slice(0, 12));
      writeFileSync(worker, code);
      for (const path of files.filter((each) => TEXTS.test(each))) {
        const bytes = readFileSync(path);
        writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
        const quality = { [constants.BROTLI_PARAM_QUALITY]: 11 };
        writeFileSync(`${path}.br`, brotliCompressSync(bytes, { params: quality }));
      }
    },
  };
}

export default defineConfig({
  root: here,
  plugins: [svelte(), shellForWorker()],
  resolve: {
    alias: { $: join(here, 'src') },
    ...(process.env.VITEST ? { conditions: ['browser'] } : {}),
  },
  build: {
    outDir: built,
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rollupOptions: {
      input: { main: join(here, 'index.html'), sw: join(here, 'src/sw.ts') },
      output: {
        entryFileNames: (chunk) => (chunk.name === 'sw' ? 'sw.js' : 'assets/[name]-[hash].js'),
      },
    },
  },
  server: {
    proxy: {
      // The socket and the sign-in, as the built client finds them beside itself.
      '/socket': { target: server, ws: true, changeOrigin: true },
      '^/(login|logout|files|api|web\\.json)': { target: server, changeOrigin: true },
    },
  },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
});
