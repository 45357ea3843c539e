/** Files before they are sent: the sides and the hash of pictures and films, and smaller squares for profiles. */

import { randomId } from '../wire/http';
import type { OutFile } from '../sync/keep';
import { looksOf } from '../sync/model';
import { blurOf } from './blur';
import { sidesOfFilm } from './film';

const MOST_SIDE = 10_000;
const PROFILE_SIDE = 512;

/** A file as it is sent; a picture or a film with its sides and its hash, if it can be read as one. */
export async function outFile(file: Blob, name: string): Promise<OutFile> {
  const kind = file.type || 'application/octet-stream';
  const what = looksOf({ kind, name });
  const looks = what === 'picture' ? await sidesOf(file) : what === 'video' ? await sidesOfFilm(file) : null;
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

async function sidesOf(file: Blob): Promise<{ width: number; height: number; blur: string } | null> {
  try {
    const bitmap = await createImageBitmap(file);
    const { width, height } = bitmap;
    if (width > MOST_SIDE || height > MOST_SIDE) return null;
    const blur = blurOf(bitmap, width, height);
    bitmap.close();
    return { width, height, blur };
  } catch {
    // Broken, or of a kind this browser does not know: it is sent as a file.
    return null;
  }
}
