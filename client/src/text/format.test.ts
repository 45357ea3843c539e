import { describe, expect, test } from 'vitest';
import type { Inline } from './format';
import { beginning, format, plain } from './format';
import { initials, tame } from './names';

function shown(text: string): string {
  const one = (part: Inline): string =>
    part.kind === 'text' ? part.text
    : part.kind === 'code' ? `<c>${part.text}</c>`
    : part.kind === 'link' ? `<a ${part.href}>${part.text}</a>`
    : `<${part.kind[0]}>${part.parts.map(one).join('')}</${part.kind[0]}>`;
  return format(text).map((block) => (block.kind === 'code' ? `<pre>${block.text}</pre>` : block.parts.map(one).join(''))).join('|');
}

describe('the little language of messages', () => {
  test.each([
    ['hello', 'hello'],
    ['a **b** c', 'a <b>b</b> c'],
    ['*a* and **b *c* d**', '<i>a</i> and <b>b <i>c</i> d</b>'],
    ['`a **b**` c', '<c>a **b**</c> c'],
    ['2 * 3 * 4', '2 * 3 * 4'],
    ['a*b*c', 'a*b*c'],
    ['**not closed', '**not closed'],
    ['```\nx = 1\n```\nthen', '<pre>x = 1</pre>|then'],
    ['see https://example.org/a_(b).', 'see <a https://example.org/a_(b)>https://example.org/a_(b)</a>.'],
    ['(https://example.org/a_(b)), (https://example.org/))?).', '(<a https://example.org/a_(b)>https://example.org/a_(b)</a>), (<a https://example.org/>https://example.org/</a>))?).'],
    ['(www.example.org)', '(<a https://www.example.org>www.example.org</a>)'],
    ['javascript:alert(1) www. http://', 'javascript:alert(1) www. http://'],
    ['<b>no</b>', '<b>no</b>'],
  ])('%j', (text, wanted) => expect(shown(text)).toBe(wanted));

  test('nothing is lost, and hostile texts take no longer than others', () => {
    for (const text of ['*a '.repeat(20_000), '**'.repeat(30_000), '`'.repeat(60_000), 'https://a.b '.repeat(5000),
      ('http://-'.repeat(125) + ')'.repeat(1000)).repeat(32), ('https://a' + ')'.repeat(1900) + ' ').repeat(32)]) {
      const start = performance.now();
      format(text);
      expect(performance.now() - start).toBeLessThan(500);
    }
  });

  test('one line tells what it is about', () => {
    expect(plain('**Hello**\n\n`x`  https://a.org ```\ncode\n```')).toBe('Hello x https://a.org code');
  });

  test('a long one is cut between signs', () => {
    expect(beginning('a🎉🎉', 4)).toBe('a🎉');
    expect(beginning('a🎉🎉', 5)).toBe('a🎉🎉');
    expect(beginning('🎉🎉', 2)).toBe('🎉');
    expect(plain('a' + '🎉'.repeat(300)).at(-1)).not.toBe('\ud83c');
  });
});

describe('names', () => {
  test('signs that turn text are taken out of plain strings', () => {
    expect(tame('\u202eevil\u202c\n name')).toBe('evil name');
  });
  test.each([['Anna Lind', 'AL'], ['анна', 'А'], ['👍', '?'], ['a.b_c', 'AC']])('letters of %j', (name, letters) =>
    expect(initials(name)).toBe(letters),
  );
});
