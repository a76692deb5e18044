"""Ids of findings in images, and their order: the same after a rebuild and from every source."""

from __future__ import annotations

from auditor.core.finding import Finding, Location, Severity, number_findings
from auditor.core.image import CONFIG, DELETED, HISTORY, LAYER, ImagePlace


def finding(
    place: ImagePlace | None, *, target: str = "a.tar", rule: str = "known-token", subject: str = "x"
) -> Finding:
    return Finding(rule, Severity.HIGH, Location.target(target), "m", subject, image=place)


def ids(*found: Finding) -> list[str]:
    number_findings(list(found))
    return [each.id for each in found]


FILE = ImagePlace(LAYER, layer_index=2, diff_id="sha256:1", digest="sha256:2", path="app/.env", line=3, offset=40)


def test_the_id_outlives_rebuilds_and_sources() -> None:
    again = FILE._replace(
        layer_index=7, diff_id="sha256:8", digest="", line=9, offset=99, state=DELETED, created_by="x"
    )
    assert ids(finding(FILE)) == ids(finding(again, target="hub.example/app:1"))


def test_the_id_tells_rule_part_path_and_subject_apart() -> None:
    places = [
        FILE, FILE._replace(path="app/b"), FILE._replace(inner_path="c"), FILE._replace(part=CONFIG),
        FILE._replace(pointer="/config/User"), None,
    ]  # fmt: skip
    found = [finding(place) for place in places]
    assert len({*ids(*found), *ids(finding(FILE, rule="other")), *ids(finding(FILE, subject="y"))}) == len(places) + 2


def test_equal_findings_are_numbered_within_their_target() -> None:
    first, second, other = finding(FILE), finding(FILE), finding(FILE, target="b.tar")
    one, two, three = ids(first, second, other)
    assert one != two and three == one


def test_places_in_lists_may_shift() -> None:
    early, late = (ImagePlace(HISTORY, pointer=f"/history/{n}/created_by", history_index=n) for n in (2, 12))
    assert ids(finding(early)) == ids(finding(late))


def test_ids_of_files_are_what_they_were() -> None:
    plain = Finding("arg-secret", Severity.HIGH, Location.line("Dockerfile", 3), "m", "TOKEN")
    assert ids(plain) == ["6ae976cfa69a6fe34969"]


def test_layers_come_first_and_numbers_count_as_numbers() -> None:
    places = [
        FILE._replace(layer_index=2, path="z"),
        FILE._replace(layer_index=10, path="a", line=9),
        FILE._replace(layer_index=10, path="a", line=10),
        ImagePlace(CONFIG, pointer="/config/Env/0", history_index=30),
        ImagePlace(HISTORY, pointer="/history/9/created_by", history_index=9),
        ImagePlace(HISTORY, pointer="/history/10/created_by", history_index=10),
        ImagePlace("unheard-of"),
    ]
    found = [finding(place) for place in reversed(places)]
    assert [each.image for each in sorted(found, key=lambda each: each.sort_key)] == places
