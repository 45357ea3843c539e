/** A dialog that is open as long as it is on the page; afterwards the focus is where it was before. */
export function modal(node: HTMLDialogElement): { destroy(): void } {
  const before = document.activeElement as HTMLElement | null;
  node.showModal();
  return {
    destroy() {
      node.close();
      // Browsers bring the focus back themselves, but not from a dialog that is taken out of the page.
      if (!document.activeElement || document.activeElement === document.body) before?.focus({ preventScroll: true });
    },
  };
}
