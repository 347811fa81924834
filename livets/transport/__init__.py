"""Pages, sockets and what keeps them together: the only part, besides `app`, that speaks Starlette."""

from livets.transport.assets import Assets
from livets.transport.development import DevChannel
from livets.transport.fallback import Fallback
from livets.transport.hosts import Hosts, refuse_host
from livets.transport.layout import Layouts
from livets.transport.origin import OriginPolicy
from livets.transport.page import Pages
from livets.transport.parts import Guest, Parts
from livets.transport.refreshing import Refresher
from livets.transport.refusals import Refusals
from livets.transport.registry import Registry
from livets.transport.routes import LiveRoute, checked_route
from livets.transport.session import SessionCookie
from livets.transport.signing import is_forged, sign_in, sign_out
from livets.transport.socket import Socket
from livets.transport.static import Connector
from livets.transport.sweeper import Sweeper
from livets.transport.tokens import Tokens, UsedTokens, UsedTokensHere
from livets.transport.worker import Worker

__all__ = [
    "Assets",
    "Connector",
    "DevChannel",
    "Fallback",
    "Guest",
    "Hosts",
    "Layouts",
    "LiveRoute",
    "OriginPolicy",
    "Pages",
    "Parts",
    "Refresher",
    "Refusals",
    "Registry",
    "SessionCookie",
    "Socket",
    "Sweeper",
    "Tokens",
    "UsedTokens",
    "UsedTokensHere",
    "Worker",
    "checked_route",
    "is_forged",
    "refuse_host",
    "sign_in",
    "sign_out",
]
