// Numbers and times as people read them.

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 4 });

export const nothing = "\u2013";

export function count(number) {
  return number < 1e7 ? whole.format(number) : short.format(number);
}

export function rate(number) {
  if (number === 0 || number >= 99.95) return count(number);
  return number < 0.05 ? "<0.1" : number.toFixed(1);
}

export function latency(microseconds) {
  if (microseconds === null) return nothing;
  if (microseconds < 1000) return `${microseconds} \u00b5s`;
  const milliseconds = microseconds / 1000;
  if (milliseconds < 99.95) return `${milliseconds.toFixed(1)} ms`;
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

export function duration(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 120) return `${s} s`;
  const minutes = Math.floor(s / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

export function bytes(number) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  while (number >= 1024 && unit + 1 < units.length) {
    number /= 1024;
    ++unit;
  }
  return `${unit === 0 || number >= 100 ? Math.round(number) : number.toFixed(1)} ${units[unit]}`;
}

export function plural(number, one, more = `${one}s`) {
  return `${count(number)} ${number === 1 ? one : more}`;
}

export function moment(seconds) {
  return new Date(seconds * 1000).toISOString();
}
export function clock(seconds) {
  return moment(seconds).slice(11, 19);
}

// A reason's name, as the log and the answers have it, with places to break.
export function reason(name) {
  return name.replaceAll("_", "_\u200b");
}
