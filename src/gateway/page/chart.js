// The last five minutes as areas one upon the other, or as lines; a second a step.
import { $, element, say } from "./dom.js";

const steps = 300;
const height = 100;
const svg = "http://www.w3.org/2000/svg";

function shape(name, attributes) {
  const node = document.createElementNS(svg, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}

// The next round number: 1, 2, 3 or 5 with zeros.
function ceiling(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  for (const factor of [1, 2, 3, 5]) if (value <= factor * power) return factor * power;
  return 10 * power;
}

export class Chart {
  // `series`: {name, tone, of(sample)}, from the bottom up; `smallest`: what the scale never goes
  // below; `show(value)`: a value as text.
  constructor(id, { series, stacked, smallest, show }) {
    Object.assign(this, { series, stacked, smallest, show });
    this.samples = [];
    this.at = null;
    const plot = $(`${id}-chart`);
    this.picture = shape("svg", {
      viewBox: `0 0 ${steps} ${height}`, preserveAspectRatio: "none", role: "img",
    });
    this.paths = series.map(({ tone }) => shape("path", { class: stacked ? "area" : "curve", "data-series": tone }));
    // An area reaches down to the ground: the lower ones lie before the upper ones.
    this.picture.append(...this.paths.toReversed());
    this.line = shape("line", { class: "cursor", y1: 0, y2: height });
    this.picture.append(this.line);
    this.top = element("span", { class: "scale" });
    this.half = element("span", { class: "scale half" });
    plot.append(this.top, this.half, this.picture,
      element("span", { class: "when" }, "5 min ago"), element("span", { class: "when now" }, "now"));
    this.values = series.map(({ name, tone }) => {
      const value = element("b");
      $(`${id}-key`).append(element("span", { class: "series", "data-series": tone }, `${name} `, value));
      return value;
    });
    this.moment = element("span", { class: "moment" });
    $(`${id}-key`).append(this.moment);
    plot.addEventListener("pointermove", (event) => {
      const box = this.picture.getBoundingClientRect();
      const x = Math.floor(((event.clientX - box.left) / box.width) * steps);
      this.at = Math.min(steps - 1, Math.max(0, x));
      this.read();
    });
    plot.addEventListener("pointerleave", () => {
      this.at = null;
      this.read();
    });
  }

  draw(samples) {
    this.samples = samples;
    const last = samples.length === 0 ? 0 : samples[samples.length - 1].number;
    this.place = (sample) => steps - 1 - (last - sample.number);
    const tops = samples.map((sample) => {
      let sum = 0;
      return this.series.map(({ of }) => {
        const value = of(sample) ?? 0;
        sum += value;
        return this.stacked ? sum : value;
      });
    });
    const most = ceiling(Math.max(this.smallest, ...tops.map((levels) => Math.max(...levels))));
    const y = (value) => (height * (1 - value / most)).toFixed(2);
    this.paths.forEach((path, index) => {
      const outline = [];
      const floor = [];
      let before = null;
      samples.forEach((sample, i) => {
        const x = this.place(sample);
        if (!this.stacked && this.series[index].of(sample) === null) {
          before = null;
          return;
        }
        const begins = before === null || before !== sample.number - 1;
        if (this.stacked) {
          // A second that nobody saw is drawn as one in which nothing happened.
          if (begins && outline.length > 0) outline.push(`V${height}H${x}`);
          outline.push(`V${y(tops[i][index])}H${x + 1}`);
          floor.push(x);
        } else {
          outline.push(`${begins ? `M${x}` : `L${x + 0.5}`} ${y(tops[i][index])}`);
          if (begins) outline.push("h0.5");
        }
        before = sample.number;
      });
      const closed = this.stacked && floor.length > 0;
      path.setAttribute("d", closed ? `M${floor[0]} ${height}${outline.join("")}V${height}Z` : outline.join(""));
    });
    const label = (value) => this.show(value).replace(/\.0(?=$| )/, "");
    say(this.top, label(most));
    say(this.half, label(most / 2));
    this.read();
  }

  // The values under the pointer, or else the newest.
  read() {
    const found = this.at === null
      ? this.samples[this.samples.length - 1]
      : this.samples.find((sample) => this.place(sample) === this.at);
    this.series.forEach(({ of }, i) => {
      say(this.values[i], found ? this.show(of(found)) : this.show(null));
    });
    say(this.moment, this.at === null ? "" : this.at === steps - 1 ? "now" : `${steps - 1 - this.at} s ago`);
    this.line.setAttribute("class", this.at === null ? "cursor" : "cursor on");
    if (this.at !== null) {
      this.line.setAttribute("x1", this.at + 0.5);
      this.line.setAttribute("x2", this.at + 0.5);
    }
  }

  describe(text) {
    this.picture.setAttribute("aria-label", text);
  }
}
