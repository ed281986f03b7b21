"""Every error the project raises on purpose.

DedupError
├── ParameterError (ValueError)   a parameter is out of its range
├── SchemaError (TypeError)       a table lacks a column or has one of another type
├── InputError (ValueError)       an input named by the user cannot be used at all
├── OutputError (OSError)         the output cannot be written where it was asked for
├── StateError (RuntimeError)     the state of earlier nights is in use, damaged, or was made with other parameters
└── StageError (RuntimeError)     a stage failed on rows it should have been able to work on

Messages say what was wrong, where, and what would fix it. Only ``pipelines/cli.py`` prints them. One unusable page
is not an error: it is a row in the relation of rejects, with its reason.
"""


class DedupError(Exception):
    """Root of all errors of this project."""


class ParameterError(DedupError, ValueError):
    """A parameter is out of its range, or parameters contradict each other."""


class SchemaError(DedupError, TypeError):
    """A table lacks a column that a stage reads, or has it in another type."""


class InputError(DedupError, ValueError):
    """An input that the user named cannot be used at all."""


class OutputError(DedupError, OSError):
    """The output cannot be written where it was asked for."""


class StateError(DedupError, RuntimeError):
    """The state of earlier nights is in use, damaged, cannot be written, or was made with other parameters."""


class StageError(DedupError, RuntimeError):
    """A stage failed on rows that it should have been able to work on."""
