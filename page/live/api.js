// What the controller answers (docs/http-api.md).

export async function get(path, signal) {
  let answer;
  try {
    answer = await fetch(path, { signal, headers: { Accept: "application/json" } });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("The controller does not answer. This page tries again.");
  }
  if (answer.status === 401) {
    session.note(false);
    dispatchEvent(new Event("fp4-login"));
    throw new Error("Log in to see this.");
  }
  if (!answer.ok) {
    const body = await answer.json().catch(() => null);
    throw new Error(body?.error?.message ?? `The controller answers ${answer.status} to ${path}.`);
  }
  return answer.json();
}

// Whether a session has begun: its cookie is seen by no script, so all pages of this browser note it here. Nothing else is kept.
export const session = {
  get begun() { return localStorage.getItem("fp4-session") === "begun"; },
  note(begun) {
    if (begun) localStorage.setItem("fp4-session", "begun");
    else localStorage.removeItem("fp4-session");
    dispatchEvent(new Event("fp4-session"));
  },
};

// Answers with what is wrong; nothing: the session has begun.
export async function login(token) {
  const headers = { Authorization: `Bearer ${token}`, "X-Fp4": "1" };
  const answer = await fetch("/api/v1/login", { method: "POST", headers }).catch(() => null);
  if (answer?.ok) {
    session.note(true);
    return null;
  }
  const body = await answer?.json().catch(() => null);
  return body?.error?.message ?? "The controller does not answer.";
}

export async function logout() {
  await fetch("/api/v1/logout", { method: "POST", headers: { "X-Fp4": "1" } });
  session.note(false);
}

export const query = (path, values) => {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    for (const one of [value].flat()) if (one !== null && one !== undefined && one !== "") parameters.append(name, one);
  }
  return `${path}?${parameters}`;
};

const part = encodeURIComponent;
export const experimentPath = (id) => `/api/v1/experiments/${part(id)}`;
export const runPath = (id) => `/api/v1/runs/${part(id)}`;

// Calls `load` now and again every `seconds` while the page is seen, until the scope ends. An error is shown as the
// status, and the next try may succeed.
export function poll(scope, seconds, load) {
  let timer = 0;
  async function turn() {
    clearTimeout(timer);
    if (scope.over) return;
    if (!document.hidden) {
      try {
        await load();
        if (!scope.over) scope.status("live", "live");
      } catch (error) {
        if (scope.over) return;
        scope.status("waiting", error.message);
      }
    }
    if (!scope.over) timer = setTimeout(turn, seconds * 1000);
  }
  const seen = () => { if (!document.hidden) turn(); };
  document.addEventListener("visibilitychange", seen);
  scope.onEnd(() => { clearTimeout(timer); document.removeEventListener("visibilitychange", seen); });
  return turn();
}
