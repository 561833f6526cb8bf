import re
from functools import partial
from html.parser import HTMLParser

import pandas as pd

from ptolemy_kedro.figures import page
from ptolemy_kedro.figures.report import label_counts, parts_of, report_page
from ptolemy_kedro.figures.square_sections import square_sections
from ptolemy_kedro.partitions import BySession, Part
from ptolemy_kedro.simulation import operators

FIGURE = {"value": 0.61, "low": 0.55, "high": 0.66}
MEASURES = {
    "sites": 40, "sessions": 2, "selected": 10, "base_rate": FIGURE, "roc_auc": FIGURE,
    "roc_auc_within_session": FIGURE, "average_precision": {"value": None}, "calibration_error": FIGURE,
    "needed_for_hundred": {"value": 240.0, "low": 200.0, "high": 300.0},
}  # fmt: skip
METRICS = {
    "origin": "simulated",
    "models": {"logreg": {"test": MEASURES}},
    "sessions": {"train": ["a"], "validation": [], "test": ["b"]},
    "published": {
        "base_rate": 0.268,
        "split by session": {"CNN": {"roc_auc": 0.608, "average_precision": 0.331}},
    },
}
CHALLENGER = {
    "name": "square-ranker", "version": 2, "kind": "logreg", "origin": "simulated", "sessions": ["a"],
    "data_digest": "0123456789abcdef", "store": "sqlite:///x.db",
}  # fmt: skip


class Balanced(HTMLParser):
    """Fails on a tag that is closed in the wrong order."""

    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attrs):
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


SQUARES = BySession(
    Part(name, name, partial(pd.DataFrame, {"label": labels}))
    for name, labels in {"a": ["selected", "rejected", "rejected"], "b": ["unknown"]}.items()
)


def written(origin="simulated", set_aside=None):
    return report_page(
        [CHALLENGER],
        square_sections(METRICS, {"tile": b"png"}),
        pd.DataFrame({"session_id": ["a", "b"], "origin": origin}),
        label_counts({"squares": SQUARES, "holes": BySession([])}),
        parts_of(METRICS),
        set_aside or {},
    )


def test_the_page_is_whole_and_holds_its_figures_itself():
    html = written()
    parser = Balanced()
    parser.feed(html)

    assert parser.open == []
    assert html.count("data:image/png;base64,") == 1
    assert "http://" not in html and "https://" not in html


def test_simulated_sessions_are_named_as_such_with_the_operators_digest():
    assert "SIMULATED" in written() and operators.digest()[:12] in written()
    assert "SIMULATED" not in written(origin="real")


def test_a_figure_stands_with_its_interval_and_an_undefined_one_says_so():
    html = written()

    assert "0.610 (0.550 to 0.660)" in html
    assert "undefined" in html


def test_text_from_an_archive_cannot_become_markup():
    html = written(set_aside={"<script>": ["<b>broken</b>"]})

    assert "<script>" not in html and "&lt;script&gt;" in html
    assert "<b>broken" not in html


def test_a_figure_without_interval_is_written_alone():
    assert page.with_interval({"value": 0.5, "low": None, "high": None}) == "0.500"


def test_each_session_stands_with_its_part_and_its_labels():
    rows = [row for row in written().split("<tr>") if row.startswith("<td>a<")]

    assert rows[0].startswith("<td>a</td><td>simulated</td><td>train</td><td>squares</td>")
    assert re.findall(r"<td[^>]*>(\d+)</td>", rows[0]) == ["3", "1", "2", "0"]


def test_what_was_not_measured_yet_names_the_flow_that_does():
    ((_, parts),) = square_sections({}, {})

    assert "kedro run --pipeline=low2med" in parts[0]


def test_commands_are_set_apart():
    assert page.paragraph("Run `kedro run` <now>") == "<p>Run <code>kedro run</code> &lt;now&gt;</p>"
