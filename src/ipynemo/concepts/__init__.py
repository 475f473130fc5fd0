"""Pure computation on pictures: what a file states about itself, its colours, and how image models work on them."""
