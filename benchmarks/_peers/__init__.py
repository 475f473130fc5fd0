"""The renderers that ours is measured beside, each in a file of its own; README.md says where they come from."""
