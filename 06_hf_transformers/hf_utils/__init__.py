"""Floor 06: pretrained transformers, from a hub, a cache, or a small configuration trained here."""
