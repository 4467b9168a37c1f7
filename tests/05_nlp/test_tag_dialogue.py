"""A text is cut into narration and dialogue without loss, and speakers take turns."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from text_utils import tag_dialogue


def test_speakers_take_turns_until_the_exchange_ends() -> None:
    text = (
        '"Hi," said Tom.\n\n"Hello," said Ann.\n\n"How are you?"\n\n"Fine." She smiled. "You?"\n\n'
        + "Narration without any speech goes on. " * 10
        + '\n\n"Who is there?"'
    )
    spans = tag_dialogue(text)
    spoken = [(span.text, span.speaker) for span in spans if span.kind == "dialogue"]
    assert spoken == [
        ('"Hi,"', "Tom"),
        ('"Hello,"', "Ann"),
        ('"How are you?"', "Tom"),
        ('"Fine."', "Ann"),
        ('"You?"', "Ann"),
        ('"Who is there?"', None),
    ]
    assert all(span.speaker is None for span in spans if span.kind == "narration")


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(st.sampled_from(['"', "“", "”", "a", " said Tom", "\n\n", ". "])).map("".join))
def test_the_spans_together_are_the_text(text: str) -> None:
    spans = tag_dialogue(text)
    assert "".join(span.text for span in spans) == text
    assert all(text[span.start : span.end] == span.text for span in spans)
