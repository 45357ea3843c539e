/** What keys do in a history. They are told by their places, so that they work in all alphabets. */

export interface LogKeys {
  /** The messages from top to bottom. */
  rows(): HTMLElement[];
  focus(row: HTMLElement): void;
  toStart(): void;
  toEnd(): void;
  /** Back to where one writes. */
  leave(): void;
  /** What a key does with a message; false: nothing. */
  act(what: Act, row: HTMLElement): boolean;
}

export type Act = 'menu' | 'pick' | 'reply' | 'edit' | 'copy' | 'forward' | 'delete';

const ACTS: Record<string, Act> = {
  Enter: 'menu', NumpadEnter: 'menu', ContextMenu: 'menu', Space: 'pick', KeyR: 'reply', KeyE: 'edit', KeyC: 'copy',
  KeyF: 'forward', Delete: 'delete',
};

/** Do what a key stands for, if it was pressed on the history itself or on one of its messages. */
export function pressed(event: KeyboardEvent, keys: LogKeys): void {
  const box = event.currentTarget as HTMLElement;
  const row = (event.target as HTMLElement).closest<HTMLElement>('[data-id]');
  if ((event.target !== box && event.target !== row) || event.metaKey || event.altKey) return;
  // Ctrl+C is for what is selected.
  if (event.ctrlKey && (event.code !== 'KeyC' || String(getSelection()))) return;
  if (isDone(event, row, keys)) event.preventDefault();
}

function isDone(event: KeyboardEvent, row: HTMLElement | null, keys: LogKeys): boolean {
  if (event.key === 'ArrowUp' || event.key === 'ArrowDown') {
    const rows = keys.rows();
    const next = row ? rows[rows.indexOf(row) + (event.key === 'ArrowUp' ? -1 : 1)] : rows.at(-1);
    if (next) keys.focus(next);
    return true;
  }
  if (event.key === 'Home' || event.key === 'End') {
    if (event.key === 'Home') keys.toStart();
    else keys.toEnd();
    return true;
  }
  if (event.key === 'Escape') {
    keys.leave();
    return true;
  }
  const what = event.key === 'ContextMenu' ? 'menu' : ACTS[event.code];
  return !!row && !!what && keys.act(what, row);
}
