"""The blog itself: one row of settings that an editor may change."""
