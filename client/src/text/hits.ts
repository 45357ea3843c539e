/** Where words that were looked for stand in a text, as the server finds them: in any case, yo like ye. */

import { plain } from './format';

export interface Piece {
  readonly text: string;
  readonly isHit: boolean;
}

const BEFORE = 24;
const MOST = 160;
/** So much of a text is looked through. */
const LOOKED = 70_000;

/** From and to of each place, first to last. */
export function hitsIn(text: string, words: string): [number, number][] {
  const wanted = fold(words.trim());
  if (!wanted) return [];
  const shown = text.slice(0, LOOKED);
  const places: number[] = [];
  let folded = '';
  let at = 0;
  for (const sign of shown) {
    const made = fold(sign);
    for (let i = 0; i < made.length; i++) places.push(at);
    folded += made;
    at += sign.length;
  }
  places.push(at);
  const hits: [number, number][] = [];
  for (let i = folded.indexOf(wanted); i >= 0; i = folded.indexOf(wanted, i + wanted.length)) {
    const from = places[i]!;
    const last = i + wanted.length;
    // A sign that folds into two ends where the next one begins.
    let to = places[last]!;
    for (let j = last; to === places[last - 1] && j < places.length; j++) to = places[j]!;
    if (to > from) hits.push([from, to]);
  }
  return hits;
}

/** The surroundings of the first place, in one line, with all places in it marked. */
export function snippet(text: string, words: string): Piece[] {
  const line = text.replace(/\s+/g, ' ').trim();
  const [first] = hitsIn(line, words);
  let start = first && first[0] > BEFORE * 2 ? first[0] - BEFORE : 0;
  // Neither in the middle of a word nor of a sign, where that is near.
  const blank = line.indexOf(' ', start);
  if (start && first && blank >= 0 && blank < first[0]) start = blank + 1;
  const part = (start ? '…' : '') + [...line.slice(start, start + MOST * 2)].slice(0, MOST).join('');
  // Without the marks of the text, unless they are what was looked for.
  const bare = plain(part);
  return marked(hitsIn(bare, words).length ? bare : part, words);
}

/** A text in pieces, those marked that were looked for. */
export function marked(text: string, words: string): Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  for (const [from, to] of hitsIn(text, words)) {
    if (from > end) pieces.push({ text: text.slice(end, from), isHit: false });
    pieces.push({ text: text.slice(from, to), isHit: true });
    end = to;
  }
  if (end < text.length) pieces.push({ text: text.slice(end), isHit: false });
  return pieces;
}

/** The form in which texts are compared. */
export function fold(text: string): string {
  return text.toLowerCase().replaceAll('ё', 'е');
}
