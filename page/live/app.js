// Which view a path shows, and moving between them without loading the page again.
import { logout, session } from "./api.js";
import { clear, element } from "./dom.js";
import { showExperiments } from "./experiments.js";
import { showExperiment } from "./experiment.js";
import { showLogin } from "./login.js";
import { showQueue } from "./queue.js";
import { showRun } from "./run.js";
import { showWorkers } from "./workers.js";

// The first parts of paths, as server/web/site.cc serves them.
const views = {
  "": { name: "experiments", show: showExperiments },
  experiments: { name: "experiments", show: (scope, id) => (id ? showExperiment(scope, id) : showExperiments(scope)) },
  runs: { name: "experiments", show: showRun },
  queue: { name: "queue", show: showQueue },
  workers: { name: "workers", show: showWorkers },
};

const main = document.getElementById("main");
const live = document.getElementById("live");
let scope = null;

// What a view holds while it is shown: it ends with it.
function newScope() {
  const ends = [];
  const controller = new AbortController();
  return {
    main,
    signal: controller.signal,
    get over() { return controller.signal.aborted; },
    onEnd: (end) => ends.push(end),
    end() { controller.abort(); for (const end of ends.splice(0)) end(); },
    title(text) { document.title = text ? `${text} – fp4lab` : "fp4lab"; },
    // "live", "waiting", "ended" or "": how fresh what is shown is.
    status(state, text) { live.dataset.state = state; live.textContent = text; },
  };
}

function show() {
  if (scope) scope.end();
  scope = newScope();
  clear(main);
  scope.status("", "");
  const [first, id = ""] = location.pathname.slice(1).split("/").map(decodeURIComponent);
  const view = views[first] ?? views[""];
  for (const link of document.querySelectorAll("nav a[data-page]")) {
    if (link.dataset.page === view.name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const current = scope;
  Promise.resolve(view.show(current, id)).catch((error) => {
    if (current.over) return;
    main.append(element("p", { class: "error", role: "alert" }, error.message));
  });
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  if (!link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const url = new URL(link.href);
  if (link.hasAttribute("download") || link.target || url.origin !== location.origin || url.pathname.startsWith("/api/")) return;
  if (url.pathname === location.pathname && url.hash) return;
  event.preventDefault();
  history.pushState(null, "", url);
  show();
  main.focus({ preventScroll: true });
  scrollTo(0, 0);
});
addEventListener("popstate", show);
// A session has not begun, or is over: whatever is shown makes room for the question, once.
addEventListener("fp4-login", () => {
  if (document.getElementById("token")) return;
  if (scope) scope.end();
  scope = newScope();
  showLogin(scope, show);
});
const leave = document.getElementById("logout");
const showWhetherToLeave = () => { leave.hidden = !session.begun; };
addEventListener("fp4-session", showWhetherToLeave);
addEventListener("storage", showWhetherToLeave);   // of another page of this browser
leave.addEventListener("click", () => logout().then(show));
showWhetherToLeave();
show();
