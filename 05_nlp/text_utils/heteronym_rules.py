"""Rules for single words with two pronunciations; the first rule that applies decides.

A rule without conditions is the default. ``Rule`` says what each condition means.
"""

from __future__ import annotations

from dataclasses import dataclass

from text_utils.wordsets import words

Words = frozenset[str]


@dataclass(frozen=True)
class Rule:
    """Use ``phones`` if all stated conditions hold.

    ``before``, ``before2`` and ``after``: the previous word, the one before it, the next word is
    among these. ``not_before``: the previous word is not. ``anywhere``: one of these is in the
    sentence. ``capital``: the word has a capital inside a sentence, or has not. ``verb``: its
    neighbours make it a verb, or something else. ``past``: the sentence speaks of the past.
    """

    phones: str
    before: Words = frozenset()
    before2: Words = frozenset()
    not_before: Words = frozenset()
    after: Words = frozenset()
    anywhere: Words = frozenset()
    capital: bool | None = None
    verb: bool | None = None
    past: bool | None = None


_DETERMINERS = words(
    "a an the this that these those my your his her its our their no some any every each "
    "another of in with by from cold warm strong high north south east west bitter icy hot "
    "light gentle"
)
_MODALS = words(
    "to will would shall should can could may might must do does did don't doesn't didn't won't "
    "can't cannot couldn't wouldn't shouldn't let's please not help i'll you'll he'll she'll "
    "we'll they'll"
)
_PERFECT = words(
    "have has had having been be is was were are being i've you've we've they've he'd haven't "
    "hasn't hadn't he she it who get got gets isn't wasn't weren't well everyone nobody "
    "somebody someone"
)
_ADVERBS = words(
    "just already never ever always often also only recently once finally quickly slowly"
)
_WINDING = words(
    "up down through around round along its about across between past back into toward"
)
_LIVE_THINGS = words(
    "music show shows band broadcast broadcasts audience concert concerts performance "
    "performances coverage wire wires ammunition bait birth births stream streams album albums "
    "recording recordings television tv animals animal coals oak stock rounds round video demo "
    "chat session updates weather events event entertainment theater specimens bird birds fish"
)

RULES: dict[str, tuple[Rule, ...]] = {
    "read": (
        Rule("R IY1 D", before=_MODALS),
        Rule("R EH1 D", before=_PERFECT),
        Rule("R EH1 D", before=_ADVERBS, before2=_PERFECT),
        Rule("R IY1 D", before=_ADVERBS, before2=_MODALS),
        Rule("R IY1 D", before=words("a an the good great interesting quick long must")),
        Rule("R EH1 D", before=words("i you we they and"), past=True),
        Rule("R IY1 D", before=words("i you we they")),
        Rule("R EH1 D", after=words("by aloud"), past=True),
        Rule("R IY1 D", before=words("")),
        Rule("R EH1 D", past=True),
        Rule("R IY1 D"),
    ),
    "lead": (
        Rule("L EH1 D", before=words("of like molten white red sheet than black liquid")),
        Rule(
            "L EH1 D",
            after=words(
                "pipe pipes paint poisoning bullet bullets pencil pencils weight weights ore "
                "mine mines shot acetate roof roofs coffin crystal oxide solder sinker exposure "
                "ball"
            ),
        ),
        Rule("L EH1 D", anywhere=words("tin zinc iron copper mercury arsenic pewter"), verb=False),
        Rule("L IY1 D"),
    ),
    "live": (
        Rule(
            "L IH1 V",
            before=words("to will would i you we they who can could must not don't did may"),
        ),
        Rule("L AY1 V", after=_LIVE_THINGS),
        Rule("L AY1 V", before=words("broadcast goes go going went streamed played recorded a")),
        Rule("L AY1 V", before=words("the"), after=words("feed footage")),
        Rule("L IH1 V"),
    ),
    "lives": (
        Rule("L IH1 V Z", before=words("he she it who which that everyone someone nobody there")),
        Rule(
            "L IH1 V Z",
            not_before=words(
                "our their your the of many nine human his her my these those two three"
            ),
            after=words("in at here there on with alone near by under next for inside among"),
        ),
        Rule("L AY1 V Z"),
    ),
    "wind": (
        Rule(
            "W AY1 N D",
            verb=True,
            after=words("up down through around round along its the his her"),
        ),
        Rule("W AY1 N D", before=words("to"), after=words("a it my our this that back")),
        Rule(
            "W AY1 N D",
            before=words("i you we they will would can could must roads paths"),
            verb=True,
        ),
        Rule("W IH1 N D"),
    ),
    "winds": (
        Rule(
            "W AY1 N D Z", before=words("he she it road path river stream trail which that street")
        ),
        Rule("W AY1 N D Z", not_before=_DETERMINERS, after=words("its through along")),
        Rule("W IH1 N D Z"),
    ),
    "wound": (
        Rule("W AW1 N D", not_before=_DETERMINERS, after=_WINDING),
        Rule("W AW1 N D", before=words("he she it they i we"), after=words("the a his her my")),
        Rule("W UW1 N D"),
    ),
    "tear": (
        Rule("T IH1 R", after=words("gas drop drops duct ducts stained rolled fell ran trickled")),
        Rule("T EH1 R", before=words("and"), before2=words("wear")),
        Rule("T EH1 R", verb=True),
        Rule("T EH1 R", after=words("apart down up off out into open in at it them through away")),
        Rule("T IH1 R"),
    ),
    "tears": (
        Rule("T EH1 R Z", before=words("he she it who")),
        Rule("T EH1 R Z", not_before=_DETERMINERS, after=words("apart through off open up")),
        Rule("T IH1 R Z"),
    ),
    "bow": (
        Rule("B OW1", after=words("and tie ties string strings window legged hunter")),
        Rule("B AW1", verb=True),
        Rule("B AW1", after=words("before down out low")),
        Rule("B AW1", before2=words("made make gave with took take returned")),
        Rule("B AW1", before=words("low deep slight polite little stiff ship's boat's")),
        Rule("B AW1", anywhere=words("ship boat stern deck canoe vessel prow")),
        Rule("B OW1"),
    ),
    "bows": (
        Rule("B AW1 Z", before=words("he she it who")),
        Rule("B AW1 Z", anywhere=words("ship boat stern deck canoe vessel curtain audience")),
        Rule("B OW1 Z"),
    ),
    "sow": (
        Rule("S AW1", before=words("a the old this that fat her his"), verb=False),
        Rule("S OW1"),
    ),
    "dove": (
        Rule("D OW1 V", before=words("he she it they we i who then")),
        Rule(
            "D OW1 V",
            after=words("into in down under headfirst off"),
            not_before=words("a the white"),
        ),
        Rule("D AH1 V"),
    ),
    "close": (
        Rule(
            "K L OW1 Z", before=words("to"), before2=words("came come drew draw brought bring at")
        ),
        Rule("K L OW1 Z", before=_MODALS),
        Rule("K L OW1 Z", before=words("the a"), after=words("of")),
        Rule(
            "K L OW1 Z",
            before=words("i you we they and"),
            after=words("the my your his her its our"),
        ),
        Rule("K L OW1 Z", before=words(""), after=words("the your my his her that this it")),
        Rule("K L OW1 S"),
    ),
    "house": (
        Rule(
            "HH AW1 Z",
            before=words("to can could will would"),
            after=words("the a them him her our"),
        ),
        Rule("HH AW1 S"),
    ),
    "used": (
        Rule(
            "Y UW1 Z D",
            before=words("be is was are were been being"),
            after=words("to for in by as"),
        ),
        Rule("Y UW1 S T", after=words("to")),
        Rule("Y UW1 Z D"),
    ),
    "minute": (
        Rule("M AY0 N UW1 T", before=words("very so most too extremely")),
        Rule(
            "M AY0 N UW1 T",
            after=words(
                "detail details particle particles particulars quantities quantity differences "
                "fragments amount amounts examination inspection portion traces creatures"
            ),
        ),
        Rule("M IH1 N AH0 T"),
    ),
    "deserts": (
        Rule("D IH0 Z ER1 T S", before=words("just he she it who")),
        Rule("D EH1 Z ER0 T S"),
    ),
    "content": (
        Rule("K AH0 N T EH1 N T", after=words("with to")),
        Rule(
            "K AH0 N T EH1 N T",
            before=words(
                "be is was were are been am perfectly quite very well not felt i'm feel seemed"
            ),
        ),
        Rule("K AA1 N T EH0 N T"),
    ),
    "invalid": (
        Rule("IH1 N V AH0 L AH0 D", before=words("an the his her poor my this chronic old")),
        Rule("IH2 N V AE1 L AH0 D"),
    ),
    "frequent": (
        Rule("F R IY0 K W EH1 N T", before=words("to they i we who")),
        Rule("F R IY1 K W AH0 N T"),
    ),
    "upset": (
        Rule("AH1 P S EH2 T", before=words("an the this that big stomach"), verb=False),
        Rule("AH0 P S EH1 T"),
    ),
    "absent": (Rule("AE1 B S AH0 N T"),),
    "resume": (
        Rule("R EH1 Z AH0 M EY2", before=words("a my your his her their the of and on")),
        Rule("R IH0 Z UW1 M"),
    ),
    "bass": (
        Rule("B AE1 S", before=words("sea striped largemouth caught catch fresh")),
        Rule("B AE1 S", anywhere=words("fish fishing lake river trout pond fishermen perch")),
        Rule("B EY1 S"),
    ),
    "polish": (
        Rule("P OW1 L IH0 SH", capital=True),
        Rule("P AA1 L IH0 SH"),
    ),
    "august": (
        Rule("AO1 G AH0 S T", capital=True),
        Rule("AO0 G AH1 S T", before=words("an the this that his her most so an")),
        Rule("AO1 G AH0 S T"),
    ),
    "learned": (
        Rule("L ER1 N AH0 D", before=words("a the very most his our my so")),
        Rule("L ER1 N D"),
    ),
    "blessed": (
        Rule("B L EH1 S AH0 D", before=words("the a this that every whole these his her")),
        Rule("B L EH1 S T"),
    ),
    "aged": (
        Rule("EY1 JH AH0 D", before=words("the an this that his her my our")),
        Rule("EY1 JH D"),
    ),
}
