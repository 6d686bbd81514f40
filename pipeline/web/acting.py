"""Answers requests for actions: reads the body, acts, and turns refusals into JSON errors."""

from __future__ import annotations

import logging
from typing import Any

from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from pipeline.errors import ForesightError, LateError
from pipeline.redaction import redact
from pipeline.web.actions import Action

logger = logging.getLogger("foresight")

JSON = "application/json"
_REPEATED = ("take_over", "fit_points")
"""Dragging sends many of these in a second."""


async def act(request: Request, action: Action, subject: Any) -> Response:
    """Do `action` to `subject` with the body of `request`, on a thread of the pool."""
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != JSON:
        return JSONResponse({"error": f"the body must be {JSON}"}, 415)
    try:
        body = action.body.model_validate_json(await request.body() or b"{}")
        done = await run_in_threadpool(action.do, subject, body)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "body"
        return JSONResponse({"error": f"{where}: {first['msg']}"}, 422)
    except ForesightError as error:
        late = {"late_s": error.late_s} if isinstance(error, LateError) else {}
        return JSONResponse({"error": redact(str(error))} | late, 409)
    logger.log(logging.DEBUG if action.name in _REPEATED else logging.INFO, "dashboard: %s", action.name)
    return JSONResponse({"done": action.name, "result": done})
