// What an operator should look at first.
import { $, Items, element, mark, say } from "./dom.js";
import * as words from "./words.js";

function diagnoses(all) {
  return all.map(({ line, column, message }) =>
    (line > 0 ? `line ${line}${column > 0 ? `, column ${column}` : ""}: ${message}` : message));
}

function* found({ gateway, configuration, now }) {
  if (gateway.state === "draining") {
    yield { key: "draining", tone: "warn", text: "Draining: requests in flight end, new connections are not accepted." };
  }
  if (gateway.issuers_without_keys.length > 0) {
    yield { key: "keys", tone: "bad",
      text: `Not ready: no usable keys of ${gateway.issuers_without_keys.join(", ")}. Their tokens are answered with 503.` };
  }
  if (configuration.last_reload_failed) {
    yield { key: "reload", tone: "bad", text: "The last reload failed. The configuration before it stays in use.",
      details: diagnoses(configuration.reload_errors) };
  }
  if (gateway.silent_workers > 0) {
    yield { key: "silent", tone: "bad",
      text: `${words.plural(gateway.silent_workers, "worker")} of ${gateway.workers} did not answer in time: the figures are those that they gave last.` };
  }
  if (now.connections >= 0.9 * now.connection_limit) {
    yield { key: "connections", tone: "warn",
      text: `${words.count(now.connections)} connections of at most ${words.count(now.connection_limit)}.` };
  }
  if (gateway.dropped_log_lines > 0) {
    yield { key: "log", tone: "warn",
      text: `${words.plural(gateway.dropped_log_lines, "log line was", "log lines were")} dropped since the start: whoever reads the log is too slow.` };
  }
  if (configuration.shadow_routes > 0) {
    yield { key: "shadow", tone: "shadow",
      text: `${words.plural(configuration.shadow_routes, "route is", "routes are")} in shadow mode: what ${configuration.shadow_routes === 1 ? "it" : "they"} would refuse is forwarded.` };
  }
  if (configuration.awaiting_restart !== "") {
    yield { key: "restart", tone: "warn",
      text: `Changed in the file, and waiting for the next start: ${configuration.awaiting_restart}.` };
  }
  if (configuration.warnings.length > 0) {
    yield { key: "warnings", tone: "warn",
      text: `${words.plural(configuration.warnings.length, "warning")} about the configuration.`,
      details: diagnoses(configuration.warnings) };
  }
}

const notices = new Items($("notices"), () => {
  const text = element("p");
  const list = element("ul");
  const details = element("details", {}, element("summary", {}, "Which"), list);
  const node = element("li", { class: "notice" }, text, details);
  const lines = new Items(list, () => {
    const one = element("li");
    return { node: one, show: (line) => say(one, line.text) };
  });
  const show = (notice) => {
    say(text, notice.text);
    mark(node, "data-tone", notice.tone);
    const all = notice.details ?? [];
    details.hidden = all.length === 0;
    lines.show(all.map((line, i) => ({ key: `${i} ${line}`, text: line })));
  };
  return { node, show };
});

export function read_notices(status) {
  const all = [...found(status)];
  notices.show(all);
  $("notices").hidden = all.length === 0;
}
