"""What a listening test has found so far, and its two tables: systems and single answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal

from env_utils import InputError
from pydantic import BaseModel

from voice_replication.evaluation.subjective import (
    MOS_SCALE,
    MUSHRA_SCALE,
    Choice,
    Interval,
    Kind,
    Trial,
    Vote,
    abx_result,
    check_rating,
    csv_table,
    rating_results,
)
from voice_replication.evaluation.subjective_design import OPEN_REFERENCE
from voice_replication.serving.listening import ListeningTest, Session
from voice_replication.serving.problems import Problem

Answer = int | str | dict[str, float]
Table = Literal["systems", "answers"]

MEANING = {
    "mos": "Mean of all votes. The interval speaks about other listeners and other clips like "
    "these (standard error clustered by both; Student's t).",
    "mushra": "Mean of all ratings of the listeners who passed the post-screening (hidden "
    "reference below 90 in at most 15 % of their trials). The interval speaks about other "
    "listeners and other clips like these (standard error clustered by both; Student's t).",
    "abx": "Share of right answers of all listeners together with the exact interval of Clopper "
    "and Pearson; p is the probability of at least as many by guessing.",
}


class SystemRow(BaseModel):
    """One system; no interval with fewer than two listeners or two clips."""

    system: str
    mean: float
    low: float | None
    high: float | None
    median: float
    votes: int
    listeners: int
    clips: int


class DifferenceRow(BaseModel):
    """Mean of ``first`` minus mean of ``second``, paired by listener and clip."""

    first: str
    second: str
    difference: float
    low: float | None
    high: float | None


class ExcludedRow(BaseModel):
    """A listener who was left out; ``share``: trials with the hidden reference below 90."""

    listener: str
    share: float


class ListenerRow(BaseModel):
    """One listener of an ABX test."""

    listener: str
    right: int
    answers: int


class AbxRow(BaseModel):
    """An ABX test: how often X was recognized."""

    right: int
    answers: int
    share: float
    low: float
    high: float
    p_value: float
    listeners: list[ListenerRow]


class ListeningResults(BaseModel):
    """What the answers so far say; intervals have 95 % confidence."""

    id: str
    object: Literal["listening.results"] = "listening.results"
    kind: Kind
    title: str
    scale: tuple[float, float] | None
    listeners: int
    answers: int
    systems: list[SystemRow]
    differences: list[DifferenceRow]
    excluded: list[ExcludedRow]
    abx: AbxRow | None
    meaning: str


def check_answer(kind: Kind, trial: Trial, answer: Answer) -> Answer:
    """The answer as it is stored. Raises ``Problem`` if it is none to this trial."""
    if kind == "abx":
        if answer not in ("A", "B"):
            raise _wrong("The answer is 'A' or 'B': the one that X is.")
        return answer
    if kind == "mos":
        if not isinstance(answer, int):
            raise _wrong("The answer is a whole number from 1 (bad) to 5 (excellent).")
        _rated(kind, answer)
        return answer
    labels = {s.label for s in trial.stimuli} - {OPEN_REFERENCE}
    if not isinstance(answer, dict) or set(answer) != labels:
        raise _wrong(f"The answer rates {', '.join(sorted(labels))} from 0 to 100, all of them.")
    return {label: float(_rated(kind, value)) for label, value in sorted(answer.items())}


def results(test: ListeningTest, sessions: Sequence[Session]) -> ListeningResults:
    """The results of all sessions, finished or not."""
    systems, differences, excluded, abx = [], [], [], None
    if test.kind == "abx":
        choices = list(_choices(sessions))
        abx = _abx(choices) if choices else None
    else:
        found = rating_results(test.kind, list(_votes(test.kind, sessions)))
        systems = [
            SystemRow(
                system=score.system,
                mean=score.mean.estimate,
                median=score.median,
                votes=score.votes,
                listeners=score.listeners,
                clips=score.clips,
                **_ends(score.mean),
            )
            for score in found.scores
        ]
        differences = [
            DifferenceRow(
                first=d.first, second=d.second, difference=d.mean.estimate, **_ends(d.mean)
            )
            for d in found.differences
        ]
        excluded = [ExcludedRow(listener=n, share=share) for n, share in found.excluded.items()]
    return ListeningResults(
        id=test.id,
        kind=test.kind,
        title=test.title,
        scale={"mos": MOS_SCALE, "mushra": MUSHRA_SCALE, "abx": None}[test.kind],
        listeners=sum(bool(session.answers) for session in sessions),
        answers=sum(len(session.answers) for session in sessions),
        systems=systems,
        differences=differences,
        excluded=excluded,
        abx=abx,
        meaning=MEANING[test.kind],
    )


def results_csv(test: ListeningTest, sessions: Sequence[Session], table: Table) -> str:
    """``systems``: the results; ``answers``: one line a rating or choice, to compute one's own."""
    if table == "answers":
        return _answers_csv(test.kind, sessions)
    found = results(test, sessions)
    if test.kind == "abx":
        columns = ["listener", "right", "answers", "share", "low", "high", "p_value"]
        rows: list[list[Any]] = []
        if found.abx:
            a = found.abx
            rows.append(["all", a.right, a.answers, a.share, a.low, a.high, a.p_value])
            rows += [
                [r.listener, r.right, r.answers, r.right / r.answers, None, None, None]
                for r in a.listeners
            ]
        return csv_table(columns, rows)
    columns = list(SystemRow.model_fields)
    return csv_table(columns, [list(row.model_dump().values()) for row in found.systems])


def _answers_csv(kind: Kind, sessions: Sequence[Session]) -> str:
    if kind == "abx":
        columns = ["listener", "trial", "clip", "a", "b", "x", "answer", "right"]
        rows: list[list[Any]] = [
            [session.listener, number, trial.clip]
            + [_system(trial, label) for label in "ABX"]
            + [answer, int(_is_right(trial, answer))]
            for session, number, trial, answer in _answered(sessions)
        ]
        return csv_table(columns, rows)
    columns = ["listener", "trial", "clip", "label", "system", "rating"]
    rows = [
        [session.listener, number, trial.clip, label, _system(trial, label), value]
        for session, number, trial, answer in _answered(sessions)
        for label, value in _ratings(kind, answer)
    ]
    return csv_table(columns, rows)


def _answered(sessions: Sequence[Session]) -> Iterator[tuple[Session, int, Trial, Any]]:
    for session in sessions:
        for number, answer in session.answers.items():
            yield session, number, session.trials[number - 1], answer


def _votes(kind: Kind, sessions: Sequence[Session]) -> Iterator[Vote]:
    for session, _, trial, answer in _answered(sessions):
        for label, value in _ratings(kind, answer):
            yield Vote(session.listener, trial.clip, _system(trial, label), float(value))


def _ratings(kind: Kind, answer: Any) -> list[tuple[str, float]]:
    return [("A", answer)] if kind == "mos" else list(answer.items())


def _choices(sessions: Sequence[Session]) -> Iterator[Choice]:
    for session, _, trial, answer in _answered(sessions):
        yield Choice(session.listener, trial.clip, _is_right(trial, answer))


def _is_right(trial: Trial, answer: str) -> bool:
    return _system(trial, answer) == _system(trial, "X")


def _system(trial: Trial, label: str) -> str:
    return next(s.system for s in trial.stimuli if s.label == label)


def _abx(choices: Sequence[Choice]) -> AbxRow:
    found = abx_result(choices)
    rows = [ListenerRow(listener=n, right=r, answers=a) for n, (r, a) in found.listeners.items()]
    return AbxRow(
        right=found.right,
        answers=found.answers,
        share=found.share.estimate,
        p_value=found.p_value,
        listeners=rows,
        **_ends(found.share),
    )


def _ends(interval: Interval) -> dict[str, Any]:
    return {"low": interval.low, "high": interval.high}


def _rated(kind: Kind, value: float) -> float:
    try:
        check_rating(kind, value)
    except InputError as error:
        raise _wrong(str(error)) from None
    return value


def _wrong(sentence: str) -> Problem:
    return Problem("invalid_request", sentence, field="answer")
