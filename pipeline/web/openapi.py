"""The OpenAPI 3.1 document of the dashboard: every path with its responses and errors."""

from __future__ import annotations

from typing import Any, get_args

from pydantic import TypeAdapter

from pipeline.operator.control import ChapterForm
from pipeline.run.match_view import TagView
from pipeline.run.proposal_book import ProposalView
from pipeline.web.acting import JSON
from pipeline.web.actions import ACTIONS, PAGE_ACTIONS, Action
from pipeline.web.responses import Error, SavedClip, State

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_FILE: Schema = {"type": "string", "contentMediaType": "application/octet-stream"}

_READS: tuple[tuple[str, str, str, Any], ...] = (
    ("/api/state", "The state of the run", JSON, State),
    ("/api/events", "The state, four times a second, until the run has ended", "text/event-stream", State),
    ("/api/stills/{number}", "A still image of a camera, as take_stills numbers them", "image/jpeg", _FILE),
    ("/api/tags", "The tags that hold, in order of captured time", JSON, list[TagView]),
    ("/api/proposals", "The proposals of tags, and what became of each", JSON, list[ProposalView]),
    ("/api/chapters", "The chapters of the film so far, to paste or for ffmpeg", "text/plain", _TEXT),
    ("/api/clips", "The clips, oldest first, those that are being saved too", JSON, list[SavedClip]),
    ("/api/clips/{number}", "A clip's file", "video/mp4", _FILE),
    ("/api/clips/{number}/thumbnail", "A still image of a clip", "image/jpeg", _FILE),
    ("/api/outputs/{number}", "The file of an output that has stopped", "video/*", _FILE),
    ("/preview.mp4", "The preview video with sound, endless", "video/mp4", _FILE),
    ("/preview.jpg", "The preview as a still image", "image/jpeg", _FILE),
    ("/panorama.jpg", "The panorama as a still image", "image/jpeg", _FILE),
    ("/metrics", "Metrics for Prometheus", "text/plain", _TEXT),
    ("/healthz", "Whether the run is playing", "text/plain", _TEXT),
)
"""Path, meaning, media type and body: a type or a schema."""

_REFUSALS = {
    "401": "the token is missing or wrong",
    "403": "the request came from another site, or by a host name that is not this machine's",
}
_GET_REFUSALS = {**_REFUSALS, "413": "the request announces a body that is too long"}
_ACT_REFUSALS = {
    "409": "not possible now; error says why",
    **_REFUSALS,
    "413": "the body is too long",
    "415": "the content type is not application/json",
    "422": "the body does not fit its schema; error names the field",
}


def openapi(version: str, cookie: str) -> Schema:
    """The document; `cookie` is the name of the one that holds the token."""
    schemas = _Schemas()
    paths: Schema = {path: {"get": _get(schemas, path, *rest)} for path, *rest in _READS}
    for action in (*ACTIONS, *PAGE_ACTIONS):
        paths.setdefault(f"/api/{action.name}", {})["post"] = _post(schemas, action)
    bearer = {"type": "http", "scheme": "bearer"}
    in_cookie = {
        "type": "apiKey",
        "in": "cookie",
        "name": cookie,
        "description": "set by /?token=... or by /pair?code=...",
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Foresight", "version": version},
        "security": [{"bearer": []}, {"cookie": []}, {}],  # a loopback address requires none
        "paths": paths,
        "components": {
            "schemas": schemas.found,
            "securitySchemes": {"bearer": bearer, "cookie": in_cookie},
        },
    }


class _Schemas:
    """The schemas of the document, each once, by name."""

    def __init__(self) -> None:
        self.found: Schema = {}

    def of(self, kind: Any) -> Schema:
        schema = TypeAdapter(kind).json_schema(ref_template="#/components/schemas/{model}")
        self.found |= schema.pop("$defs", {})
        if "title" not in schema:
            return schema
        if kind is State:
            schema["required"] = ["run", "state"]
        self.found[schema["title"]] = schema
        return {"$ref": f"#/components/schemas/{schema['title']}"}

    def troubles(self, meanings: dict[str, str], media_type: str = JSON) -> Schema:
        schema = self.of(Error) if media_type == JSON else _TEXT
        return {status: _answer(meaning, media_type, schema) for status, meaning in meanings.items()}


def _answer(meaning: str, media_type: str, schema: Schema) -> Schema:
    return {"description": meaning, "content": {media_type: {"schema": schema}}}


def _get(schemas: _Schemas, path: str, meaning: str, media_type: str, kind: Any) -> Schema:
    answers = {"200": _answer("OK", media_type, kind if isinstance(kind, dict) else schemas.of(kind))}
    answers |= schemas.troubles(_GET_REFUSALS, JSON if path.startswith("/api/") else "text/plain")
    get: Schema = {"summary": meaning, "responses": answers}
    if "{number}" in path:
        answers |= schemas.troubles({"404": "no such file"})
        answers["206"] = _answer("the part that the header Range asks for", media_type, kind)
        answers |= schemas.troubles({"400": "the header Range is malformed"}, "text/plain")
        answers |= schemas.troubles({"416": "the file has no such part"}, "text/plain")
        number = {"name": "number", "in": "path", "required": True, "schema": {"type": "integer"}}
        get["parameters"] = [number]
    if path == "/api/chapters":
        forms = {"type": "string", "enum": list(get_args(ChapterForm)), "default": "youtube"}
        get["parameters"] = [{"name": "format", "in": "query", "schema": forms}]
        answers |= schemas.troubles({"409": "there are too few so far", "422": "the format is not known"})
    if media_type in ("video/mp4", "image/jpeg") and "{" not in path:
        answers |= {"204": {"description": "nothing is playing"}}
        answers |= schemas.troubles({"409": "it cannot be rendered; error says why"})
    if path == "/metrics":
        answers |= schemas.troubles({"503": "the run has reported nothing for 5 s"}, "text/plain")
    if path == "/healthz":
        answers |= schemas.troubles(
            {"503": "the run is not playing, or a stage of it stands still"}, "text/plain"
        )
        del answers["401"]
        get["security"] = []
    return get


def _post(schemas: _Schemas, action: Action) -> Schema:
    properties = {"done": {"const": action.name}, "result": schemas.of(action.result)}
    done = {"type": "object", "properties": properties, "required": list(properties)}
    body = {"required": True, "content": {JSON: {"schema": schemas.of(action.body)}}}
    answers = {"200": _answer("done", JSON, done)} | schemas.troubles(_ACT_REFUSALS)
    return {"summary": action.meaning, "requestBody": body, "responses": answers}
