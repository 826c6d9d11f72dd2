"""A check's result as a person sees it: compact HTML in notebooks, text elsewhere. All student text is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from autograder.checks.outcome import CheckResult, Status
from autograder.notebook.timing import Used

MARKS = {
    Status.PASSED: ("✓", "#1a7f37"),
    Status.PARTIAL: ("◐", "#9a6700"),
    Status.DEFERRED: ("…", "#0969da"),
    Status.MISSING: ("○", "#57606a"),
    Status.GRADER_ERROR: ("!", "#8250df"),
}
FAILED_MARK = ("✗", "#cf222e")


def points(value: float) -> str:
    """Points without a needless fraction: 3, 2.5."""
    return f"{value:g}"


def text(result: CheckResult, used: Used | None = None, warnings: Sequence[str] = ()) -> str:
    """The result in a few lines of plain text.

    Args:
        used: what it took here, to be shown beside it.
        warnings: about that.
    """
    mark, _ = MARKS.get(result.status, FAILED_MARK)
    lines = [f"{mark} {result.name}  {points(result.points)}/{points(result.max_points)}  {result.title}"]
    if used is not None:
        lines[0] += f"  ({used.cpu:.2f} s)"
    lines += [f"    Attention: {line}" for line in warnings]
    if result.message:
        lines.append(f"    {result.message}")
    lines += [f"    in {place}" for place in result.where]
    lines += [f"    {line}" for line in advice(result)]
    if result.equation and result.status is not Status.PASSED:
        lines.append(f"    See eq. {result.equation}.")
    return "\n".join(lines)


def advice(result: CheckResult) -> list[str]:
    """What to look at, one line each: the known mistake that it looks like, or else the check's own hint."""
    if len(result.causes) == 1:
        (cause,) = result.causes
        return [f"This looks like: {cause.name}.", cause.hint]
    if result.causes:
        head = f"{len(result.causes)} known mistakes give exactly these results:"
        return [head, *(f"– {cause.name}. {cause.hint}" for cause in result.causes)]
    return [f"Hint: {result.hint}"] if result.hint else []


def html(result: CheckResult, used: Used | None = None, warnings: Sequence[str] = ()) -> str:
    """The result as one small block; colours that also read in grey. The other arguments as in `text`."""
    mark, colour = MARKS.get(result.status, FAILED_MARK)
    head = (
        f'<span style="color:{colour};font-weight:bold">{mark} {escape(result.name)}</span> '
        f"<b>{points(result.points)}/{points(result.max_points)}</b> "
        f'<span style="opacity:.75">{escape(result.title)}</span>'
    )
    if used is not None:
        head += f' <span style="opacity:.75;float:right" title="CPU time">{used.cpu:.2f} s</span>'
    body = [f"<div><b>Attention:</b> {escape(line)}</div>" for line in warnings]
    if result.message:
        body.append(f"<div>{escape(result.message)}</div>")
    if result.where:
        body.append("<pre style='margin:.2em 0'>" + escape("\n".join(result.where)) + "</pre>")
    body += [f"<div>{escape(line)}</div>" for line in advice(result)]
    if result.equation and result.status is not Status.PASSED:
        body.append(f'<div style="opacity:.75">See eq. {escape(result.equation)}.</div>')
    style = f"border-left:4px solid {colour};padding:.2em .7em;margin:.2em 0"
    # The class keeps MathJax from reading a student's text as formulas, in which links may be.
    return f'<div class="tex2jax_ignore mathjax_ignore" style="{style}">{head}{"".join(body)}</div>'
