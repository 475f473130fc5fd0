"""The words in which evidence is told: one plain file a language."""
