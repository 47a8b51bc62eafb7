"""The one table of the benchmark: what, figure, spread, yardstick, aim, and whether it was met."""
import statistics

HEAD = ("what", "median", "spread", "yardstick", "", "ratio", "aim", "")


class Table:
    def __init__(self):
        self.rows = []

    def add(self, what, figures, unit="", beside=None, yardstick=None, aim=None, least=True):
        """`figures` and `yardstick` are those of the rounds; `beside` says what the yardstick is.  `aim` is a ratio to
        the yardstick where there is one, else a figure; `least` says that more is better."""
        median = statistics.median(figures)
        ratio = median / statistics.median(yardstick) if yardstick else None
        judged = ratio if yardstick else median
        met = aim is None or (judged >= aim if least else judged <= aim)
        sign = "≥" if least else "≤"
        self.rows.append((
            what, f"{short(median)} {unit}", f"{short(min(figures))}–{short(max(figures))}",
            beside or "–", short(statistics.median(yardstick)) if yardstick else "", f"{ratio:.2f}×" if ratio else "–",
            "–" if aim is None else f"{sign} {short(aim)}{'×' if yardstick else ' ' + unit}",
            "" if met else "MISSED"))

    def show(self):
        widths = [max(len(row[column]) for row in [HEAD, *self.rows]) for column in range(len(HEAD))]
        for row in [HEAD, tuple("─" * width for width in widths), *self.rows]:
            print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


def short(figure):
    return f"{figure:,.0f}" if figure >= 100 else f"{figure:.2f}".rstrip("0").rstrip(".")
