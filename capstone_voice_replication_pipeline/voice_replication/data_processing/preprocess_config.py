"""What preprocessing keeps, how it stores it, and how it decides about splits."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class PreprocessConfig(BaseModel):
    """Thresholds and storage; changing one of these makes every recording be prepared again."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    min_seconds: float = Field(default=0.5, gt=0)  # of the trimmed utterance
    max_seconds: float = Field(default=30.0, gt=0)
    split_seconds: float = Field(default=20.0, ge=2)  # pieces of what has no transcript
    keep_silence_seconds: float = Field(default=0.1, ge=0)  # left at both ends
    target_lufs: float = Field(default=-23.0, ge=-60, le=-10)
    min_snr_db: float = 8.0
    max_clipped_share: float = Field(default=0.005, ge=0, le=1)
    min_bandwidth_hz: float = Field(default=2500.0, ge=0)  # telephone speech passes
    min_loudness_lufs: float = -60.0  # of the source; what is quieter is mostly its own noise

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.min_seconds >= self.max_seconds:
            raise ValueError("min_seconds must be below max_seconds")
        return self


class SplitConfig(BaseModel):
    """How utterances that a corpus has not assigned get their split.

    ``auto`` keeps what the corpus says and splits the rest by prompt; ``by-prompt`` and
    ``by-speaker`` assign all of them anew; ``keep`` changes nothing (undecided ones are "train").
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: Literal["auto", "by-prompt", "by-speaker", "keep"] = "auto"
    dev_share: float = Field(default=0.02, ge=0, lt=1)  # of the prompts
    unseen_share: float = Field(default=0.1, ge=0, lt=1)  # of the speakers, only "by-speaker"
    seed: int = 0
