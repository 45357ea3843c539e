/** QR codes as pictures. */

import { correction, generate } from 'lean-qr';

/**
 * The path of an SVG picture, in units of a square, and how many squares it is wide and high. Throws when the text
 * is too long.
 */
export function qrPath(text: string): { path: string; size: number } {
  const code = generate(text, { minCorrectionLevel: correction.M });
  let path = '';
  for (let y = 0; y < code.size; y++) {
    for (let x = 0; x < code.size; x++) if (code.get(x, y)) path += `M${x} ${y}h1v1h-1z`;
  }
  return { path, size: code.size };
}
