"""Floor 10: running models for others. Here: experiment tracking behind one interface."""

from mlops_utils.tracker import KINDS, NoTracker, Status, Tracker, flatten, make_tracker, track

__all__ = ["KINDS", "NoTracker", "Status", "Tracker", "flatten", "make_tracker", "track"]
