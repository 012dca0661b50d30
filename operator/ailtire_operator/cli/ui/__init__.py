"""The page of ``kubectl ailtire ui``: its server, and what it answers."""
