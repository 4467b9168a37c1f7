"""The one exception family of the house, and the exit code each member maps to.

An error here is a sentence for a person: what was wrong, in which file or field, and what to do.
The command line prints the sentence and leaves with ``exit_code``; the traceback is shown only on
``--debug``. A server maps the same classes to HTTP problem details.
"""

from __future__ import annotations


class VoiceReplicationError(Exception):
    """Base of every error that is the user's to fix. ``str(error)`` is one clear sentence."""

    exit_code = 1


class InputError(VoiceReplicationError):
    """A file, text or argument cannot be used (missing, empty, damaged, silent, too long ...)."""

    exit_code = 2


class StorageFullError(InputError):
    """The disk is full; what could not be written is as it was before."""


class ConfigError(VoiceReplicationError):
    """A configuration value is unknown or invalid; the message names the key."""

    exit_code = 3


class CheckpointError(VoiceReplicationError):
    """A checkpoint or feature file is damaged, or does not fit (AudioSpec, alphabet, sizes)."""

    exit_code = 4


class ConsentError(VoiceReplicationError):
    """A voice was to be used without a consent record."""

    exit_code = 5


class MissingDependencyError(VoiceReplicationError):
    """An optional package or program is not installed; the message says how to install it."""

    exit_code = 6


class TrainingError(VoiceReplicationError):
    """Training cannot go on (for example the loss became NaN); the message names step and batch."""

    exit_code = 7


class QualityError(VoiceReplicationError):
    """A result was refused because it is worse than what it would have replaced."""

    exit_code = 8
