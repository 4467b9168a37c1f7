"""Pronunciations that the CMU dictionary lacks: words younger than it, and accents that matter."""

from __future__ import annotations

SUPPLEMENT: dict[str, str] = {
    "ascii": "AE1 S K IY0", "biopic": "B AY1 OW0 P IH2 K", "bitcoin": "B IH1 T K OY2 N",
    "blockchain": "B L AA1 K CH EY2 N", "brexit": "B R EH1 K S IH0 T",
    "chatbot": "CH AE1 T B AA2 T", "clickbait": "K L IH1 K B EY2 T", "covid": "K OW1 V IH0 D",
    "crypto": "K R IH1 P T OW0",
    "dataset": "D EY1 T AH0 S EH2 T", "datasets": "D EY1 T AH0 S EH2 T S",
    "deepfake": "D IY1 P F EY2 K", "dr": "D AA1 K T ER0", "ebook": "IY1 B UH2 K",
    "emoji": "IH0 M OW1 JH IY0", "emojis": "IH0 M OW1 JH IY0 Z", "fintech": "F IH1 N T EH2 K",
    "github": "G IH1 T HH AH2 B", "hashtag": "HH AE1 SH T AE2 G", "hashtags": "HH AE1 SH T AE2 G Z",
    "hermione": "HH ER0 M AY1 AH0 N IY0", "hmm": "HH AH0 M", "hm": "HH AH0 M",
    "ipad": "AY1 P AE2 D", "iphone": "AY1 F OW2 N", "iphones": "AY1 F OW2 N Z",
    "javascript": "JH AA1 V AH0 S K R IH2 P T", "kubernetes": "K UW2 B ER0 N EH1 T IY0 Z",
    "linkedin": "L IH2 NG K T IH1 N", "meme": "M IY1 M", "memes": "M IY1 M Z",
    "messers": "M EH1 S ER0 Z", "miz": "M IH1 Z", "mm": "AH0 M", "mmm": "AH0 M",
    "mhm": "AH0 M HH AH1 M", "nginx": "EH1 N JH IH0 N EH1 K S", "nguyen": "W IH1 N",
    "podcast": "P AA1 D K AE2 S T",
    "podcasts": "P AA1 D K AE2 S T S", "podcaster": "P AA1 D K AE2 S T ER0",
    "psst": "P S T", "pytorch": "P AY1 T AO2 R CH", "selfie": "S EH1 L F IY0",
    "selfies": "S EH1 L F IY0 Z", "sh": "SH", "shh": "SH", "shhh": "SH", "siri": "S IH1 R IY0",
    "smartphone": "S M AA1 R T F OW2 N", "smartphones": "S M AA1 R T F OW2 N Z",
    "spotify": "S P AA1 T AH0 F AY2", "tiktok": "T IH1 K T AA2 K", "tsk": "T IH1 S K",
    "uber": "UW1 B ER0", "ugh": "AH1 G", "vlog": "V L AA1 G", "vlogs": "V L AA1 G Z",
    "voldemort": "V OW1 L D AH0 M AO2 R T", "whatsapp": "W AH1 T S AE2 P", "wi": "W AY1",
    "wifi": "W AY1 F AY2", "wikipedia": "W IH2 K IH0 P IY1 D IY0 AH0", "xi": "SH IY1",
    "youtube": "Y UW1 T UW2 B", "youtuber": "Y UW1 T UW2 B ER0", "zhang": "JH AA1 NG",
    "phd": "P IY1 EY2 CH D IY1", "tommel": "T AA1 M AH0 L", "yammel": "Y AE1 M AH0 L",
}  # fmt: skip
"""Looked up where the CMU dictionary has nothing."""

PREFERRED: dict[str, str] = {
    "bought": "B AO1 T", "caught": "K AO1 T", "cause": "K AO1 Z", "causes": "K AO1 Z IH0 Z",
    "coffee": "K AO1 F IY0", "cost": "K AO1 S T", "costs": "K AO1 S T S", "dogs": "D AO1 G Z",
    "ear": "IH1 R", "putting": "P UH1 T IH0 NG", "soft": "S AO1 F T", "softer": "S AO1 F T ER0",
    "sometimes": "S AH1 M T AY2 M Z",
}  # fmt: skip
"""Where the dictionary's first variant is not the usual one, or not that of the same stem."""

ACCENTED: dict[str, str] = {
    "exposé": "EH2 K S P OW0 Z EY1", "lamé": "L AA0 M EY1", "maté": "M AA1 T EY2",
    "pâté": "P AA0 T EY1", "pique": "P IY1 K", "piqué": "P IY0 K EY1",
    "résumé": "R EH1 Z AH0 M EY2", "résumés": "R EH1 Z AH0 M EY2 Z", "rosé": "R OW0 Z EY1",
    "saké": "S AA1 K IY0",
}  # fmt: skip
"""Words whose accents tell them from another word."""
