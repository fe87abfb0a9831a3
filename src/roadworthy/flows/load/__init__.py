"""How much a gateway carries: asked in ramps or for long, kept as headroom."""
