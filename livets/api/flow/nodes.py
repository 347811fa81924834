"""Routes: which types of nodes there are, with ports and JSON Schema of their config."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from livets.api.answer import answer
from livets.api.flow.asking import Flows
from livets.api.problem import Problem
from livets.engine.errors import RegistryError
from livets.flow.catalogue import describe

router = APIRouter(prefix="/api/nodes", tags=["nodes"])


@router.get("")
async def list_nodes(service: Flows) -> Response:
    """Every type of node with its ports and the JSON Schema of its config."""
    registry = service.runtime.registry
    return answer({"nodes": [describe(registry.node_type(name)) for name in registry.names("node")]})


@router.get("/{type}")
async def get_node(service: Flows, type: Annotated[str, Path(max_length=200)]) -> Response:
    """One type of node."""
    try:
        return answer(describe(service.runtime.registry.node_type(type)))
    except RegistryError as error:
        raise Problem(404, "no-such-node", str(error), "GET /api/nodes lists them") from None
