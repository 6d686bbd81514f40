"""Group: what all groups of settings share."""

from __future__ import annotations

from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator

from pipeline.redaction import redact


class Group(BaseModel):
    """A group of settings: frozen, no unknown names, no secret in its repr."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        use_attribute_docstrings=True,
        hide_input_in_errors=True,
    )

    @field_validator("*", mode="before")
    @classmethod
    def _no_truth_value_for_a_number(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse ``delay_s = true``, which pydantic would accept as one second."""
        annotation = cls.model_fields[info.field_name or ""].annotation
        if isinstance(value, bool) and annotation is not bool and bool not in get_args(annotation):
            raise ValueError("true and false are not numbers")
        return value

    def __repr_args__(self) -> Any:
        """Fields for ``repr`` and ``str``, with the secrets of sources and addresses masked."""
        for name, value in super().__repr_args__():
            yield name, _shown(value)


def _shown(value: object) -> object:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, tuple):
        return tuple(_shown(item) for item in value)
    return value
