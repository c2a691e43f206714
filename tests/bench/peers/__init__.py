"""The gateways that are compared: how each is configured and started, with one worker."""

from .checkers import Apache, HaproxyJwt, Node
from .gateway import Bearergate
from .process import LOAD_CPU, GATEWAY_CPU, Program, free_port
from .proxies import Floor, Haproxy, Nginx

__all__ = ["Apache", "Bearergate", "Floor", "GATEWAY_CPU", "Haproxy", "HaproxyJwt", "LOAD_CPU",
           "Nginx", "Node", "Program", "free_port"]
