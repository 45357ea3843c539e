/** How a picture is looked at: enlarged, moved about, swiped away, by fingers, mouse and keys. */

interface Point {
  x: number;
  y: number;
}

interface Box {
  readonly clientWidth: number;
  readonly clientHeight: number;
}

/** What a swipe does. */
interface Acts {
  turn(step: number): void;
  close(): void;
}

export const MOST_ZOOM = 8;
export const ZOOM_STEP = 1.5;
const TAPPED_ZOOM = 2.5;
const SWIPE_PX = 60;
const CLOSE_PX = 90;
const STILL_PX = 6;
const TAPS_MS = 320;
const TAPS_PX = 40;
const NOWHERE: Point = { x: 0, y: 0 };

export class Viewing {
  zoom = $state(1);
  /** How far the picture lies from the middle. */
  x = $state(0);
  y = $state(0);
  /** It was let go, and comes back by itself. */
  isFree = $state(false);
  /** It was moved since the last touch began: what follows is no click. */
  hasMoved = false;

  /** Fingers and mouse buttons that are down, by their ids. */
  #down = new Map<number, Point>();
  #start = NOWHERE;
  /** Where a finger leads the picture that is not enlarged; null: nowhere yet, or there were two. */
  #way: 'x' | 'y' | null = null;
  #hadTwo = false;
  #tap = { at: 0, ...NOWHERE };

  /** @param parts the room there is and the picture in it, once they are there. */
  constructor(
    private readonly parts: () => { stage: HTMLElement | null; picture: Box | null },
    private readonly acts: Acts,
  ) {}

  /** Enlarge it; what is at that point of the page stays there. */
  zoomTo(next: number, at?: Point): void {
    const { left = 0, top = 0, width = 0, height = 0 } = this.parts().stage?.getBoundingClientRect() ?? {};
    const zoom = Math.min(MOST_ZOOM, Math.max(1, next));
    const [px, py] = at ? [at.x - left - width / 2, at.y - top - height / 2] : [0, 0];
    this.x = px - ((px - this.x) * zoom) / this.zoom;
    this.y = py - ((py - this.y) * zoom) / this.zoom;
    this.zoom = zoom;
    this.isFree = false;
    this.pan(0, 0);
  }

  /** The picture does not leave the page. */
  pan(dx: number, dy: number): void {
    const { stage, picture } = this.parts();
    const most = (all = 0, room = 0): number => Math.max(0, (all * this.zoom - room) / 2);
    const [mostX, mostY] = [most(picture?.clientWidth, stage?.clientWidth), most(picture?.clientHeight, stage?.clientHeight)];
    this.x = Math.min(mostX, Math.max(-mostX, this.x + dx));
    this.y = Math.min(mostY, Math.max(-mostY, this.y + dy));
  }

  /** How much of what lies behind is seen, between 0 and 1, while one pulls it down. */
  get fading(): number {
    return this.zoom === 1 ? Math.min(1, Math.max(0, this.y) / 400) : 0;
  }

  press(event: PointerEvent): void {
    this.#down.set(event.pointerId, { x: event.clientX, y: event.clientY });
    this.parts().stage?.setPointerCapture(event.pointerId);
    this.isFree = false;
    if (this.#down.size > 1) {
      this.#hadTwo = true;
      if (this.zoom === 1) this.x = this.y = 0;
      return;
    }
    this.#start = { x: event.clientX, y: event.clientY };
    this.#way = null;
    this.#hadTwo = this.hasMoved = false;
  }

  move(event: PointerEvent): void {
    const before = this.#down.get(event.pointerId);
    if (!before) return;
    const now = { x: event.clientX, y: event.clientY };
    this.#down.set(event.pointerId, now);
    const [dx, dy] = [now.x - this.#start.x, now.y - this.#start.y];
    if (Math.hypot(dx, dy) > STILL_PX) this.hasMoved = true;
    const other = [...this.#down].find(([id]) => id !== event.pointerId)?.[1];
    if (other) this.#pinch(before, now, other);
    else if (this.zoom > 1) this.pan(now.x - before.x, now.y - before.y);
    else if (event.pointerType !== 'mouse' && this.hasMoved && !this.#hadTwo) {
      this.#way ??= Math.abs(dx) > Math.abs(dy) ? 'x' : 'y';
      [this.x, this.y] = this.#way === 'x' ? [dx, 0] : [0, Math.max(0, dy)];
    }
  }

  release(event: PointerEvent): void {
    if (!this.#down.delete(event.pointerId) || this.#down.size) return;
    const isDone = event.type === 'pointerup';
    if (this.zoom > 1 || !this.#way) {
      if (isDone && !this.hasMoved && !this.#hadTwo) this.#tapped(event);
      return;
    }
    const { x, y } = this;
    this.isFree = true;
    this.x = this.y = 0;
    if (isDone && y > CLOSE_PX) this.acts.close();
    else if (isDone && Math.abs(x) > SWIPE_PX) this.acts.turn(x < 0 ? 1 : -1);
  }

  /** Two taps enlarge what is under them, or bring it back. */
  #tapped({ timeStamp: at, clientX: x, clientY: y }: PointerEvent): void {
    const last = this.#tap;
    this.#tap = { at, x, y };
    if (at - last.at > TAPS_MS || Math.hypot(x - last.x, y - last.y) > TAPS_PX) return;
    this.#tap.at = 0;
    this.zoomTo(this.zoom > 1 ? 1 : TAPPED_ZOOM, { x, y });
  }

  /** One of two fingers has moved: what is between them stays between them. */
  #pinch(before: Point, now: Point, other: Point): void {
    const apart = (a: Point): number => Math.hypot(a.x - other.x, a.y - other.y) || 1;
    this.zoomTo((this.zoom * apart(now)) / apart(before), { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 });
    this.pan((now.x - before.x) / 2, (now.y - before.y) / 2);
  }
}
