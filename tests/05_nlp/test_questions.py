"""Which questions rise: the examples of grammars, and what a sentence in a novel adds to them."""

from __future__ import annotations

import pytest
from text_utils import pronounce
from text_utils.questions import rises

RISING = """\
Did it rain?
Is that you?
Are you coming or not?
You saw it?
Nice day, isn't it?
What a day, isn't it?
Really?
So?
He did what?
When he came home, did he eat?
And when he asked you, didn’t you answer?
Could you tell me where it is?
Do you know what time it is?
"""
FALLING = """\
Who said that?
Where is my coat?
What's your name?
“Who’ll come with me?”
Why?
Why not?
How many are there?
How far is it, John?
John, where are you?
He said: "Where are you going?
And what did he say?
But, then, why did she leave?
To whom did you write?
In which of these houses does he live?
Where were you when the lights went out?
"""


@pytest.mark.parametrize("text", RISING.splitlines())
def test_what_can_be_answered_with_yes_or_no_rises(text: str) -> None:
    assert rises(pronounce(text))


@pytest.mark.parametrize("text", FALLING.splitlines())
def test_what_asks_with_a_question_word_falls(text: str) -> None:
    assert not rises(pronounce(text))


def test_nothing_at_all_is_no_question_word() -> None:
    assert rises([])
