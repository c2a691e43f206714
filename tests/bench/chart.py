"""A bar chart as SVG: CPU time of a warm request, readable on light and on dark pages."""

from html import escape

WIDTH, ROW, TOP, LEFT, RIGHT = 760, 30, 74, 236, 96
STYLE = """
.page { fill: #ffffff; } .text { fill: #1f2328; } .soft { fill: #59636e; }
.ours { fill: #0969da; } .checks { fill: #9a6700; } .plain { fill: #8c959f; }
@media (prefers-color-scheme: dark) {
.page { fill: #0d1117; } .text { fill: #f0f6fc; } .soft { fill: #9198a1; }
.ours { fill: #4493f8; } .checks { fill: #d29922; } .plain { fill: #656c76; }
}
text { font: 13px system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; }
.title { font-size: 16px; font-weight: 600; } .name { text-anchor: end; } .bold { font-weight: 600; }
"""
LEGEND = [("ours", "bearergate: checks tokens"), ("checks", "check tokens too"),
          ("plain", "look at none")]


def bars_of(results):
    """(name, µs, class), cheapest first."""
    peers = results["scenarios"]["warm"]["peers"]
    def kind(name, measures):
        return "ours" if name == "bearergate" else "plain" if measures["lets_in"] is None else "checks"
    def label(name, measures):
        if name == "floor":
            return "the floor: copies bytes"
        return f"{name}, plain proxy" if measures["lets_in"] is None else name
    return sorted(((label(name, m), m["cpu_us"], kind(name, m)) for name, m in peers.items()),
                  key=lambda bar: bar[1])


def bar(y, name, value, kind, scale, longest):
    """One row. A bar that would leave the picture is cut, and a gap in it says so."""
    length = min(value * scale, longest)
    weight = " bold" if kind == "ours" else ""
    parts = [f'<text class="text name{weight}" x="{LEFT - 10}" y="{y + 15}">{escape(name)}</text>',
             f'<rect class="{kind}" x="{LEFT}" y="{y}" width="{length:.1f}" height="20" rx="2"/>']
    if value * scale > longest:
        x = LEFT + longest - 34
        parts.append(f'<path class="page" d="M{x} {y + 22} l8 -24 h7 l-8 24 z"/>')
    parts.append(f'<text class="text{weight}" x="{LEFT + length + 8:.1f}" y="{y + 15}">{value:.1f} µs</text>')
    return "\n".join(parts)


def svg_of(results):
    bars = bars_of(results)
    ours = next(value for _, value, kind in bars if kind == "ours")
    longest = WIDTH - LEFT - RIGHT
    scale = longest / (8 * ours)
    height = TOP + ROW * len(bars) + 46
    run = results["run"]
    told = "; ".join(f"{name}: {value:.1f} µs" for name, value, _ in bars)
    title = "CPU time of one proxied request"
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
             f'viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="title description">',
             f'<title id="title">{title}</title>',
             f'<desc id="description">Microseconds of CPU time a request, ES384 tokens that were seen '
             f'before, one worker: {escape(told)}.</desc>',
             f"<style>{STYLE}</style>",
             f'<rect class="page" width="{WIDTH}" height="{height}" rx="6"/>',
             f'<text class="text title" x="20" y="30">{title}</text>',
             '<text class="soft" x="20" y="50">ES384 tokens, 1 000 of them, all seen before; one worker; '
             'shorter is better</text>']
    parts += [bar(TOP + ROW * i, *row, scale, longest) for i, row in enumerate(bars)]
    x, y = 20, TOP + ROW * len(bars) + 24
    for kind, text in LEGEND:
        parts.append(f'<rect class="{kind}" x="{x}" y="{y - 10}" width="12" height="12" rx="2"/>'
                     f'<text class="soft" x="{x + 18}" y="{y}">{text}</text>')
        x += 40 + 7 * len(text)
    parts.append(f'<text class="soft name" x="{WIDTH - 20}" y="{y}">{run["date"]}</text>')
    return "\n".join([*parts, "</svg>", ""])
