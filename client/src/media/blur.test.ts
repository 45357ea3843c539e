import { encode } from 'blurhash';
import { expect, test } from 'vitest';
import { pixelsOf } from './blur';

test('a picture comes back as its colours, blurred', () => {
  const pixels = new Uint8ClampedArray(32 * 32 * 4);
  for (let i = 0; i < pixels.length; i += 4) {
    const isLeft = (i / 4) % 32 < 16;
    pixels.set(isLeft ? [220, 40, 30, 255] : [20, 60, 210, 255], i);
  }
  const back = pixelsOf(encode(pixels, 32, 32, 4, 3), 8)!;
  expect(back[0]).toBeGreaterThan(back[2]!);
  expect(back[7 * 4]).toBeLessThan(back[7 * 4 + 2]!);
});

test('what is no hash gives no picture', () => {
  for (const hash of ['', 'L', 'LEHV6n', 'x'.repeat(300), '"EHV6nWB2yk8pyo0adR*.7kCMdnj']) expect(pixelsOf(hash, 4)).toBeNull();
  expect(pixelsOf('LEHV6nWB2yk8pyo0adR*.7kCMdnj', 4)).toHaveLength(64);
});
