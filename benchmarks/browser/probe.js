// What the page is asked while it is measured. It only watches: everything stands in `bench`.
window.bench = (() => {
  const frames = () => {
    const at = [];
    let isOver = false;
    const next = (now) => {
      at.push(now);
      if (!isOver) requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
    return () => ((isOver = true), at);
  };
  let stop = null;

  // Resolves with the moment at which the frame in which `is` became true was on the screen.
  const painted = (is) =>
    new Promise((done) => {
      const look = () => {
        if (!is()) return requestAnimationFrame(look);
        const channel = new MessageChannel();
        channel.port1.onmessage = () => done(performance.now());
        requestAnimationFrame(() => channel.port2.postMessage(0));
      };
      look();
    });

  const log = () => document.querySelector('[role=log]');
  const oldest = () => Number.parseInt(document.querySelector('[role=log] article[data-id] .words')?.textContent, 10);
  const isInView = (node) => {
    const at = node?.getBoundingClientRect();
    return !!at && at.height > 0 && at.bottom > 0 && at.top < innerHeight;
  };
  const lastIs = (number) => {
    const last = [...document.querySelectorAll('[role=log] article[data-id]')].at(-1);
    return isInView(last) && Number.parseInt(last.querySelector('.words')?.textContent, 10) === number;
  };

  return {
    frames: () => (stop = frames()),
    framesOver: () => stop(),
    firstChat: () => painted(() => isInView(document.querySelector('a.row'))),
    // From the click, by the browser's own clock of events, until the newest message can be seen.
    async open(href, newest) {
      let clicked = 0;
      addEventListener('click', (event) => (clicked = event.timeStamp), { capture: true, once: true });
      const shown = painted(() => lastIs(newest));
      document.querySelector(`a.row[href$="${href}"]`).click();
      return (await shown) - clicked;
    },
    waitForLast: (number) => painted(() => lastIs(number)),
    // Scroll back, some pixels in each frame, until that message is on the page.
    back: (number, step) =>
      new Promise((done) => {
        const next = () => {
          if (oldest() <= number) return done(oldest());
          log().scrollTop -= step;
          requestAnimationFrame(next);
        };
        next();
      }),
    // Scroll the list of chats down and up for a while.
    roll: (ms, step) =>
      new Promise((done) => {
        const list = document.querySelector('nav .list');
        const until = performance.now() + ms;
        let way = step;
        const next = (now) => {
          if (now > until) return done(list.scrollHeight);
          const before = list.scrollTop;
          list.scrollTop += way;
          if (list.scrollTop === before) way = -way;
          requestAnimationFrame(next);
        };
        requestAnimationFrame(next);
      }),
  };
})();
