"""Floor 12: stages that run when something changed, and artifacts found by what made them."""

from pipeline_utils.cache import ArtifactCache
from pipeline_utils.content import ContentHashes, content_key
from pipeline_utils.pipeline import Pipeline, StageResult
from pipeline_utils.stage import Stage

__all__ = ["ArtifactCache", "ContentHashes", "Pipeline", "Stage", "StageResult", "content_key"]
