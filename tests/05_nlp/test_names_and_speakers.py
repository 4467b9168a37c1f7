"""Names, the persons behind them, and who says what."""

from __future__ import annotations

import pytest
from text_utils import attribute_speakers, find_cast, find_entities, rule_pipeline, score_sets
from text_utils.cast import same_person, split_title
from text_utils.entities import learn_names, people_in
from text_utils.scores import confusion_matrix

STORY = (
    "Ada Byrne met Mr. Cole in York on May 3, 1986.\n\n"
    "“Sit down,” said Ada. “It cost $40.”\n\n"
    "“Thank you,” he said.\n\n"
    "“Tea?”\n\n"
    "“Please.”\n\n"
    "She put “sugar” on the list."
)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Tobias Pym", "Mr. Pym", True),
        ("Tobias Pym", "Tobias", True),
        ("Mr. Pym", "Mrs. Pym", False),
        ("O. Garrick", "Odile Garrick", True),
        ("Leonard Crane", "Leo Crane", False),
        ("Mr. Leonard", "Leonard Crane", False),
        ("Capt. Rourke", "Rourke", True),
        ("Nell", "Nora", False),
    ],
)
def test_which_names_can_be_one_person(one: str, other: str, same: bool) -> None:
    assert same_person(one, other) is same is same_person(other, one)


def test_a_title_is_not_a_name() -> None:
    assert split_title("Mrs. Dunmore") == ("mrs", "Dunmore")
    assert split_title("Nell Harrow") == ("", "Nell Harrow")
    assert split_title("Captain") == ("", "Captain")


def test_a_name_of_two_persons_goes_to_the_one_mentioned_more() -> None:
    cast = find_cast({"Mr. Pym": 5, "Mrs. Pym": 2, "Pym": 1})
    assert [(p.name, p.mentions, p.pronoun) for p in cast] == [
        ("Mr. Pym", 6, "he"),
        ("Mrs. Pym", 2, "she"),
    ]
    assert find_cast({}) == []


def test_rules_find_what_has_a_form_and_what_the_text_gives_away() -> None:
    pytest.importorskip("spacy")
    assert learn_names(STORY) == {
        "Ada": "PERSON", "Ada Byrne": "PERSON", "Cole": "PERSON", "York": "PLACE",
    }  # fmt: skip
    entities = find_entities(rule_pipeline(STORY), STORY)
    assert all(STORY[e.start : e.end] == e.text for e in entities)
    assert {(e.label, e.text) for e in entities} == {
        ("PERSON", "Ada Byrne"),
        ("PERSON", "Ada"),
        ("PERSON", "Cole"),
        ("PLACE", "York"),
        ("DATE", "May 3, 1986"),
        ("MONEY", "$40"),
    }
    assert people_in(entities, STORY) == {"Ada Byrne": 1, "Ada": 1, "Mr. Cole": 1}
    assert find_entities(rule_pipeline(), "") == []


def test_every_cue_gives_its_speaker() -> None:
    cast = find_cast({"Ada Byrne": 1, "Ada": 2, "Mr. Cole": 1}, STORY)
    found = attribute_speakers(STORY, cast)
    assert [(f.line.text, f.speaker, f.cue) for f in found] == [
        ("Sit down,", "Ada", "tag"),
        ("It cost $40.", "Ada", "tag"),
        ("Thank you,", "Mr. Cole", "pronoun"),
        ("Tea?", "Ada", "turn"),
        ("Please.", "Mr. Cole", "turn"),
        ("sugar", None, "quoted"),
    ]
    only_tags = attribute_speakers(STORY, cast, ("tag",))
    assert [f.speaker for f in only_tags] == ["Ada", "Ada", None, None, None, None]


def test_who_is_called_by_name_answers() -> None:
    cast = find_cast({"Nell": 3, "Mr. Pym": 3})
    found = attribute_speakers("“Go home, Nell,” said Mr. Pym.\n\n“Never.”", cast)
    assert [f.speaker for f in found] == ["Mr. Pym", "Nell"]
    found = attribute_speakers("Nell put down the fork. “It’s you.”", cast)
    assert [(f.speaker, f.cue) for f in found] == [("Nell", "action")]
    assert attribute_speakers("Nobody speaks here.", []) == []


def test_scores() -> None:
    scores = score_sets({"a", "b", "c"}, {"b", "c", "d", "e"})
    assert (scores.precision, scores.recall) == (0.5, pytest.approx(2 / 3))
    assert scores.f1 == pytest.approx(4 / 7)
    assert score_sets((), ()).f1 == 0.0
    assert confusion_matrix("aab", "aba", "ab").tolist() == [[1, 1], [1, 0]]
