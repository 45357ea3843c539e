import { describe, expect, it } from 'vitest';
import { qrPath } from './qr';

describe('QR codes', () => {
  it('are a path of squares', () => {
    const { path, size } = qrPath('a');
    expect(size).toBe(21);
    // Three eyes have their corners at the edges, the fourth corner has none.
    for (const corner of ['M0 0h', 'M20 0h', 'M0 20h']) expect(path).toContain(corner);
    expect(path).toMatch(/^(M\d+ \d+h1v1h-1z)+$/);
  });

  it('grow with the text, and have their limits', () => {
    expect(qrPath('x'.repeat(213)).size).toBeGreaterThan(qrPath('x'.repeat(106)).size);
    expect(() => qrPath('x'.repeat(5_000))).toThrow();
  });
});
