"""The models: an AiltireStack's spec and status, and the operator's settings; typed, bounded, described."""
