"""Reading a multipart form into a model: every value stays the text that was sent.

The framework's own reading takes each value for JSON first, so that a voice called ``2024`` would
arrive as a number and a statement ``true`` as a truth value.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, get_type_hints

from flask import request
from pydantic import BaseModel, ValidationError

from voice_replication.serving.problems import validation_problem

Model = TypeVar("Model", bound=BaseModel)
View = Callable[..., Any]


def with_form(view: View) -> View:
    """Call ``view(form=...)`` with the form its annotation names, read by :func:`read_form`.

    Goes below the route: ``@api.post(...)`` then ``@with_form``. The OpenAPI document still takes
    the form from the annotation, and the path's model, if the view has a ``path``.
    """
    models = get_type_hints(view)

    @wraps(view)
    def read_then_call(**values: Any) -> Any:
        path = {"path": models["path"].model_validate(values)} if "path" in models else {}
        return view(form=read_form(models["form"]), **path)

    read_then_call.__delay_validate_request__ = True  # type: ignore[attr-defined]
    return read_then_call


def read_form(model: type[Model]) -> Model:
    """The form and the files of this request as ``model``; a field that is a list takes them all.

    A field of files takes files only, any other one text only. What the model does not name is
    passed over, and so is a file input in which no file was chosen. Raises ``Problem``
    (``invalid_request``) naming the first field that does not fit.
    """
    values: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        kind = str(field.annotation)
        found: list[Any] = request.form.getlist(name)
        if "FileStorage" in kind:
            found = [file for file in request.files.getlist(name) if file.filename]
        if found:
            values[name] = found if "list[" in kind else found[0]
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise validation_problem(error) from None
