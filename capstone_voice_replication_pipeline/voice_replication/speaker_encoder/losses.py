"""Losses that pull one speaker's embeddings together and push speakers apart.

``B`` batch, ``S`` speakers in a batch, ``U`` utterances of each, ``K`` speakers in training, ``D``
embedding dimensions. Embeddings have unit length.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional


class AamSoftmax(nn.Module):
    """Additive angular margin softmax (Deng et al. 2019, "ArcFace", arXiv:1801.07698).

    Classification by angle to one learned direction per speaker; the right speaker's angle is made
    larger by ``margin`` radians before the softmax, so that being nearest is not enough. Only
    useful in training: the directions are thrown away afterwards.
    """

    def __init__(self, embedding_size: int, speakers: int, scale: float) -> None:
        super().__init__()
        self.scale = scale
        self.directions = nn.Parameter(torch.empty(speakers, embedding_size))
        nn.init.xavier_normal_(self.directions)

    def forward(self, embeddings: Tensor, labels: Tensor, margin: float) -> tuple[Tensor, Tensor]:
        """``(B, D)``, ``(B,)`` -> mean loss, and the share classified rightly without margin."""
        cosine = functional.linear(embeddings, functional.normalize(self.directions, dim=1))
        target = cosine.gather(1, labels[:, None])
        logits = cosine.scatter(1, labels[:, None], with_margin(target, margin))
        accuracy = (cosine.argmax(dim=1) == labels).float().mean()
        return functional.cross_entropy(self.scale * logits, labels), accuracy


def with_margin(cosine: Tensor, margin: float) -> Tensor:
    """``cos(angle + margin)``, continued by a straight line where ``angle + margin > pi``.

    Without the line the function would rise again there, and a hopeless example would be pulled
    the wrong way.
    """
    sine = (1.0 - cosine.square()).clamp(min=1e-7).sqrt()
    inside = cosine * math.cos(margin) - sine * math.sin(margin)
    beyond = cosine - margin * math.sin(margin)
    return torch.where(cosine > math.cos(math.pi - margin), inside, beyond)


class Ge2eLoss(nn.Module):
    """Generalized end-to-end loss, softmax form (Wan et al. 2018, arXiv:1710.10467, eq. 5-6).

    Every utterance is classified among the centroids of the speakers in the batch. Its own
    speaker's centroid is computed without it: with two utterances, from the other one alone.
    """

    def __init__(self, scale: float = 10.0, offset: float = -5.0) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(scale))
        self.offset = nn.Parameter(torch.tensor(offset))

    def forward(self, embeddings: Tensor) -> Tensor:
        """``(S, U, D)`` -> mean loss; ``U >= 2``."""
        speakers, utterances, _ = embeddings.shape
        total = embeddings.sum(dim=1)
        centroids = functional.normalize(total, dim=1)
        others = functional.normalize(total[:, None] - embeddings, dim=2)
        cosine = torch.einsum("sud,kd->suk", embeddings, centroids)
        own = (embeddings * others).sum(dim=2)
        mine = torch.eye(speakers, dtype=torch.bool, device=embeddings.device)[:, None]
        cosine = torch.where(mine, own[:, :, None], cosine)
        logits = self.scale.clamp(min=1e-6) * cosine + self.offset
        labels = torch.arange(speakers, device=embeddings.device).repeat_interleave(utterances)
        return functional.cross_entropy(logits.flatten(0, 1), labels)
