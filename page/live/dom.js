// Elements out of names and texts. Text is only ever set as text: whatever a name holds stays one.

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  append(made, children);
  return made;
}

export function append(parent, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    parent.append(child instanceof Node ? child : String(child));
  }
}

export const clear = (parent) => { parent.replaceChildren(); return parent; };

// A name that somebody chose: its letters do not mix with what stands beside them, whatever their direction.
export const named = (text) => element("bdi", { class: "name" }, text);

export const swatch = (color, dashed) => {
  const line = element("span", { class: "swatch" + (dashed ? " dashed" : ""), "aria-hidden": "true" });
  line.style.borderTopColor = color;  // of the CSSOM, which the policy allows
  return line;
};

// `columns`: [{head, numeric, cell: (row) => child, key: (row) => what to sort by}]. What it returns has update(rows): order,
// place and focus stay as the reader left them.
export function table(columns, rows, { caption, empty = "Nothing yet.", sort = null } = {}) {
  const body = element("tbody");
  let order = sort;
  const heads = columns.map((column) => {
    const head = element("th", { scope: "col", class: column.numeric ? "numeric" : null });
    if (!column.key) { append(head, [column.head]); return head; }
    append(head, [element("button", { type: "button", onclick: () => {
      order = { column, down: order?.column === column ? !order.down : false };
      fill();
    } }, column.head)]);
    return head;
  });
  function fill() {
    const sorted = order ? [...rows].sort((a, b) => compare(order.column.key(a), order.column.key(b)) * (order.down ? -1 : 1)) : rows;
    columns.forEach((column, i) => {
      if (order?.column === column) heads[i].setAttribute("aria-sort", order.down ? "descending" : "ascending");
      else heads[i].removeAttribute("aria-sort");
    });
    body.replaceChildren(...sorted.map((row) => element("tr", {}, columns.map((column, i) =>
      element(i === 0 ? "th" : "td", { scope: i === 0 ? "row" : null, class: column.numeric ? "numeric" : column.wide ? "wide" : null, "data-head": column.head }, column.cell(row))))));
    if (rows.length === 0) body.append(element("tr", {}, element("td", { colspan: columns.length, class: "empty" }, empty)));
  }
  fill();
  const root = element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    element("table", {}, caption && element("caption", { class: "unseen" }, caption), element("thead", {}, element("tr", {}, heads)), body));
  root.update = (fresh) => {
    const focused = body.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    rows = fresh;
    fill();
    if (focused) [...body.querySelectorAll("a")].find((link) => link.getAttribute("href") === focused)?.focus({ preventScroll: true });
  };
  return root;
}

// A place whose content is made again only when what it shows has changed.
export function place(make) {
  let shown = null;
  const root = element("div");
  return { root, show(value) {
    const now = JSON.stringify(value);
    if (now === shown) return;
    shown = now;
    clear(root);
    append(root, [make(value)]);
  } };
}

function compare(a, b) {
  const empty = (value) => value === null || value === undefined || value === "";
  if (empty(a) || empty(b)) return empty(a) - empty(b);
  return typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), undefined, { numeric: true });
}

export const card = (title, ...children) => element("section", { class: "card" }, element("h2", {}, title), children);
