"""Results for people: a table for the terminal, and docs/performance.md, made of the same numbers."""

import json
import pathlib

import chart

DOCS = pathlib.Path(__file__).parent.parent.parent / "docs"
BEGIN, END = "<!-- begin: {} -->", "<!-- end: {} -->"

# What a scenario may have measured, as columns: key, heading, digits.
COLUMNS = [("cpu_us", "CPU µs", 1), ("lowest_cpu_us", "lowest", 1), ("rate", "requests/s", 0),
           ("mib_per_s", "MiB/s", 0),
           ("p50_us", "p50 µs", 0), ("p99_us", "p99 µs", 0), ("cold_rate", "misses/s", 0),
           ("busier_share", "busier worker", 2),
           ("worst_share", "at worst", 2), ("kib_each", "KiB each", 1), ("start_ms", "start ms", 0),
           ("early_rss_mib", "RSS early", 1), ("late_rss_mib", "RSS late", 1), ("ns", "ns", 0),
           ("instructions", "instructions", 0), ("with_callees", "with callees", 0)]
MEMORY = [("idle", "pss_mib", "PSS idle"), ("after", "pss_mib", "PSS after"), ("idle", "rss_mib", "RSS idle"),
          ("after", "rss_mib", "RSS after")]


def number(value, digits):
    return "" if value is None else f"{value:,.{digits}f}".replace(",", " ")


def cells(result):
    """Headings and rows of whatever a scenario measured."""
    peers = result["peers"]
    if result["title"].startswith("System calls"):
        return system_call_cells(peers)
    base = peers.get("bearergate", {}).get("cpu_us")
    columns = [column for column in COLUMNS if any(column[0] in m for m in peers.values())]
    memory = [column for column in MEMORY if any(column[0] in m for m in peers.values())]
    ratio = base is not None and len(peers) > 1
    checked = any(m.get("lets_in") is not None and not name.startswith("bearergate")
                  for name, m in peers.items())
    headings = ["", *(heading for _, heading, _ in columns)]
    headings += ["ours ÷ its"] * ratio + [f"{heading} MiB" for *_, heading in memory]
    headings += ["bad tokens it lets in"] * checked
    rows = []
    for name, measures in peers.items():
        row = [name, *(number(measures.get(key), digits) for key, _, digits in columns)]
        if ratio:
            row.append(number(base / measures["cpu_us"], 3) if "cpu_us" in measures else "")
        row += [number(measures.get(when, {}).get(what), 1) for when, what, _ in memory]
        if checked and "lets_in" in measures:
            let_in = measures["lets_in"]
            row.append("looks at none" if let_in is None else ", ".join(let_in) or "none")
        elif checked:
            row.append("")
        rows.append(row)
    return headings, rows


def system_call_cells(peers):
    # By name where two are as many: the same numbers must always make the same page.
    names = sorted({name for calls in peers.values() for name in calls},
                   key=lambda name: (-max(calls.get(name, 0) for calls in peers.values()), name))
    return ["", *names], [[peer, *(number(calls.get(name), 2) for name in names)]
                          for peer, calls in peers.items()]


def shown(check):
    """A target and what was measured, in the form the target is best read in."""
    limit, value = check["limit"], check["value"]
    inverse = "÷" in check["measure"] and check["relation"] == "≤" and limit < 0.25
    target = f"≤ 1/{1 / limit:g}" if inverse else f"{check['relation']} {limit:g}"
    if value is None:
        return target, "not measured", "?"
    measured = f"1/{1 / value:.1f}" if inverse and value > 0 else f"{value:.3g}"
    return target, measured, "met" if check["met"] else "NOT met"


def verdicts(results):
    return [[check["measure"], *shown(check)]
            for result in results["scenarios"].values() for check in result["checks"]]


def aligned(headings, rows):
    widths = [max(len(row[i]) for row in [headings, *rows]) for i in range(len(headings))]
    def line(row):
        first = row[0].ljust(widths[0])
        return "  ".join([first, *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))]).rstrip()
    return "\n".join(line(row) for row in [headings, *rows])


def markdown(headings, rows):
    def line(row):
        return "| " + " | ".join(row) + " |"
    return "\n".join([line(headings), line(["---"] + ["--:"] * (len(headings) - 1)), *map(line, rows)])


def text_of(name, result):
    return f"\n{name}: {result['title']}\n{result['about']}\n{aligned(*cells(result))}\n"


def verdict_of(results):
    return aligned(["target", "", "measured", ""], verdicts(results))


def run_line(run):
    versions = ", ".join(f"{name} {version}" for name, version in run["versions"].items())
    kind = "a quick run, an impression" if run["quick"] else "a full run"
    return (f"Measured on {run['date']}, {kind}: median of {run['rounds']} rounds of {run['seconds']} s. "
            f"{run['cpu']}, {run['kernel']}, load average {run['load_average']:.1f} when it began. "
            f"With: {versions}.")


def tables_of(results):
    parts = []
    for name, result in results["scenarios"].items():
        parts.append(f"### {result['title']}\n\n`scripts/bench {name}`. {result['about']}\n\n"
                     f"{markdown(*cells(result))}")
    return "\n\n".join(parts)


def page_with(page, results):
    """The page with its marked parts made of these results."""
    met = sum(check["met"] for result in results["scenarios"].values() for check in result["checks"])
    rows = verdicts(results)
    parts = {"run": run_line(results["run"]),
             "verdicts": f"{met} of {len(rows)} targets are met.\n\n" +
                         markdown(["measure", "target", "measured", ""], rows),
             "tables": tables_of(results)}
    for name, text in parts.items():
        before, rest = page.split(BEGIN.format(name))
        _, after = rest.split(END.format(name))
        page = f"{before}{BEGIN.format(name)}\n{text}\n{END.format(name)}{after}"
    return page


def json_of(results):
    return json.dumps(results, indent=1, ensure_ascii=False) + "\n"


def publish(results, docs=DOCS):
    (docs / "performance.json").write_text(json_of(results))
    page = docs / "performance.md"
    page.write_text(page_with(page.read_text(), results))
    (docs / "performance.svg").write_text(chart.svg_of(results))


def difference(docs=DOCS):
    """What of page and chart is not made of the numbers beside them; None: nothing."""
    results = json.loads((docs / "performance.json").read_text())
    page = (docs / "performance.md").read_text()
    if page != page_with(page, results):
        return "docs/performance.md does not say what docs/performance.json says"
    if (docs / "performance.svg").read_text() != chart.svg_of(results):
        return "docs/performance.svg does not show what docs/performance.json says"
    return None
