// Who looks? Asked where the controller asks, and answered with a token's text, which this page keeps nowhere: the session is a
// cookie that no script can read.
import { login } from "./api.js";
import { append, clear, element } from "./dom.js";

export function showLogin(scope, done) {
  const token = element("input", { id: "token", type: "password", autocomplete: "off", required: true, spellcheck: "false" });
  const problem = element("p", { class: "error", role: "alert" });
  async function submit(event) {
    event.preventDefault();
    const wrong = await login(token.value.trim());
    token.value = "";
    if (scope.over) return;
    problem.textContent = wrong ?? "";
    if (wrong) { token.focus(); return; }
    done();
  }
  scope.title("Log in");
  scope.status("", "");
  append(clear(scope.main), [element("form", { class: "card", onsubmit: submit },
    element("h1", {}, "Log in"),
    element("p", {}, "This controller asks who looks. A token comes from an administrator: ",
      element("code", {}, "fp4ctl token create NAME --role viewer"), "."),
    element("p", { class: "ask" }, element("label", { for: "token" }, "Token"), token, element("button", { type: "submit" }, "Log in")),
    problem)]);
  token.focus();
}
