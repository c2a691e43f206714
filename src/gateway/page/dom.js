// What the page is made of. Text from the gateway only ever becomes text: there is no markup here,
// and the page's policy would refuse it.

export function $(id) {
  return document.getElementById(id);
}

export function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

// Only what has changed is touched, so that selections stay and screen readers have peace.
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
export function mark(node, name, value) {
  if (value === null || value === undefined) node.removeAttribute(name);
  else if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}

// The children of a node, by the keys of what they show: one that stays keeps its place, its focus
// and what is open in it. `make` gives {node, show(item)}.
export class Items {
  constructor(parent, make) {
    this.parent = parent;
    this.make = make;
    this.known = new Map();
  }
  show(items) {
    const wanted = new Set(items.map((item) => item.key));
    for (const [key, one] of this.known) {
      if (wanted.has(key)) continue;
      one.node.remove();
      this.known.delete(key);
    }
    let place = this.parent.firstElementChild;
    for (const item of items) {
      let one = this.known.get(item.key);
      if (one === undefined) {
        one = this.make(item);
        this.known.set(item.key, one);
      }
      one.show(item);
      if (one.node === place) place = place.nextElementSibling;
      else this.parent.insertBefore(one.node, place);
    }
  }
}

// A row whose cells are named by their column: on a narrow screen the name stands before the value.
export function row(columns) {
  const node = element("tr", { role: "row" });
  const cells = columns.map(([title, kind]) => {
    const cell = element(kind === "name" ? "th" : "td", { "data-title": title });
    if (kind === "name") {
      mark(cell, "scope", "row");
      mark(cell, "role", "rowheader");
    } else {
      mark(cell, "role", "cell");
    }
    if (kind) cell.className = kind;
    node.append(cell);
    return cell;
  });
  return { node, cells };
}

export function chip(text, tone) {
  return element("span", tone ? { class: "chip", "data-tone": tone } : { class: "chip" }, text);
}
