"""The course: its manifest, the learner's command, and what exercises are checked with."""
