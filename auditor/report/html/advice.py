"""What to do, for the HTML report: each piece of advice once, under the rule that gives it; findings lead there."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.report.prose import first_sentence, parts

if TYPE_CHECKING:
    from auditor.core.finding import Finding
    from auditor.report.masking import FileMasker
    from auditor.report.meta import Meta

Prose = list[tuple[bool, list[str]]]


class Hint(NamedTuple):
    """What a finding says of its remedy: the number of the whole advice (0: there is none) and its first sentence.

    `guide` is the number of what is said of its rule, or 0; `whole` tells that there is no more than the sentence.
    """

    guide: int
    number: int
    sentence: str
    whole: bool


class Advice(NamedTuple):
    """One remedy: its number, and its paragraphs and blocks of code."""

    number: int
    remedy: Prose


class Guide(NamedTuple):
    """What is said of one rule: why it matters, and the remedies that its findings have."""

    number: int
    rule: str
    title: str
    why: Prose
    advice: list[Advice]


class Advisor:
    """Numbers the remedies of a report, equal ones with one number."""

    def __init__(self, meta: Meta) -> None:
        self._meta = meta
        self._hints: dict[tuple[str, str], Hint] = {}
        self._guides: dict[str, Guide] = {}

    def hint(self, finding: Finding, masker: FileMasker) -> Hint:
        """What this finding says of its remedy."""
        rule = self._meta.rules.get(finding.rule)
        remedy = masker.mask(finding.remedy) if finding.remedy else rule.remedy if rule else ""
        key = (finding.rule, remedy)
        if key not in self._hints:
            self._hints[key] = self._new(finding.rule, remedy) if remedy else Hint(0, 0, "", True)
        return self._hints[key]

    def guides(self) -> list[Guide]:
        """By rule, in the order in which the findings came."""
        return list(self._guides.values())

    def _new(self, rule: str, remedy: str) -> Hint:
        if rule not in self._guides:
            why = list(parts(self._meta.prose.get(rule, "")))
            self._guides[rule] = Guide(len(self._guides) + 1, rule, self._meta.title(rule), why, [])
        prose = list(parts(remedy))
        number = len(self._hints) + 1
        guide = self._guides[rule]
        guide.advice.append(Advice(number, prose))
        words = " ".join(prose[0][1]) if prose and not prose[0][0] else ""
        sentence = first_sentence(words)
        return Hint(guide.number, number, sentence, len(prose) == 1 and sentence == words)
