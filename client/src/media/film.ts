/** Films before they are sent: their sides, and how they look before they are loaded. */

import { blurOf } from './blur';

const PATIENCE_MS = 4000;

/** What is known of a film by its first frame; null when this browser cannot play it. */
export async function sidesOfFilm(file: Blob): Promise<{ width: number; height: number; blur: string } | null> {
  const film = document.createElement('video');
  film.muted = true;
  film.preload = 'auto';
  film.src = URL.createObjectURL(file);
  try {
    await new Promise<void>((done, fail) => {
      film.onloadeddata = () => done();
      film.onerror = () => fail(film.error);
      setTimeout(() => fail(new Error('slow')), PATIENCE_MS);
    });
    const { videoWidth: width, videoHeight: height } = film;
    return { width, height, blur: blurOf(film, width, height) };
  } catch {
    // It is sent all the same: others may have what plays it.
    return null;
  } finally {
    URL.revokeObjectURL(film.src);
    film.removeAttribute('src');
    film.load();
  }
}
