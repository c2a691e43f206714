// The status page: listens to the gateway's events and shows what they say.
import { Chart } from "./chart.js";
import { $, mark, say } from "./dom.js";
import { read_process, read_issuers, read_refusals, read_routes, show_refusals, show_routes } from "./lists.js";
import { read_notices } from "./notices.js";
import * as words from "./words.js";

const kept_samples = 300;
const late_after = 4000;  // milliseconds without an event
const again_after = 5000;

// In the order of the rows that an event holds.
const columns = ["number", "requests", "allowed", "refused", "failed", "errors", "would_deny", "in_flight",
  "total_p50", "total_p90", "total_p99", "upstream_p50", "upstream_p90", "upstream_p99"];

let samples = [];
let latest = null;
let is_paused = false;
let heard_at = 0;
let told = "";

const traffic = new Chart("traffic", {
  stacked: true,
  smallest: 5,
  show: (value) => (value === null ? words.nothing : words.rate(value)),
  series: [
    // What was let through and then went wrong behind us is among the errors.
    { name: "allowed", tone: "allowed", of: (s) => Math.max(0, s.allowed - (s.errors - s.failed)) },
    { name: "refused", tone: "refused", of: (s) => s.refused },
    { name: "errors", tone: "errors", of: (s) => s.errors },
  ],
});
const latency = new Chart("latency", {
  stacked: false,
  smallest: 1000,
  show: words.latency,
  series: [
    { name: "p50", tone: "p50", of: (s) => s.total_p50 },
    { name: "p99", tone: "p99", of: (s) => s.total_p99 },
  ],
});

function read_samples(status) {
  if (status.whole) samples = [];
  const last = samples.length === 0 ? 0 : samples[samples.length - 1].number;
  for (const row of status.samples) {
    if (row[0] <= last) continue;
    samples.push(Object.fromEntries(columns.map((name, i) => [name, row[i]])));
  }
  const oldest = samples.length === 0 ? 0 : samples[samples.length - 1].number - kept_samples;
  samples = samples.filter((sample) => sample.number > oldest);
}

// Said to those who cannot see it, and only when it is another than before.
function announce(text) {
  if (text === told) return;
  told = text;
  say($("announcement"), text);
}

function show_state({ gateway, configuration, at }) {
  const tone = { "ready": "good", "draining": "warn", "not ready": "bad" }[gateway.state];
  say($("state"), gateway.state);
  mark($("state"), "data-tone", tone);
  say($("file"), configuration.file.split("/").pop());
  mark($("file"), "title", configuration.file);
  say($("version"), configuration.version);
  say($("in-use"), words.duration(at - configuration.in_use_since));
  mark($("in-use"), "title", `since ${words.moment(configuration.in_use_since)}, reloaded ${configuration.reloads} times`);
  say($("uptime"), words.duration(at - gateway.started));
  mark($("uptime"), "title", `since ${words.moment(gateway.started)}`);
  say($("release"), gateway.version);
  document.title = gateway.state === "ready" ? "bearergate" : `${gateway.state} \u2013 bearergate`;
  announce(`The gateway is ${gateway.state}.${configuration.last_reload_failed ? " The last reload failed." : ""}`);
}

// The last ten seconds on average: a figure that can be read.
function average(name) {
  const recent = samples.slice(-10);
  return recent.length === 0 ? 0 : recent.reduce((sum, sample) => sum + sample[name], 0) / recent.length;
}

function show_traffic({ now }) {
  for (const name of ["requests", "allowed", "refused", "errors"]) say($(name), words.rate(average(name)));
  say($("in-flight"), words.count(now.in_flight));
  say($("connections"), words.count(now.connections));
  mark($("connections"), "title", `of at most ${words.count(now.connection_limit)}`);
  const last = samples[samples.length - 1];
  for (const kind of ["total", "upstream"]) {
    for (const part of ["p50", "p90", "p99"]) {
      say($(`${kind}-${part}`), words.latency(last ? last[`${kind}_${part}`] : null));
    }
  }
  traffic.draw(samples);
  latency.draw(samples);
  traffic.describe(`Requests a second over the last five minutes. Now: ${words.rate(average("allowed"))} allowed, ` +
    `${words.rate(average("refused"))} refused, ${words.rate(average("errors"))} errors.`);
  latency.describe(`Latency over the last five minutes. Now: half within ${words.latency(last ? last.total_p50 : null)}, ` +
    `99 of 100 within ${words.latency(last ? last.total_p99 : null)}.`);
}

function show() {
  show_state(latest);
  read_notices(latest);
  show_traffic(latest);
  read_routes(latest);
  read_refusals(latest);
  read_issuers(latest);
  read_process(latest);
  // Lists must not take an event for a whole one twice.
  latest = { ...latest, whole: false };
}

let link = { text: "no connection", tone: "bad" };

function show_link(text, tone) {
  link = { text, tone };
  say($("link"), is_paused ? "paused" : text);
  mark($("link"), "data-tone", is_paused ? "warn" : tone);
  document.body.classList.toggle("stale", tone === "bad" && !is_paused);
}

function heard(event) {
  const status = JSON.parse(event.data);
  heard_at = performance.now();
  read_samples(status);
  // While the page stands still, what its lists would miss is kept for them.
  const missed = is_paused && latest !== null ? latest : { whole: false, refusals: [] };
  const known = status.whole ? [] : missed.refusals;
  latest = { ...status, whole: status.whole || missed.whole,
    refusals: [...status.refusals, ...known].slice(0, 300) };
  if (!is_paused) show();
  show_link("live", "good");
}

function listen() {
  const events = new EventSource("events");
  events.addEventListener("message", heard);
  events.addEventListener("error", () => {
    show_link("no connection", "bad");
    announce("The connection to the gateway is lost. The figures are old.");
    // A refused stream is given up by the browser: the limit of pages that are open, or a restart.
    if (events.readyState !== EventSource.CLOSED) return;
    events.close();
    setTimeout(listen, again_after);
  });
}

setInterval(() => {
  if (heard_at === 0 || performance.now() - heard_at < late_after) return;
  show_link(`nothing heard for ${words.duration((performance.now() - heard_at) / 1000)}`, "bad");
}, 1000);

$("pause").addEventListener("click", () => {
  is_paused = !is_paused;
  mark($("pause"), "aria-pressed", String(is_paused));
  show_link(link.text, link.tone);
  if (!is_paused && latest !== null) show();
});
for (const id of ["routes-filter", "routes-troubled"]) $(id).addEventListener("input", show_routes);
$("refusals-filter").addEventListener("input", show_refusals);
listen();
