"""The HTML report in a real browser: filters, search, keyboard, print, colours; hostile names stay text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from auditor.core.finding import Finding, Location, Report, Severity, Step, Target, number_findings
from auditor.core.secret import Secret
from auditor.core.span import LineIndex, Span
from auditor.report.html import render
from auditor.report.meta import Meta
from tests.report.html.browser import Page, browser, contrast
from tests.report.html.test_page import renamed
from tests.report.imagesamples import image_report

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("browser")]

SHOWN = "[...document.querySelectorAll('.finding')].filter(one => one.checkVisibility()).map(one => one.dataset.%s)"
COUNT = "document.getElementById('count').textContent"
#: What runs where markup gets through: each would leave a mark on the window or open a dialog.
ATTACKS = (
    "<img src=x onerror=\"window.hacked='img'\">",
    "</script><script>window.hacked='script'</script>",
    "</style><svg onload=\"window.hacked='svg'\">",
    '"><input autofocus onfocus="window.hacked=\'focus\'">',
    "' onmouseover='window.hacked=1' x='",
    "javascript:window.hacked='link'",
    "</title><base href='//evil.example/'><link rel=stylesheet href='//evil.example/x.css'>",
    "-->]]>{{ ''.__class__ }}${window.hacked='template'}",
)


@pytest.fixture(scope="module")
def tab() -> Iterator[Page]:
    """One browser for all tests here."""
    with browser() as page:
        yield page


@pytest.fixture
def opened(tab: Page, tmp_path: Path) -> Iterator[Page]:
    """The tab; whatever a test does in it, nothing may complain, and nothing but the file may be asked for."""
    tab.complaints.clear()
    tab.requests.clear()
    tab.window(1200, 900)
    yield tab
    tab.run("0")
    assert tab.complaints == []
    assert {url.partition("#")[0] for url in tab.requests if not url.startswith("data:")} <= {
        (tmp_path / "report.html").as_uri()
    }


def show(page: Page, tmp_path: Path, report: Report, meta: Meta, fragment: str = "") -> None:
    """Write the report and open it."""
    path = tmp_path / "report.html"
    path.write_text(render(report, meta), encoding="utf-8")
    page.open(path, fragment)


def click(page: Page, selector: str) -> None:
    page.run(f"document.querySelector({selector!r}).click()")


def search(page: Page, words: str, count: str) -> None:
    """Type words, and wait for the count."""
    page.run("document.getElementById('search').focus(); document.getElementById('search').value = ''")
    page.call("Input.insertText", text=words)
    page.settle(f"{COUNT} === {count!r}")


def test_filters_work_alone_and_together(opened: Page, tmp_path: Path, image_meta: Meta) -> None:
    show(opened, tmp_path, image_report(), image_meta)
    assert opened.run(COUNT) == "10 findings"
    click(opened, "[name=severity][value=high]")
    assert set(opened.run(SHOWN % "severity")) == {"critical", "medium"}
    assert opened.run(COUNT) == "5 of 10 findings"
    click(opened, "[name=state][value=live]")
    assert opened.run(SHOWN % "states") == ["deleted live", "live overwritten", "hidden"]
    click(opened, "[name=state][value=hidden]")
    opened.run(
        "document.getElementById('rule').value = 'env-secret';"
        "document.getElementById('rule').dispatchEvent(new Event('change', {bubbles: true}))"
    )
    assert opened.run(SHOWN % "rule") == ["env-secret"]
    click(opened, "[name=severity][value=critical]")
    assert opened.run(SHOWN % "rule") == []
    assert opened.run(COUNT) == "0 of 10 findings"
    assert opened.run("document.getElementById('nothing').checkVisibility()")
    click(opened, "[type=reset]")
    opened.settle(f"{COUNT} === '10 findings'")
    assert len(opened.run(SHOWN % "rule")) == 10


def test_files_can_be_chosen(opened: Page, tmp_path: Path, meta: Meta) -> None:
    place = Span(0, 1)
    found = [
        Finding("env-secret", Severity.HIGH, Location(path, 1, 1, 1, 2, place), "x", "x") for path in ("a", "b", "b")
    ]
    show(opened, tmp_path, Report([Target("a", "dockerfile"), Target("b", "dockerfile")], found), meta)
    opened.run(
        "document.getElementById('target').value = '1';"
        "document.getElementById('target').dispatchEvent(new Event('change', {bubbles: true}))"
    )
    assert opened.run(COUNT) == "2 of 3 findings"


def test_search_finds_every_word_anywhere(opened: Page, tmp_path: Path, image_meta: Meta) -> None:
    show(opened, tmp_path, image_report(), image_meta)
    search(opened, "DB_password", "1 of 10 findings")
    search(opened, "npm ci", "3 of 10 findings")
    search(opened, "provider-key jar", "1 of 10 findings")
    search(opened, "<script>", "0 of 10 findings")
    opened.press("Escape")
    opened.settle(f"{COUNT} === '10 findings'")


def test_all_can_be_done_with_the_keyboard(opened: Page, tmp_path: Path, image_meta: Meta) -> None:
    show(opened, tmp_path, image_report(), image_meta)
    opened.press("Tab")
    assert opened.run("document.activeElement.className") == "skip"
    assert opened.run("document.activeElement.getBoundingClientRect().top") >= 0
    opened.press("Enter", "\r")
    assert opened.run("document.activeElement.id") == "findings"
    opened.press("/", "/")
    assert opened.run("document.activeElement.id") == "search"
    assert opened.run("document.activeElement.value") == ""
    assert opened.run("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    for _ in range(40):
        opened.press("Tab")
        if opened.run("document.activeElement.tagName") == "SUMMARY":
            break
    opened.press("Enter", "\r")
    assert opened.run("document.querySelector('.finding details').open") is True
    assert opened.run("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_an_opened_finding_has_the_whole_advice(opened: Page, tmp_path: Path, image_meta: Meta) -> None:
    show(opened, tmp_path, image_report(), image_meta._replace(rules=image_meta.rules, prose={}))
    advice = "document.querySelector('.finding[data-rule=env-secret] .advice').textContent"
    before = opened.run(advice)
    click(opened, ".finding[data-rule=env-secret] summary")
    opened.settle("document.querySelector('.finding[data-rule=env-secret] [data-remedy]') === null")
    assert opened.run(advice).strip().startswith("Set it when the container starts.")
    assert "All of it" not in opened.run(advice)
    assert before.strip()


def test_a_link_to_a_finding_shows_it_whatever_is_filtered(opened: Page, tmp_path: Path, image_meta: Meta) -> None:
    show(opened, tmp_path, image_report(), image_meta, "#finding-3")
    assert opened.run("document.querySelector('#finding-3 details').open") is True
    click(opened, "[name=severity][value=critical]")
    click(opened, "a[href='#finding-1']")
    opened.settle("document.querySelector('#finding-1 details').open")
    assert opened.run("document.getElementById('finding-1').checkVisibility()") is True
    assert opened.run("document.activeElement.closest('.finding').id") == "finding-1"
    click(opened, "#close")
    assert opened.run("document.querySelectorAll('.finding details[open]').length") == 0
    click(opened, "#open")
    assert opened.run("document.querySelectorAll('.finding details[open]').length") == 10


def test_hostile_names_stay_text(opened: Page, tmp_path: Path, meta: Meta) -> None:
    for attack in ATTACKS:
        show(opened, tmp_path, renamed(attack), meta)
        click(opened, "#open")
        search(opened, attack, "1 finding")
        assert opened.run("window.hacked ?? null") is None, attack
        assert opened.run("document.querySelectorAll('script').length") == 1
        assert opened.run("document.querySelectorAll('base, img, link[rel=stylesheet]').length") == 0
        assert attack in opened.run("document.querySelector('.finding h3').textContent")


def test_the_policy_stops_what_gets_through_all_the_same(tab: Page, tmp_path: Path, meta: Meta) -> None:
    got = render(renamed("x"), meta)
    path = tmp_path / "report.html"
    evil = "<script>window.hacked = 1</script><p style='color: red' onclick='window.hacked = 2' id='evil'>x</p>"
    path.write_text(got.replace("<main>", f"<main>{evil}<img src='https://evil.example/x.png'>"), encoding="utf-8")
    tab.complaints.clear()
    tab.open(path)
    click(tab, "#evil")
    assert tab.run("window.hacked ?? null") is None
    assert tab.run("getComputedStyle(document.getElementById('evil')).color") != "rgb(255, 0, 0)"
    assert sum("Content Security Policy" in one for one in tab.complaints) >= 4, "and the tests here would see it"


def test_on_paper_everything_is_open(opened: Page, tmp_path: Path, image_meta: Meta) -> None:
    show(opened, tmp_path, image_report(), image_meta)
    # Its summary and no more, as long as it is closed.
    height = "document.querySelector('.finding').getBoundingClientRect().height"
    closed = opened.run(height)
    opened.window(1200, 900, media="print")
    assert opened.run(height) > closed + 100
    assert opened.run("document.getElementById('filter').checkVisibility()") is False
    opened.paper(tmp_path / "report.pdf")
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF-")
    opened.window(1200, 900)
    # `afterprint` may come later than the printed file, and the same text need not be equally high to the last 64th.
    opened.settle(f"Math.abs({height} - {closed}) < 1")


@pytest.mark.parametrize("dark", [False, True])
def test_text_can_be_read_in_light_and_dark(dark: bool, opened: Page, tmp_path: Path, image_meta: Meta) -> None:
    opened.window(1200, 900, dark=dark)
    show(opened, tmp_path, image_report(), image_meta)
    names = ("paper", "raised", "sunken", "ink", "dim", "link", "critical", "high", "medium", "low", "info")
    grounds = ("hit", "layer", "added", "removed")
    got = opened.run(
        "(() => { const found = {};"
        f"for (const name of {[*names, *grounds]!r}) {{ found[name] = getComputedStyle(document.documentElement)"
        ".getPropertyValue(`--${name}`).trim() } return found })()"
    )
    colours = {name: tuple(int(value[at : at + 2], 16) for at in (1, 3, 5)) for name, value in got.items()}
    assert sum(colours["paper"]) < 200 if dark else sum(colours["paper"]) > 600
    for ground in ("paper", "raised", "sunken"):
        for text in names[3:]:
            assert contrast(colours[ground], colours[text]) >= 4.5, (ground, text)
    assert [ground for ground in grounds if contrast(colours[ground], colours["ink"]) < 4.5] == []


@pytest.mark.parametrize("width", [320, 390, 768, 1200])
def test_no_width_needs_sideways_scrolling(width: int, opened: Page, tmp_path: Path, image_meta: Meta) -> None:
    opened.window(width, 800)
    show(opened, tmp_path, image_report(), image_meta)
    click(opened, "#open")
    assert opened.run("document.documentElement.scrollWidth") == width


def test_a_screen_reader_is_told_what_everything_is(opened: Page, tmp_path: Path, image_meta: Meta) -> None:
    show(opened, tmp_path, image_report(), image_meta)
    nodes = [node for node in opened.call("Accessibility.getFullAXTree")["nodes"] if not node.get("ignored")]
    roles: dict[str, list[str]] = {}
    for node in nodes:
        roles.setdefault(node["role"]["value"], []).append(node.get("name", {}).get("value", ""))
    assert {"banner", "main", "contentinfo", "search"} <= set(roles)
    for role in ("searchbox", "checkbox", "combobox", "button", "link", "image", "region", "table", "heading"):
        assert [name for name in roles.get(role, []) if not name.strip()] == [], role
    assert roles["searchbox"] == ["Search"]
    assert "live" in roles["checkbox"] and "critical 2" in roles["checkbox"]
    live = opened.run("document.getElementById('count').getAttribute('aria-live')")
    assert live == "polite"


def many(number: int) -> Report:
    """A Dockerfile with so many findings."""
    lines = [f'ENV KEY_{at}="x{at:07d}Qx7zRtLm"\n' for at in range(number)]
    text = "FROM a\n" + "".join(lines)
    index = LineIndex(text)
    target = Target("Dockerfile", "dockerfile", text=text)
    found, at = [], 0
    for line in lines:
        value = line[line.index('"') + 1 : -2]
        at = text.index(value, at)
        place = Location.of("Dockerfile", index, Span(at, at + len(value)))
        name = line[4 : line.index("=")]
        level = Severity(2 + len(found) % 3)
        secret = Secret(value, "api-key")
        flow = (Step("docker inspect shows it", None),)
        found.append(Finding("env-secret", level, place, f"{name} is set.", name, secret=secret, flow=flow))
        target.secrets.append(secret)
    number_findings(found)
    return Report([target], found)


def test_thousands_of_findings_are_filtered(opened: Page, tmp_path: Path, meta: Meta) -> None:
    show(opened, tmp_path, many(5000), meta)
    assert opened.run(COUNT) == "5,000 findings"
    click(opened, "[name=severity][value=high]")
    assert opened.run(COUNT) == "3,333 of 5,000 findings"
    click(opened, "[name=severity][value=high]")
    search(opened, "key_4999", "1 of 5,000 findings")
    where = opened.run("document.querySelector('.finding:not([hidden]) .where').textContent")
    assert where == "Dockerfile:5001:15"
    # Those far below the window are not laid out.
    opened.run("document.querySelector('[type=reset]').click()")
    opened.settle(f"{COUNT} === '5,000 findings'")
    assert (
        opened.run(
            "document.querySelector('.finding:last-child .level').checkVisibility({contentVisibilityAuto: true})"
        )
        is False
    )


def test_a_proposed_change_is_shown_with_its_finding(opened: Page, tmp_path: Path, report: Report, meta: Meta) -> None:
    show(opened, tmp_path, report, meta)
    click(opened, "#open")
    removed = "getComputedStyle(document.querySelector('.diff .removed')).backgroundColor"
    assert opened.run(removed) != opened.run("getComputedStyle(document.querySelector('.diff')).backgroundColor")
    assert "-ARG NPM_TOKEN\n" in opened.run("document.querySelector('[data-rule=arg-secret] .diff').textContent")
    heights = opened.run(
        "[...document.querySelectorAll('.diff span')].map(one => Math.round(one.getBoundingClientRect().height))"
    )
    assert len(set(heights)) == 1, "a line for each line"
    search(opened, "export NPM_TOKEN", "1 of 5 findings")
    opened.window(390, 800)
    assert opened.run("document.documentElement.scrollWidth") == 390
