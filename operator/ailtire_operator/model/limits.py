"""Limits of trees and statuses; without other imports, as the command line loads it at start."""

from typing import Final

DEPTH_LIMIT: Final = 16
"""Levels of a tree."""
TREE_LIMIT: Final = 5000
"""Members (services and stacks) of a whole tree."""
TREE_CHARACTER_LIMIT: Final = 10_000_000
"""Characters of all definitions of a tree: each stack is a resource with its own copy of its definition."""
ACCOUNT_LIMIT: Final = 8
"""Service accounts that a definition declares: an admission policy asks for the right to each, at a price."""
NOTICE_LIMIT: Final = 50
"""Notices in a status; ``count`` has the total."""
MESSAGE_LIMIT: Final = 512
"""Characters of a message."""
ROLLOUT_LIMIT: Final = 10
"""Rollouts that a status remembers."""
FIELD_LIMIT: Final = 8
"""Fields that each of them lists."""
