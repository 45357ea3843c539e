/**
 * The little language of messages: **bold**, *italic*, `code`, blocks between ```, and links.
 *
 * It gives nodes, never HTML, and takes time in proportion to the text, whatever is in it.
 */

export type Inline =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'code'; readonly text: string }
  | { readonly kind: 'link'; readonly text: string; readonly href: string }
  | { readonly kind: 'bold' | 'italic'; readonly parts: readonly Inline[] };

export type Block =
  | { readonly kind: 'words'; readonly parts: readonly Inline[] }
  | { readonly kind: 'code'; readonly text: string };

const FENCE = '```';
const LINK = /(?:https?:\/\/|www\.)[^\s<>"'`*]{2,2000}/iy;
const WORD = /[\p{L}\p{N}_]/u;

/** The blocks of a message. */
export function format(text: string): Block[] {
  const blocks: Block[] = [];
  let from = 0;
  for (;;) {
    const open = text.indexOf(FENCE, from);
    const close = open < 0 ? -1 : text.indexOf(FENCE, open + FENCE.length);
    if (close < 0) break;
    words(blocks, text.slice(from, open).replace(/\n$/, ''));
    const code = text.slice(open + FENCE.length, close).replace(/^[ \t]*\n/, '').replace(/\n$/, '');
    if (code) blocks.push({ kind: 'code', text: code });
    from = close + FENCE.length;
    if (text[from] === '\n') from++;
  }
  words(blocks, text.slice(from));
  return blocks;
}

/** The beginning of a text, of so many signs at most; one that is made of two is not torn apart. */
export function beginning(text: string, most: number): string {
  const isTorn = text.length > most && (text.charCodeAt(most - 1) & 0xfc00) === 0xd800;
  return text.slice(0, isTorn ? most - 1 : most);
}

/** A message in one line, without its marks. */
export function plain(text: string): string {
  const blocks = format(beginning(text, 400));
  return blocks.map((block) => ('text' in block ? block.text : bare(block.parts))).join(' ').replace(/\s+/g, ' ').trim();
}

function bare(parts: readonly Inline[]): string {
  return parts.map((part) => ('text' in part ? part.text : bare(part.parts))).join('');
}

function words(blocks: Block[], text: string): void {
  if (text) blocks.push({ kind: 'words', parts: inline(text, true, true) });
}

function inline(text: string, mayBold: boolean, mayItalic: boolean): Inline[] {
  const parts: Inline[] = [];
  // From there on a mark has no partner: looked for once, not at every mark.
  const none: Record<string, boolean> = {};
  let start = 0;
  let at = 0;
  const flush = (): void => {
    if (at > start) parts.push({ kind: 'text', text: text.slice(start, at) });
  };
  const take = (part: Inline, end: number): void => {
    flush();
    parts.push(part);
    start = at = end;
  };
  const closing = (mark: string, from: number): number => {
    if (none[mark]) return -1;
    for (let i = text.indexOf(mark, from); i >= 0; i = text.indexOf(mark, i + 1)) {
      const isClosing = mark === '`' || (i > from && !/\s/.test(text[i - 1]!));
      const isDouble = mark === '*' && (text[i + 1] === '*' || text[i - 1] === '*');
      if (i > from && isClosing && !isDouble) return i;
    }
    none[mark] = true;
    return -1;
  };
  while (at < text.length) {
    const sign = text[at]!;
    if (sign === '`') {
      const end = closing('`', at + 1);
      if (end > 0) {
        take({ kind: 'code', text: text.slice(at + 1, end) }, end + 1);
        continue;
      }
    } else if (sign === '*') {
      const isBold = text[at + 1] === '*';
      const mark = isBold ? '**' : '*';
      const from = at + mark.length;
      const opens = from < text.length && !/\s/.test(text[from]!) && !WORD.test(text[at - 1] ?? '');
      const end = opens && (isBold ? mayBold : mayItalic) ? closing(mark, from) : -1;
      if (end > 0) {
        const within = inline(text.slice(from, end), mayBold && !isBold, mayItalic && isBold);
        take({ kind: isBold ? 'bold' : 'italic', parts: within }, end + mark.length);
        continue;
      }
      at += mark.length;
      continue;
    } else if ((sign === 'h' || sign === 'H' || sign === 'w' || sign === 'W') && !WORD.test(text[at - 1] ?? '')) {
      const link = linkAt(text, at);
      if (link) {
        take({ kind: 'link', text: link, href: /^www/i.test(link) ? `https://${link}` : link }, at + link.length);
        continue;
      }
    }
    at++;
  }
  flush();
  return parts;
}

/** The address that begins there, without the full stop of the sentence it stands in. */
function linkAt(text: string, at: number): string {
  LINK.lastIndex = at;
  const found = LINK.exec(text)?.[0] ?? '';
  let loose = found.split(')').length - found.split('(').length;
  let end = found.length;
  // The end of what is looked at moves, and nothing is counted again: others write these texts.
  for (; end > 0; end--) {
    const last = found[end - 1]!;
    if (last === ')' && loose > 0) loose--;
    else if (!/[.,;:!?…»]/.test(last)) break;
  }
  const link = found.slice(0, end);
  const host = link.replace(/^https?:\/\//i, '');
  return /^[\p{L}\p{N}[]/u.test(host) && (host !== link ? true : /^www\.[^.]+\../i.test(link)) ? link : '';
}

const TURNED = /[\u0590-\u08ff\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufefc]/;

/** Whether the last line is one of words that run from left to right: the hour has room in it. */
export function endsInLine(body: string): boolean {
  return !!body && !body.trimEnd().endsWith('```') && !TURNED.test(body);
}
