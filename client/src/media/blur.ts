/** BlurHash: a picture in some twenty letters, to be shown until the picture is there. */

import { decode, isBlurhashValid } from 'blurhash';

/** The pixels of a hash, four bytes each; null for what is none. */
export function pixelsOf(hash: string, side: number): Uint8ClampedArray<ArrayBuffer> | null {
  if (!isBlurhashValid(hash).result) return null;
  return new Uint8ClampedArray(decode(hash, side, side));
}
