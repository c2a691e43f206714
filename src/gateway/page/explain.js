// The form that asks what would become of a request. The token goes into the body of one request
// to our own origin, and nowhere else.
import { $, element, say } from "./dom.js";

const signs = {
  "passed": ["\u2713", "good"],
  "failed": ["\u2717", "bad"],
  "not needed": ["\u2013", "quiet"],
  "not checked": ["?", "warn"],
  "not reached": ["\u2013", "quiet"],
};

const form = $("explain-form");
const fields = form.elements;
let asked = 0;

function question() {
  return {
    method: fields.namedItem("method").value.trim(),
    url: fields.namedItem("url").value.trim(),
    headers: fields.namedItem("headers").value.split("\n").map((line) => line.trim()).filter(Boolean),
    // As people copy it: with the scheme before it, or broken into lines.
    token: fields.namedItem("token").value.replace(/^\s*bearer\s+/i, "").replace(/\s+/g, ""),
  };
}

function conclude(text, tone) {
  say($("verdict"), text);
  $("verdict").dataset.tone = tone;
}

function clear() {
  conclude("", "quiet");
  $("checks").replaceChildren();
  $("explain-rule").hidden = true;
  $("explain-answer").hidden = true;
}

function check({ number, title, outcome, compared }) {
  const [sign, tone] = signs[outcome];
  const notes = outcome.startsWith("not") ? [element("span", { class: "remark" }, outcome)] : [];
  const name = element("p", {}, element("span", { class: "sign", "aria-hidden": "true" }, sign),
    element("span", { class: "number" }, String(number)), element("span", { class: "title" }, title), ...notes);
  if (notes.length === 0) name.append(element("span", { class: "unseen" }, `: ${outcome}`));
  const item = element("li", { "data-tone": tone }, name);
  if (compared.length > 0) {
    item.append(element("ul", {}, ...compared.map((line) => element("li", {}, line))));
  }
  return item;
}

function show(explanation) {
  conclude(explanation.verdict, explanation.passes ? "good" : "bad");
  const { route } = explanation;
  $("explain-rule").hidden = route === null;
  if (route !== null) {
    $("explain-rule").replaceChildren("Rule ", element("code", {}, route.pattern),
      ` in ${route.file}, line ${route.line}`);
  }
  $("checks").replaceChildren(...explanation.checks.map(check));
  say($("answer-title"), explanation.is_forwarded ? "The upstream would get" : "The client would get");
  say($("answer"), explanation.answer.join("\n"));
  $("explain-answer").hidden = false;
}

async function ask() {
  const number = ++asked;
  clear();
  try {
    const response = await fetch("explain", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(question()),
      credentials: "omit",
      cache: "no-store",
      redirect: "error",
    });
    const answer = await response.json();
    if (number !== asked) return;
    if (response.ok) show(answer);
    else conclude(`Not explained: ${answer.error}.`, "warn");
  } catch {
    if (number === asked) conclude("Not explained: the gateway does not answer.", "warn");
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  ask();
});
form.addEventListener("reset", () => {
  ++asked;
  clear();
});

// Asks about a request that was refused: everything is there but its token.
export function prefill({ method, path }) {
  clear();
  fields.namedItem("method").value = method;
  fields.namedItem("url").value = path;
  $("explain").scrollIntoView();
  fields.namedItem("token").focus({ preventScroll: true });
}
