// The stream of what is stored. The browser itself comes back after a break and says where it was; a hidden page lets its
// connection go and goes on from the last cursor when it is seen again.

// `which`: {experiment: ID} or {run: ID}. `onEvents` gets the events of a moment together; `onOpen` is told of each
// connection but the first.
export function watch(scope, which, { onEvents, onReopen = () => {} }) {
  let source = null, cursor = null, pending = [], timer = 0, opened = false;

  function deliver() {
    timer = 0;
    const events = pending;
    pending = [];
    if (!scope.over && events.length > 0) onEvents(events);
  }
  function take(message) {
    cursor = message.lastEventId;
    pending.push(JSON.parse(message.data));
    timer ||= setTimeout(deliver, 250);
  }
  function open() {
    if (source || scope.over || document.hidden) return;
    const parameters = new URLSearchParams(which);
    if (cursor === null) parameters.set("follow_only", "1");
    else parameters.set("cursor", cursor);
    source = new EventSource(`/api/v1/watch?${parameters}`);
    source.addEventListener("position", (message) => {
      cursor ??= message.lastEventId;
      scope.status("live", "live");
      if (opened) onReopen();
      opened = true;
    });
    source.addEventListener("message", take);
    source.addEventListener("end", () => {
      close();
      deliver();
      scope.status("ended", "all runs have finished");
      timer = setTimeout(() => { timer = 0; open(); }, 30_000);  // one may be tried again
    });
    source.addEventListener("error", () => {
      scope.status("waiting", "the controller does not answer; waiting for it");
      if (source?.readyState !== EventSource.CLOSED) return;
      close();
      timer ||= setTimeout(() => { timer = 0; open(); }, 3000);
    });
  }
  function close() {
    source?.close();
    source = null;
  }
  const seen = () => (document.hidden ? close() : open());
  document.addEventListener("visibilitychange", seen);
  scope.onEnd(() => { close(); clearTimeout(timer); document.removeEventListener("visibilitychange", seen); });
  open();
}

// Calls `load` soon, but not more often than every `seconds` or ten times what it last took, whichever is longer.
export function throttled(scope, seconds, load) {
  let timer = 0, again = false, busy = false, last = 0, took = 0;
  async function run() {
    timer = 0;
    if (scope.over) return;
    busy = true;
    again = false;
    last = performance.now();
    try {
      await load();
    } catch (error) {
      if (!scope.over) scope.status("waiting", error.message);
      again = !scope.over;
    }
    took = performance.now() - last;
    busy = false;
    if (again) schedule();
  }
  function schedule() {
    if (busy) { again = true; return; }
    const pause = Math.max(seconds * 1000, 10 * took) - (performance.now() - last);
    timer ||= setTimeout(run, Math.max(0, pause));
  }
  scope.onEnd(() => clearTimeout(timer));
  return schedule;
}
