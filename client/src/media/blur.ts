/** BlurHash: a picture in some twenty letters, to be shown until the picture is there. */

import { decode, encode, isBlurhashValid } from 'blurhash';

const HASHED = 32;
/** Waves of a hash, across and down. */
const WAVES = [4, 3] as const;

/** The hash of what can be drawn, of these sides. Throws when it cannot be drawn. */
export function blurOf(it: CanvasImageSource, width: number, height: number): string {
  const scale = HASHED / Math.max(width, height);
  const [w, h] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
  const context = new OffscreenCanvas(w, h).getContext('2d')!;
  context.drawImage(it, 0, 0, w, h);
  return encode(context.getImageData(0, 0, w, h).data, w, h, ...WAVES);
}

/** The pixels of a hash, four bytes each; null for what is none. */
export function pixelsOf(hash: string, side: number): Uint8ClampedArray<ArrayBuffer> | null {
  if (!isBlurhashValid(hash).result) return null;
  return new Uint8ClampedArray(decode(hash, side, side));
}
