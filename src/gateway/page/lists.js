// Routes, refusals, issuers, and what the process costs.
import { $, Items, chip, element, mark, row, say } from "./dom.js";
import { prefill } from "./explain.js";
import * as words from "./words.js";

const most_rows = 250;

function sum(counts) {
  return Object.values(counts).reduce((all, one) => all + one, 0);
}
function by_count(counts) {
  return Object.entries(counts).sort(([, a], [, b]) => b - a);
}

// ---- Routes

const columns = [
  { title: "Route", kind: "name" },
  { title: "/s", kind: "n", value: (route) => route.rate },
  { title: "Allowed", kind: "n", value: (route) => route.allowed },
  { title: "Refused", kind: "n", value: (route) => route.refusals, tone: "warn" },
  { title: "Errors", kind: "n", value: (route) => route.errors, tone: "bad" },
  { title: "Would deny", kind: "n", value: (route) => route.denials, tone: "shadow", only_shadow: true },
  { title: "Why", kind: "why" },
];
let sorted_by = null;  // as in the file
let shown_columns = [];
let routes = null;
let last_routes = { rows: [], left_out: 0 };
const earlier = [];  // requests by route, at the last few events

function head() {
  const cells = shown_columns.map((column) => {
    const cell = element("th", { scope: "col", class: column.kind });
    if (column.value === undefined && column.kind !== "name") {
      cell.append(column.title);
      return cell;
    }
    const button = element("button", { type: "button" }, column.title);
    button.addEventListener("click", () => {
      sorted_by = column.value === undefined || sorted_by === column ? null : column;
      show_routes();
      for (const [i, one] of cells.entries()) {
        mark(one, "aria-sort", shown_columns[i] === sorted_by ? "descending" : null);
      }
    });
    cell.append(button);
    mark(cell, "aria-sort", column === sorted_by ? "descending" : null);
    return cell;
  });
  $("routes-head").replaceChildren(...cells);
}

function make_route() {
  const { node, cells } = row(shown_columns.map(({ title, kind }) => [title, kind]));
  const pattern = element("code");
  const line = element("span", { class: "line" });
  const tags = element("span", { class: "tags" });
  cells[0].append(pattern, line, tags);
  const reasons = new Items(cells[cells.length - 1], () => {
    const name = element("span");
    const number = element("b");
    const one = chip("", null);
    one.append(name, " ", number);
    return {
      node: one,
      show: ({ reason, times, is_shadow }) => {
        say(name, words.reason(reason));
        say(number, words.count(times));
        mark(one, "data-tone", is_shadow ? "shadow" : null);
        mark(one, "title", is_shadow ? "would have been refused; shadow mode let it through" : null);
      },
    };
  });
  const show = (route) => {
    say(pattern, route.pattern);
    say(line, route.line > 0 ? `line ${route.line}` : "");
    if (tags.dataset.of !== route.tags.join()) {
      tags.replaceChildren(...route.tags.map((tag) => chip(tag, tag === "shadow" ? "shadow" : "quiet")));
      tags.dataset.of = route.tags.join();
    }
    shown_columns.forEach((column, i) => {
      if (column.value === undefined) return;
      const value = column.value(route);
      say(cells[i], column.title === "/s" ? words.rate(value) : words.count(value));
      mark(cells[i], "data-zero", value === 0 ? "" : null);
      mark(cells[i], "data-tone", value === 0 ? null : column.tone);
    });
    reasons.show([
      ...by_count(route.refused).map(([reason, times]) => ({ key: reason, reason, times, is_shadow: false })),
      ...by_count(route.would_deny).map(([reason, times]) => ({ key: `~${reason}`, reason, times, is_shadow: true })),
    ]);
  };
  return { node, show };
}

// The rate of each route, over the events of the last ten seconds.
function rates(status, all) {
  if (status.whole) earlier.length = 0;
  const now = { at: status.at, requests: new Map(all.map((route) => [route.key, route.allowed + sum(route.refused)])) };
  earlier.push(now);
  if (earlier.length > 11) earlier.shift();
  const then = earlier[0];
  const seconds = now.at - then.at;
  for (const route of all) {
    const before = then.requests.get(route.key);
    const more = now.requests.get(route.key) - (before ?? 0);
    route.rate = before === undefined || seconds <= 0 ? 0 : Math.max(0, more) / seconds;
  }
}

export function read_routes(status) {
  const all = status.routes.map((route) => ({
    ...route,
    key: `${route.pattern} ${route.line}`,
    tags: [...(route.access === "token" ? [] : [route.access]), ...(route.shadow ? ["shadow"] : [])],
  }));
  const others = [["(no route)", status.unrouted], ["(routes that are gone)", status.former]];
  for (const [pattern, counts] of others) {
    if (counts.allowed + sum(counts.refused) > 0) all.push({ ...counts, pattern, key: pattern, line: 0, tags: [] });
  }
  for (const route of all) {
    route.refusals = sum(route.refused) - route.failed;
    route.denials = sum(route.would_deny);
  }
  rates(status, all);
  last_routes = { rows: all, left_out: status.routes_left_out, any_shadow: status.configuration.shadow_routes > 0 };
  show_routes();
}

export function show_routes() {
  const wanted = columns.filter((column) => !column.only_shadow || last_routes.any_shadow);
  if (wanted.length !== shown_columns.length) {
    shown_columns = wanted;
    $("routes-rows").replaceChildren();
    routes = new Items($("routes-rows"), make_route);
    head();
  }
  const text = $("routes-filter").value.trim().toLowerCase();
  const only_troubled = $("routes-troubled").checked;
  let found = last_routes.rows.filter((route) =>
    (!only_troubled || route.refusals + route.errors + route.denials > 0) &&
    `${route.pattern} ${Object.keys(route.refused).join(" ")} ${route.tags.join(" ")}`.toLowerCase().includes(text));
  if (sorted_by !== null) found = found.toSorted((a, b) => sorted_by.value(b) - sorted_by.value(a));
  const shown = found.slice(0, most_rows);
  const hidden = found.length - shown.length + last_routes.left_out;
  routes.show(shown);
  say($("routes-hint"), hidden > 0
    ? `${words.count(shown.length)} shown, ${words.count(hidden)} more; /metrics has all`
    : `${words.plural(last_routes.rows.filter((route) => route.line > 0).length, "route")}, counted since the start`);
  $("routes-empty").hidden = shown.length > 0;
}

// ---- Refusals

const refusals = new Items($("refusals-rows"), (refusal) => {
  const { node, cells } = row([["Time, UTC", "time"], ["Status", "plain"], ["Reason", "plain"], ["Request", "request"],
    ["Route", "pattern"], ["Organization", "organization"], ["Request id", "id"], ["", "act"]]);
  const [time, status, reason, request, route, organization, id, act] = cells;
  time.append(element("time", { datetime: words.moment(refusal.time) }, words.clock(refusal.time)));
  const tone = refusal.shadow ? "shadow" : refusal.status >= 500 ? "bad" : "warn";
  status.append(chip(refusal.status === 0 ? words.nothing : String(refusal.status), tone));
  reason.append(element("span", {}, words.reason(refusal.reason)));
  if (refusal.shadow) reason.append(" ", chip("shadow", "shadow"));
  request.append(element("code", {}, `${refusal.method} ${refusal.path}`.trim() || "(not readable)"));
  if (refusal.route !== "") route.append(element("code", {}, refusal.route));
  organization.append(refusal.organization);
  id.append(element("code", {}, refusal.request_id));
  if (refusal.method !== "" && refusal.path !== "") {
    const name = `Explain ${refusal.method} ${refusal.path}`;
    const button = element("button", { type: "button", "aria-label": name }, "Explain");
    button.addEventListener("click", () => prefill(refusal));
    act.append(button);
  }
  return { node, show: () => {} };
});
const kept = new Map();
const most_refusals = 100;

export function read_refusals(status) {
  if (status.whole) {
    // Their keys may be those of a process before.
    kept.clear();
    refusals.show([]);
  }
  for (const refusal of status.refusals) kept.set(refusal.key, refusal);
  const newest = [...kept.values()].sort((a, b) => b.time - a.time).slice(0, most_refusals);
  kept.clear();
  for (const refusal of newest) kept.set(refusal.key, refusal);
  show_refusals();
}

export function show_refusals() {
  const text = $("refusals-filter").value.trim().toLowerCase();
  const shown = [...kept.values()].filter((one) =>
    [one.method, one.path, one.route, one.status, one.reason, one.organization, one.request_id,
      one.shadow ? "shadow" : ""].join(" ").toLowerCase().includes(text));
  refusals.show(shown);
  say($("refusals-hint"), kept.size === 0 ? "" : `the last ${words.count(kept.size)}; more are in the log`);
  say($("refusals-empty"), kept.size === 0 ? "None so far." : "None is like that.");
  $("refusals-empty").hidden = shown.length > 0;
}

// ---- Issuers

function key_state({ usable, pending, age, refresh }) {
  if (!usable) return pending ? ["fetching", "warn"] : ["none usable", "bad"];
  return age !== null && age > 2 * refresh ? ["old", "warn"] : ["good", "good"];
}

const issuers = new Items($("issuers-rows"), () => {
  const { node, cells } = row([["Issuer", "name"], ["Keys", "state"], ["Fetched", "n"], ["Refreshes", "n"],
    ["Failed", "n"], ["Key ids", "ids"]]);
  const name = element("b");
  const url = element("span", { class: "line" });
  cells[0].append(name, url);
  const state = chip("", null);
  const number = element("span");
  cells[1].append(number, " ", state);
  const ids = new Items(cells[5], () => {
    const one = element("code");
    return { node: one, show: ({ text }) => say(one, text) };
  });
  const show = (issuer) => {
    say(name, issuer.name);
    say(url, issuer.issuer);
    const [text, tone] = key_state(issuer);
    say(number, words.count(issuer.keys));
    say(state, text);
    mark(state, "data-tone", tone);
    say(cells[2], issuer.age === null ? "never" : `${words.duration(issuer.age)} ago`);
    say(cells[3], words.count(issuer.refreshes));
    const failed = issuer.failed_ago === null ? "" : `, ${words.duration(issuer.failed_ago)} ago`;
    say(cells[4], `${words.count(issuer.failures)}${failed}`);
    ids.show(issuer.key_ids.map((id, i) => ({ key: `${i} ${id}`, text: id || "(no kid)" })));
  };
  return { node, show };
});

export function read_issuers(status) {
  issuers.show(status.issuers.map((issuer) => ({ ...issuer, key: issuer.name })));
  $("issuers-empty").hidden = status.issuers.length > 0;
}

// ---- The process

const figures = new Items($("process"), ({ key }) => {
  const value = element("dd");
  const node = element("div", {}, element("dt", {}, key), value);
  return { node, show: ({ text }) => say(value, text) };
});

export function read_process({ gateway, now }) {
  const looked_up = now.cache_hits + now.cache_misses;
  const used = now.upstream_connects + now.upstream_reused;
  const percent = (part, all) => (all === 0 ? "" : ` (${Math.floor((100 * part) / all)} %)`);
  const pairs = {
    "workers": words.count(gateway.workers),
    "memory": words.bytes(gateway.resident_bytes),
    "CPU time": words.duration(gateway.cpu_seconds),
    "descriptors": `${words.count(gateway.descriptors)} of ${words.count(gateway.descriptor_limit)}`,
    "connections accepted": words.count(now.connections_accepted),
    "token cache entries": words.count(now.cached_tokens),
    "token cache hits": `${words.count(now.cache_hits)}${percent(now.cache_hits, looked_up)}`,
    "verifications queued": words.count(now.queued_verifications),
    "upstream connects": words.count(now.upstream_connects),
    "upstream reuse": `${words.count(now.upstream_reused)}${percent(now.upstream_reused, used)}`,
    "upstream idle": words.count(now.idle_upstream_connections),
    "upstream errors": words.count(now.upstream_errors),
    "upstream retries": words.count(now.upstream_retries),
    "bodies in": words.bytes(now.bytes_in),
    "bodies out": words.bytes(now.bytes_out),
    "log lines dropped": words.count(gateway.dropped_log_lines),
  };
  figures.show(Object.entries(pairs).map(([key, text]) => ({ key, text })));
}
