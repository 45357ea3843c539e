/** BlurHash: a picture in some twenty letters, to be shown until the picture is there. */

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~';

function digits(value: number, length: number): string {
  let out = '';
  for (let i = length - 1; i >= 0; i--) out += DIGITS[Math.floor(value / 83 ** i) % 83];
  return out;
}

function number(text: string): number {
  let value = 0;
  for (const sign of text) value = value * 83 + DIGITS.indexOf(sign);
  return value;
}

const linear = (value: number): number => {
  const v = value / 255;
  return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
};
const gamma = (value: number): number => {
  const v = Math.max(0, Math.min(1, value));
  return Math.round((v <= 0.0031308 ? v * 12.92 : 1.055 * v ** (1 / 2.4) - 0.055) * 255);
};
const root = (value: number, power: number): number => Math.sign(value) * Math.abs(value) ** power;

/** The hash of some pixels (four bytes each). */
export function encode(pixels: Uint8ClampedArray, width: number, height: number, nx = 4, ny = 3): string {
  const factors: [number, number, number][] = [];
  for (let y = 0; y < ny; y++) {
    for (let x = 0; x < nx; x++) {
      const sum: [number, number, number] = [0, 0, 0];
      for (let j = 0; j < height; j++) {
        for (let i = 0; i < width; i++) {
          const basis = Math.cos((Math.PI * x * i) / width) * Math.cos((Math.PI * y * j) / height);
          const at = 4 * (i + j * width);
          for (let c = 0; c < 3; c++) sum[c]! += basis * linear(pixels[at + c]!);
        }
      }
      const scale = (x || y ? 2 : 1) / (width * height);
      factors.push(sum.map((each) => each * scale) as [number, number, number]);
    }
  }
  const [dc, ...ac] = factors;
  const most = Math.max(...ac.flat().map(Math.abs), 0);
  const quantised = Math.max(0, Math.min(82, Math.floor(most * 166 - 0.5)));
  const scale = ac.length ? (quantised + 1) / 166 : 1;
  const part = (value: number): number =>
    Math.max(0, Math.min(18, Math.floor(root(value / scale, 0.5) * 9 + 9.5)));
  return (
    digits(nx - 1 + (ny - 1) * 9, 1) +
    digits(ac.length ? quantised : 0, 1) +
    digits((gamma(dc![0]) << 16) + (gamma(dc![1]) << 8) + gamma(dc![2]), 4) +
    ac.map(([r, g, b]) => digits((part(r) * 19 + part(g)) * 19 + part(b), 2)).join('')
  );
}

/** The pixels of a hash; null for what is none. */
export function decode(hash: string, width: number, height: number): Uint8ClampedArray<ArrayBuffer> | null {
  if (hash.length < 6 || [...hash].some((sign) => !DIGITS.includes(sign))) return null;
  const size = number(hash[0]!);
  const [nx, ny] = [(size % 9) + 1, Math.floor(size / 9) + 1];
  if (hash.length !== 4 + 2 * nx * ny) return null;
  const most = (number(hash[1]!) + 1) / 166;
  const dc = number(hash.slice(2, 6));
  const factors = [[linear(dc >> 16), linear((dc >> 8) & 255), linear(dc & 255)]];
  for (let i = 1; i < nx * ny; i++) {
    const value = number(hash.slice(4 + 2 * i, 6 + 2 * i));
    const parts = [Math.floor(value / 361), Math.floor(value / 19) % 19, value % 19];
    factors.push(parts.map((each) => root((each - 9) / 9, 2) * most));
  }
  const pixels = new Uint8ClampedArray(width * height * 4);
  for (let j = 0; j < height; j++) {
    for (let i = 0; i < width; i++) {
      const colour = [0, 0, 0];
      for (let y = 0; y < ny; y++) {
        for (let x = 0; x < nx; x++) {
          const basis = Math.cos((Math.PI * x * i) / width) * Math.cos((Math.PI * y * j) / height);
          for (let c = 0; c < 3; c++) colour[c]! += factors[x + y * nx]![c]! * basis;
        }
      }
      const at = 4 * (i + j * width);
      for (let c = 0; c < 3; c++) pixels[at + c] = gamma(colour[c]!);
      pixels[at + 3] = 255;
    }
  }
  return pixels;
}
