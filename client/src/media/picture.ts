/** Pictures before they are sent: their sides, their hash, and smaller squares for profiles. */

import { encode } from 'blurhash';
import { randomId } from '../wire/http';
import type { OutFile } from '../sync/keep';

const HASHED = 32;
/** Waves of a hash, across and down. */
const WAVES = [4, 3] as const;
const MOST_SIDE = 10_000;
const PROFILE_SIDE = 512;

/** A file as it is sent; a picture with its sides and its hash, if it can be read as one. */
export async function outFile(file: Blob, name: string): Promise<OutFile> {
  const kind = file.type || 'application/octet-stream';
  const looks = /^image\/(png|jpe?g|gif|webp|avif|bmp)/.test(kind) ? await looksOf(file) : null;
  return {
    key: randomId(), name: cleanName(name), kind, size: file.size, content: file, fileId: '',
    width: looks?.width ?? 0, height: looks?.height ?? 0, blur: looks?.blur ?? '',
  };
}

/** A name that the server takes: no path, no control characters, not too long. */
export function cleanName(name: string): string {
  const clean = name.replace(/[/\\\u0000-\u001f\u007f]/g, '_').trim();
  const letters = [...clean];
  const short = letters.length > 200 ? letters.slice(0, 150).join('') + letters.slice(-40).join('') : clean;
  return short === '' || short === '.' || short === '..' ? 'file' : short;
}

/** A square of a picture, for a profile: that one, or the middle. Throws when it is no picture. */
export async function square(file: Blob, part?: { x: number; y: number; side: number }): Promise<Blob> {
  const bitmap = await createImageBitmap(file);
  const side = part?.side ?? Math.min(bitmap.width, bitmap.height);
  const size = Math.max(1, Math.round(Math.min(PROFILE_SIDE, side)));
  const canvas = new OffscreenCanvas(size, size);
  const { x, y } = part ?? { x: (bitmap.width - side) / 2, y: (bitmap.height - side) / 2 };
  canvas.getContext('2d')!.drawImage(bitmap, x, y, side, side, 0, 0, size, size);
  bitmap.close();
  return canvas.convertToBlob({ type: 'image/jpeg', quality: 0.88 });
}

async function looksOf(file: Blob): Promise<{ width: number; height: number; blur: string } | null> {
  try {
    const bitmap = await createImageBitmap(file);
    const { width, height } = bitmap;
    if (width > MOST_SIDE || height > MOST_SIDE) return null;
    const scale = HASHED / Math.max(width, height);
    const [w, h] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
    const context = new OffscreenCanvas(w, h).getContext('2d')!;
    context.drawImage(bitmap, 0, 0, w, h);
    bitmap.close();
    return { width, height, blur: encode(context.getImageData(0, 0, w, h).data, w, h, ...WAVES) };
  } catch {
    // Broken, or of a kind this browser does not know: it is sent as a file.
    return null;
  }
}
