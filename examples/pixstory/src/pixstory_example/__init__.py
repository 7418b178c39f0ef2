"""Stories with photos, the structured debate around them, and a feed."""

__version__ = "1.0.0"
