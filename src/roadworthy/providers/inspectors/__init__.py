"""What a rail asks outside: services, guard models, other tools, each behind one port."""

from .making import make_inspector

__all__ = ["make_inspector"]
