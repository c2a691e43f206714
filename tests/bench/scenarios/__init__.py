"""Every regime that is measured, by name. Importing a module registers its scenarios, in order."""

from . import throughput, shapes, connections, latency, traced, inside, instructions  # noqa: F401
from .base import Bench, scenarios

__all__ = ["Bench", "scenarios"]
