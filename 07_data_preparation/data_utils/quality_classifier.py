"""Usable or not: a classifier over measured qualities, trained on examples instead of thresholds.

Logistic regression on six standardized measurements. It is trained with scikit-learn and stored as
JSON (never a pickle); judging needs neither.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from env_utils import InputError, MissingDependencyError, atomic_write_json, read_json

if TYPE_CHECKING:
    from audio_utils import Quality

FEATURES = ("snr_db", "clipping", "bandwidth_khz", "loudness_lufs", "silent_share", "log_seconds")


def quality_features(quality: Quality) -> list[float]:
    """The six numbers that the classifier sees, in the order of :data:`FEATURES`.

    Shares and durations are compressed by a logarithm: one clipped sample in a thousand is bad,
    and twice as many are not twice as bad.
    """
    return [
        quality.snr_db,
        math.log10(1.0 + 1e4 * quality.clipped_share),
        quality.bandwidth_hz / 1000.0,
        quality.loudness_lufs,
        quality.silent_share,
        math.log10(max(quality.seconds, 0.01)),
    ]


@dataclass(frozen=True)
class QualityClassifier:
    """``probability(quality)`` of being usable, from weights over standardized features."""

    means: tuple[float, ...]
    scales: tuple[float, ...]
    weights: tuple[float, ...]
    bias: float

    @classmethod
    def fit(cls, qualities: Sequence[Quality], usable: Sequence[bool]) -> QualityClassifier:
        """Train on measured recordings and what a person (or a known damage) says about them.

        Raises ``InputError`` when the lengths differ or only one kind is there, and
        ``MissingDependencyError`` without scikit-learn.
        """
        if len(qualities) != len(usable) or len(set(usable)) < 2:
            raise InputError(
                f"QualityClassifier: {len(qualities)} recordings with {len(usable)} labels; it "
                "needs one label each, and both usable and unusable ones."
            )
        try:
            from sklearn.linear_model import LogisticRegression
            from sklearn.preprocessing import StandardScaler
        except ImportError as error:
            raise MissingDependencyError(
                "training a QualityClassifier needs scikit-learn: "
                'pip install "voice-cloning-pipeline[eval]".'
            ) from error
        features = [quality_features(q) for q in qualities]
        scaler = StandardScaler().fit(features)
        model = LogisticRegression(class_weight="balanced").fit(
            scaler.transform(features), [bool(label) for label in usable]
        )
        return cls(
            tuple(float(x) for x in scaler.mean_),
            tuple(float(x) for x in scaler.scale_),
            tuple(float(x) for x in model.coef_[0]),
            float(model.intercept_[0]),
        )

    def probability(self, quality: Quality) -> float:
        """How likely a recording with this quality is usable, 0 .. 1."""
        score = self.bias + sum(self.contributions(quality).values())
        return 1.0 / (1.0 + math.exp(-max(-60.0, min(60.0, score))))

    def contributions(self, quality: Quality) -> dict[str, float]:
        """What each feature adds to the score (log odds); the lowest says what is wrong."""
        values = quality_features(quality)
        parts = zip(FEATURES, values, self.means, self.scales, self.weights, strict=True)
        return {name: w * (value - mean) / scale for name, value, mean, scale, w in parts}

    def save(self, path: str | Path) -> None:
        """Write it as JSON, atomically."""
        values = {"means": self.means, "scales": self.scales, "weights": self.weights}
        atomic_write_json(path, {"features": FEATURES, **values, "bias": self.bias})

    @classmethod
    def load(cls, path: str | Path) -> QualityClassifier:
        """Read what :meth:`save` wrote. Raises ``InputError`` for anything else."""
        values: Any = read_json(path)
        try:
            if tuple(values["features"]) != FEATURES:
                raise ValueError("it was trained on other features")
            rows = [tuple(float(x) for x in values[k]) for k in ("means", "scales", "weights")]
            if any(len(row) != len(FEATURES) for row in rows):
                raise ValueError("it has the wrong number of weights")
            return cls(rows[0], rows[1], rows[2], float(values["bias"]))
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(
                f"{path}: not a quality classifier ({error}). Train it again."
            ) from None
